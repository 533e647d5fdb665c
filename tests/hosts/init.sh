#!/bin/busybox sh
# shellcheck shell=dash
# The first process of an emulated host: carries out /plan and tells everything on the serial port, one frame a line
# that begins with "@@ "; what belongs to a frame follows it. The last frame is "@@ done".

/bin/busybox mkdir -p /proc /sys /dev /tmp /sbin /mnt/2M /mnt/1G /share
/bin/busybox --install -s /bin
# Where a QEMU of /bin looks for its firmware.
ln -s /usr/share/qemu /share/qemu
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing
mount -t hugetlbfs -o pagesize=2M none /mnt/2M
mount -t hugetlbfs -o pagesize=1G none /mnt/1G 2>/dev/null
echo 1 >/proc/sys/kernel/printk
TRACE=/sys/kernel/tracing
tab=$(printf '\t')

# What the kernel says of itself: the truth that minivmm is compared with.
facts() {
	echo "fact release $(uname -r)"
	grep -m 1 '^vendor_id' /proc/cpuinfo | sed 's/.*: /fact vendor /'
	grep -m 1 '^flags' /proc/cpuinfo | sed 's/.*: /fact flags /'
	grep -m 1 '^vmx flags' /proc/cpuinfo | sed 's/.*: /fact vmx /'
	echo "fact cpus $(grep -c '^processor' /proc/cpuinfo)"
	for file in /sys/module/kvm/parameters/* /sys/module/kvm_*/parameters/*; do
		[ -r "$file" ] || continue
		module=${file#/sys/module/}
		echo "fact param ${module%%/*}.${file##*/} $(cat "$file")"
	done
	for file in /sys/devices/system/node/node*/hugepages/*/nr_hugepages; do
		[ -r "$file" ] && echo "fact pool ${file#/sys/devices/system/node/} $(cat "$file")"
	done
}

# What left the guest in timed phases, as the kernel's tracepoints saw it (trace.awk).
trace_on() {
	echo >$TRACE/trace
	echo 8192 >$TRACE/buffer_size_kb
	echo "port == 0x600" >$TRACE/events/kvm/kvm_pio/filter
	for event in kvm_page_fault kvm_exit kvm_pio; do
		echo 1 >$TRACE/events/kvm/$event/enable
	done
}

trace_off() {
	echo 0 >$TRACE/events/enable
	echo "@@ trace"
	grep -h '^entries\|^overrun\|^dropped' $TRACE/per_cpu/cpu*/stats
	awk -f /trace.awk $TRACE/trace
	echo >$TRACE/trace
}

host() {
	rmmod kvm_intel 2>/dev/null || rmmod kvm_amd 2>/dev/null
	rmmod kvm 2>/dev/null
	rmmod irqbypass 2>/dev/null
	echo "@@ host $1"
	# shellcheck disable=SC2086 # arguments are words
	insmod /modules/irqbypass.ko && insmod /modules/kvm.ko && insmod "/modules/$2.ko" ${3#-} ||
		echo "the module $2 cannot be loaded: $3"
	facts
}

# A VM of another process: of minivmm with these arguments or, where the first is "qemu", of QEMU, which boots the same guest.
# It touches its memory, then leaves the guest until it is ended: in Bochs no interrupt reaches a short loop of the guest's.
target_start() {
	work="-m 128M --workload touch,exit --repeat 896 --accesses 1000000000"
	if [ "$1" = qemu ]; then
		shift
		# shellcheck disable=SC2086 # arguments are words
		minivmm $work --working-set 32M --dump-fdt /tmp/params
		qemu-system-x86_64 -M microvm -accel kvm -cpu host -m 128M -nodefaults -display none -no-reboot \
			-kernel /guests/guest.elf -initrd /tmp/params "$@" >/tmp/target 2>&1 &
	else
		# shellcheck disable=SC2086 # arguments are words
		minivmm $work --working-set 4M "$@" >/tmp/target 2>&1 &
	fi
	target=$!
}

# Until it has touched what it works on: KVM's count of leaves no longer grows.
target_settle() {
	before=0
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 1
		now=$(cat /sys/kernel/debug/kvm/*-*/pages_* 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }')
		[ "$now" = 0 ] || [ "$now" != "$before" ] || return
		before=$now
	done
}

# observe OPTIONS-OF-OBSERVE -- ARGUMENTS-OF-THE-TARGET: by debugfs; then, of minivmm, without it.
observe() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	target_start "$@"
	target_settle
	# shellcheck disable=SC2086 # options are words
	minivmm observe --pid $target $options --json /tmp/record
	status=$?
	if [ "$1" != qemu ]; then
		umount /sys/kernel/debug
		minivmm observe --pid $target | grep '^leaves'
		mount -t debugfs debug /sys/kernel/debug
	else
		head -n 5 /tmp/target
	fi
	kill $target
	wait $target
	return $status
}

