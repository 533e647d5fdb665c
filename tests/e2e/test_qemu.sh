#!/usr/bin/env bash
# Two VMMs, one guest: QEMU's microvm boots the same ELF with the tree that --dump-fdt writes, ends through
# isa-debug-exit, and its chase walks the same cycle. It could break where the guest leans on minivmm's own ways.
. "$(dirname "$0")/lib.sh"

need_build
need_tool qemu-system-x86_64
need_tool jq

PLAN=(-m 256M --workload packed,chase --working-set 64K,1M --repeat 2 --accesses 65536 --seed 3)

case_run "${PLAN[@]}" --dump-fdt "$T/params.dtb"
want_status 0
[ -s "$T/params.dtb" ] || problem "no tree was written"
if have dtc; then
	dtc -q -I dtb -O dts "$T/params.dtb" >"$T/params.dts" 2>"$T/dtc.err" || problem "dtc: $(cat "$T/dtc.err")"
	grep -q 'minivmm,guest' "$T/params.dts" || problem "not the guest's tree"
	# The tree that dtc makes of the text is what QEMU's guest reads below: another writer's, and the same tree.
	dtc -q -I dts -O dtb -o "$T/params.dtb" "$T/params.dts" || problem "dtc takes no tree of its own"
	dtc -q -I dtb -O dts "$T/params.dtb" | cmp -s - "$T/params.dts" || problem "dtc makes another tree of it"
fi
conclude "--dump-fdt writes the tree"

# "workload working_set checksum" lines, as the guest says them on its serial port, each once: parts that take turns come
# several times there.
serial_results() {
	sed -nE 's/^minivmm result .*workload=([^ ]+).*working_set_bytes=([0-9]+).*checksum=(0x[0-9a-f]+).*/\1 \2 \3/p' | sort -u
}

expected=
reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	case_record run "${PLAN[@]}"
else
	case_record native "${PLAN[@]}"
fi
want_status 0
expected=$(json '.results[] | "\(.workload) \(.working_set_bytes) \(.checksum)"' | sort -u)
[ -n "$expected" ] || problem "no results to compare with"
conclude "minivmm's own checksums"

# boot_qemu ACCELERATOR CPU TREE
boot_qemu() {
	case_command qemu-system-x86_64 -M microvm -accel "$1" -cpu "$2" -m 256M -nodefaults -no-reboot \
		-display none -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=1 \
		-kernel "$GUEST_ELF" -initrd "$T/$3"
	want_status 33
}

run_qemu() {
	local accel=$1 cpu=$2 got
	boot_qemu "$accel" "$cpu" params.dtb
	got=$(tr -d '\r' <"$T/out" | serial_results)
	[ "$got" = "$expected" ] || problem "checksums differ: $(diff <(echo "$expected") <(echo "$got") | xargs)"
	conclude "QEMU $accel: ends with OK, same checksums"
}

case_run -m 256M --workload exit,vpid,tpr,cr8 --working-set 64K --repeat 2 --accesses 200 --dump-fdt "$T/leaving.dtb"
want_status 0
conclude "--dump-fdt for what leaves the guest"

# An APIC, a port that nothing serves, ring 0: all of it is another VMM's here. Each part ran, or says why not; only
# x2APIC depends on the accelerator.
run_leaving() {
	local accel=$1 cpu=$2 part
	boot_qemu "$accel" "$cpu" leaving.dtb
	for part in exit:cpuid exit:port-user vpid:warm vpid:after-exit cr8:cr8-{read,write} tpr:{cr8,xapic}-{read,write}; do
		grep -q "workload=${part%:*} variant=${part#*:} .* samples=2 " "$T/out" || problem "$part did not run"
	done
	grep -q "workload=exit variant=port-kernel .* unavailable=no-kernel-port samples=0 " "$T/out" || problem "a port of KVM that is not there"
	for part in x2apic-read x2apic-write; do
		grep -qE "workload=tpr variant=$part .* (unavailable=no-x2apic samples=0|samples=2) " "$T/out" || problem "$part: neither ran nor said why not"
	done
	conclude "QEMU $accel: what leaves the guest"
}

# Rows that differ in their stride alone are told apart, and change memory as under minivmm.
run_strides() {
	local accel=$1 cpu=$2 stride
	boot_qemu "$accel" "$cpu" strides.dtb
	for stride in 64 4096 2097152 1073741824 549755813888; do
		[ "$(grep -c "workload=alias .* pages=64 stride_bytes=$stride .* samples=2 " "$T/out")" = 1 ] ||
			problem "not one row of stride $stride"
	done
	for part in read write; do
		grep -q "workload=dirty variant=$part .* samples=" "$T/out" || problem "dirty $part did not run"
	done
	conclude "QEMU $accel: strides, and tables that change"
}

case_run -m 256M --workload alias,dirty --working-set 256K --repeat 2 --accesses 200 --dump-fdt "$T/strides.dtb"
want_status 0
conclude "--dump-fdt for strides"

run_qemu tcg max
run_leaving tcg max
run_strides tcg max
if [ -z "$reason" ]; then
	# QEMU gives up where KVM refuses its value of MSR 0x10a (IA32_ARCH_CAPABILITIES); the guest needs none of it.
	run_qemu kvm host,-arch-capabilities
	run_leaving kvm host,-arch-capabilities
	run_strides kvm host,-arch-capabilities
else
	tap_skip "QEMU kvm" "$reason"
fi
tap_done
