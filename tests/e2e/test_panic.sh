#!/usr/bin/env bash
# When minivmm's own guest faults, its message names what, where and in which ring, the same on its console and in the VMM's error.
# The path is walked by a defect alone: so each row puts the bytes of one in place of a workload's first instructions.
. "$(dirname "$0")/lib.sh"

need_build
need_kvm
need_tool nm
need_tool readelf

# Where in the file a function begins.
address=$((16#$(nm "$GUEST_ELF" | awk '$3 == "chase_prepare" { print $1 }')))
offset=$(readelf -lW "$GUEST_ELF" | awk '$1 == "LOAD" { print $2, $3, $5 }' | while read -r from to size; do
	((address >= to && address < to + size)) && echo $((address - to + from)) && break
done)
[ -n "$offset" ] || fail_all "find chase_prepare" "$GUEST_ELF has no such function"

case_run -m 64M --workload chase --working-set 64K --repeat 2 --dump-fdt "$T/params.dtb"

# faults NAME BYTES VMM GUEST: what minivmm says of it, and what the guest says itself on the serial port that it has under
# QEMU; both as extended regular expressions.
faults() {
	cp "$GUEST_ELF" "$T/faulty.elf"
	# shellcheck disable=SC2059 # they are bytes
	printf "$2" | dd of="$T/faulty.elf" bs=1 seek="$offset" conv=notrunc status=none
	case_run -m 64M --workload chase --working-set 64K --repeat 2 --guest "$T/faulty.elf"
	want_status 3
	want_text "vCPU 0 panicked: $3.* in ring 3"
	conclude "$1"
	if ! have qemu-system-x86_64; then
		tap_skip "$1, in the guest's own words" "qemu-system-x86_64 is not installed"
		return
	fi
	case_command qemu-system-x86_64 -M microvm -accel tcg -cpu max -m 64M -nodefaults -no-reboot -display none -serial stdio \
		-device isa-debug-exit,iobase=0xf4,iosize=1 -kernel "$T/faulty.elf" -initrd "$T/params.dtb"
	want_text "^minivmm guest: vCPU 0 panics, vector $4.* rip 0x[0-9a-f]+, rsp 0x[0-9a-f]+, ring 3"
	conclude "$1, in the guest's own words"
}

FAR='\0\0\0\0\160\0\0\0' # 0x7000000000, which nothing maps
faults "an invalid opcode" '\x0f\x0b' '#UD invalid opcode \(vector 6, error code 0x0\)' '6 #UD invalid opcode; error code 0x0,'
faults "a division by zero" '\x31\xc9\x31\xd2\xf7\xf1' '#DE divide error \(vector 0,' '0 #DE divide error; error code 0x0'
faults "a privileged instruction" '\xf4' '#GP general protection \(vector 13,' '13 #GP general protection; error code 0x0'
faults "a breakpoint of nobody" '\xb8\xff\xff\xff\x7f\xcc' '#BP breakpoint \(vector 3,' '3 #BP breakpoint that is not an upcall'
faults "a null pointer" '\x48\x8b\x04\x25\x10\0\0\0' '#PF page fault \(vector 14, error code 0x4\) on a read of 0x10 \(not mapped\)' '14 #PF page fault: read from 0x10, not mapped \(null pointer\)'
faults "a read of nothing" "\x48\xa1$FAR" '#PF .* on a read of 0x7000000000 \(not mapped\)' '14 #PF page fault: read from 0x7000000000, not mapped;'
faults "a write to nothing" "\x48\xa3$FAR" '#PF .*error code 0x6\) on a write of 0x7000000000 \(not mapped\)' '14 #PF page fault: write to 0x7000000000, not mapped;'
faults "a jump to nothing" "\x48\xb8$FAR\xff\xe0" '#PF .* of 0x7000000000 \(not mapped\) at rip 0x7000000000' '14 #PF page fault: fetch from 0x7000000000, not mapped;'
faults "a stack that overflows" '\x50\xeb\xfd' '#PF .* on a write of 0x[0-9a-f]+ \(not mapped\)' '14 #PF page fault: write to 0x[0-9a-f]+, not mapped \(stack overflow\)'
tap_done