# Swap and KSM, for what a host takes back: both are off until such a case comes.
overcommit_on() {
	[ ! -e /dev/zram0 ] || return 0
	insmod /modules/lzo-rle.ko && insmod /modules/zsmalloc.ko && insmod /modules/zram.ko && echo 128M >/sys/block/zram0/disksize &&
		mkswap /dev/zram0 >/dev/null && swapon /dev/zram0 || echo "no swap"
	echo 20000 >/sys/kernel/mm/ksm/pages_to_scan
	echo 1 >/sys/kernel/mm/ksm/run
	# What was split stays so until an act collapses it.
	echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
}

# What a case prints is told at its end. That the host lives meanwhile is told all the time: one that is stuck is silent.
alive() {
	while sleep 10; do
		echo "@@ alive"
	done
}

# carry_out KIND ARGUMENTS
carry_out() {
	# shellcheck disable=SC2086 # arguments are words
	case $1 in
	lesson) MINIVMM=/bin/minivmm timeout 300 sh "/lessons/$2" ;;
	stress)
		MINIVMM=/bin/minivmm timeout 300 sh /stress/stress-matrix.sh --kernel /stress/vmlinuz --initrd /stress/initrd \
			--huge /mnt/2M --shm /tmp --cpus 1 $2 /tmp/out.tsv
		;;
	observe) observe $2 ;;
	unit) timeout 200 "/bin/$2" ;;
	*) timeout 200 minivmm $2 --json /tmp/record ;;
	esac
}

one_case() {
	echo "@@ case $1"
	rm -f /tmp/record
	case $3 in *overcommit*) overcommit_on ;; esac
	[ "$2" != exits ] || trace_on
	alive &
	pulse=$!
	carry_out "$2" "$3" >/tmp/out 2>&1 </dev/null
	status=$?
	kill $pulse
	wait $pulse
	echo "@@ status $status"
	case $2 in
	lesson)
		tail -n 60 /tmp/out
		sed -i -e '/^   check: /d' -e '/^\$ /d' /tmp/out
		;;
	stress)
		cat /tmp/out /tmp/out.tsv
		jq -Rn '[inputs | select(startswith("#") | not) | split("\t")]' /tmp/out.tsv >/tmp/record
		rm -f /tmp/out.tsv
		;;
	*) head -n 60 /tmp/out ;;
	esac
	echo "@@ wide"
	awk 'length > 100 { print substr($0, 1, 200) }' /tmp/out | head -n 3
	[ "$2" != exits ] || trace_off
	# The serial port is the slowest part of an emulated host.
	if [ -s /tmp/record ]; then
		echo "@@ json"
		gzip -c /tmp/record | base64
	fi
	echo "@@ end"
}

while IFS=$tab read -r what name kind arguments; do
	case $what in
	host) host "$name" "$kind" "$arguments" ;;
	case) one_case "$name" "$kind" "$arguments" ;;
	esac
done </plan
echo "@@ done"
# An emulator that stops at once loses what its serial port still holds.
sent=-1
while [ "$(grep -o 'tx:[0-9]*' /proc/tty/driver/serial)" != "$sent" ]; do
	sent=$(grep -o 'tx:[0-9]*' /proc/tty/driver/serial)
	sleep 2
done
poweroff -f
