#!/usr/bin/env bash
# Install from Debian what is missing: deps.sh build | test | plot. As root or through sudo; says what it does.
set -u
. "$(dirname "$0")/lib.sh"

build=(gcc make binutils libc6-dev libfdt-dev libjansson-dev libmd-dev libnuma-dev libpfm4-dev libseccomp-dev)
tests=(clang clang-format clang-tidy cppcheck device-tree-compiler git jq libclang-rt-dev libcmocka-dev libxml2-utils
	python3-jsonschema qemu-system-x86 shellcheck)
# Pictures and reports of sweeps (scripts/plot.sh).
plots=(gnuplot-nox jq)
# Emulated Intel and AMD hosts (tests/hosts).
hosts=(bochs bochs-term bochsbios vgabios bsdutils busybox-static cpio grub-common grub-pc-bin mtools stress-ng xorriso xz-utils)

case ${1-} in
build) packages_install "${build[@]}" ;;
test) packages_install "${build[@]}" "${tests[@]}" "${hosts[@]}" "${plots[@]}" ;;
plot) packages_install "${plots[@]}" ;;
*)
	warn "usage: deps.sh build | test | plot"
	exit 2
	;;
esac
