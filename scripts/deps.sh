#!/usr/bin/env bash
# Install from Debian what is missing: deps.sh build | test. As root or through sudo; says what it does.
set -u
. "$(dirname "$0")/lib.sh"

build=(gcc make binutils libc6-dev libfdt-dev libjansson-dev libnuma-dev libpfm4-dev)
tests=(clang clang-format clang-tidy cppcheck device-tree-compiler git jq libcmocka-dev python3-jsonschema
	qemu-system-x86 shellcheck)
# Emulated Intel and AMD hosts (tests/hosts).
hosts=(bochs bochs-term bochsbios vgabios bsdutils cpio grub-common grub-pc-bin mtools xorriso xz-utils)

case ${1-} in
build) packages_install "${build[@]}" ;;
test) packages_install "${build[@]}" "${tests[@]}" "${hosts[@]}" ;;
*)
	warn "usage: deps.sh build | test"
	exit 2
	;;
esac
