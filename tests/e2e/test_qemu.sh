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
fi
conclude "--dump-fdt writes the tree"

# "workload working_set checksum" lines, as the guest says them on its serial port.
serial_results() {
	sed -nE 's/^minivmm result .*workload=([a-z]+).*working_set_bytes=([0-9]+).*checksum=(0x[0-9a-f]+).*/\1 \2 \3/p'
}

expected=
reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	case_record run "${PLAN[@]}"
else
	case_record native "${PLAN[@]}"
fi
want_status 0
expected=$(json '.results[] | "\(.workload) \(.working_set_bytes) \(.checksum)"')
[ -n "$expected" ] || problem "no results to compare with"
conclude "minivmm's own checksums"

run_qemu() {
	local accel=$1 cpu=$2 got
	case_command qemu-system-x86_64 -M microvm -accel "$accel" -cpu "$cpu" -m 256M -nodefaults -no-reboot \
		-display none -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=1 \
		-kernel "$GUEST_ELF" -initrd "$T/params.dtb"
	want_status 33
	got=$(tr -d '\r' <"$T/out" | serial_results)
	[ "$got" = "$expected" ] || problem "checksums differ: $(diff <(echo "$expected") <(echo "$got") | xargs)"
	conclude "QEMU $accel: ends with OK, same checksums"
}

run_qemu tcg max
if [ -z "$reason" ]; then
	# QEMU gives up where KVM refuses its value of MSR 0x10a (IA32_ARCH_CAPABILITIES); the guest needs none of it.
	run_qemu kvm host,-arch-capabilities
else
	tap_skip "QEMU kvm" "$reason"
fi
tap_done
