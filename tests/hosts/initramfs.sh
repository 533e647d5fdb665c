# shellcheck shell=bash
# What an emulated host boots into: busybox, KVM's modules, minivmm, and the plan of what to do. Sourced, never run.
#
# A plan is a text file, fields separated by tabs; init.sh carries it out line by line:
#   host <name> <module> <module arguments>    load KVM so, and tell what the kernel says of itself
#   case <name> <kind> <arguments of minivmm>

# plan_of HOST...: the plan of hosts that share a machine, to stdout.
plan_of() {
	local host module
	for host in "$@"; do
		case $(host_row "$host" | cut -f 2) in
		bochs) module=kvm-intel ;;
		*) module=kvm-amd ;;
		esac
		printf 'host\t%s\t%s\t%s\n' "$host" $module "$(host_row "$host" | cut -f 6)"
		cases_of "$host" | awk -F '\t' -v OFS='\t' '{ print "case", $1, $2, $4 }'
	done
}

# program_add PROGRAM ROOT: a program of this machine, with its libraries.
program_add() {
	local library
	local name=${1##*/}
	cp -L "$(command -v "$1")" "$2/bin/$name" || return 1
	ldd "$2/bin/$name" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$2${library%/*}" && cp -L "$library" "$2$library" || exit 1
	done
}

# lessons_add PLAN ROOT: lessons, and the jq that they need, where the plan has some.
lessons_add() {
	cut -f 3 "$1" | grep -qx lesson || return 0
	mkdir -p "$2/lessons" && cp scripts/lessons/*.sh "$2/lessons/" && program_add jq "$2"
}

# stress_add PLAN ROOT: the matrix of Linux guests with its kernel and initramfs, and the jq that it needs, where the plan has some.
stress_add() {
	cut -f 3 "$1" | grep -qx stress || return 0
	mkdir -p "$2/stress" && cp scripts/stress-matrix.sh "$KERNEL/vmlinuz" "$2/stress/" && program_add jq "$2" &&
		scripts/stress-matrix.sh --make-initrd "$2/stress/initrd"
}

# unit_add PLAN ROOT: the unit tests that are run there.
unit_add() {
	local name
	awk -F '\t' '$3 == "unit" { print $4 }' "$1" | while read -r name; do
		make -s "build/unit/$name" && program_add "build/unit/$name" "$2" || exit 1
	done
}

# qemu_add PLAN ROOT: QEMU with what its microvm starts from, where a VM of it is observed.
qemu_add() {
	cut -f 3,4 "$1" | grep -q -e '-- qemu' -e '^stress' || return 0
	mkdir -p "$2/usr/share/qemu" && program_add qemu-system-x86_64 "$2" &&
		cp -L /usr/share/qemu/bios-microvm.bin /usr/share/qemu/pvh.bin /usr/share/qemu/linuxboot_dma.bin \
			/usr/share/qemu/kvmvapic.bin "$2/usr/share/qemu/" && cp build/guest.elf "$2/guests/"
}

# initramfs_make PLAN OUT
initramfs_make() {
	local root
	root=$(mktemp -d) || return 1
	mkdir -p "$root/bin" "$root/modules" "$root/guests"
	cp "$KERNEL/busybox" "$root/bin/" && cp "$KERNEL"/*.ko "$root/modules/" && cp "$1" "$root/plan" &&
		cp "$HERE/init.sh" "$root/init" && cp "$HERE/trace.awk" "$root/" && chmod 755 "$root/init" &&
		strip -o "$root/bin/minivmm" "$MINIVMM" && cp build/guests/*.elf "$root/guests/" &&
		lessons_add "$1" "$root" && qemu_add "$1" "$root" && stress_add "$1" "$root" && unit_add "$1" "$root" &&
		(cd "$root" && find . | cpio -o -H newc --quiet) >"$2"
	local status=$?
	rm -rf "$root"
	return $status
}
