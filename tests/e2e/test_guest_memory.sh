#!/usr/bin/env bash
# What happens to guest RAM behind minivmm's back is prevented or told. It could break unseen, as nothing of the kind happens
# where one develops: another process truncates the file, the kernel is older, the memory is faulty.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

refuse=$T/refuse
${CC:-cc} -O1 -D_GNU_SOURCE -o "$refuse" tests/e2e/refuse.c || fail_all "build" "refuse.c"

commands=(native)
reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	commands+=(run)
else
	tap_skip "guest RAM of a VM" "$reason"
fi

# start COMMAND...: in the background, its record to $T/run.json; until it is in its workload. Sets pid.
start() {
	problems=() command_line=("$MINIVMM" "$@")
	rm -f "$T/run.json"
	"$MINIVMM" "$@" --json "$T/run.json" >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	for ((try = 0; try < 500; try++)); do
		[ "$(awk '/^(VmRSS|HugetlbPages):/ { sum += $2 } END { print sum + 0 }' "/proc/$pid/status")" -lt 16384 ] || break
		sleep 0.01
	done
	[ "$try" -lt 500 ] || problem "it never got to its workload"
}

# finish: wait for it, 30 s at most. Sets status.
finish() {
	timeout 30 tail -s 0.05 --pid="$pid" -f /dev/null || { problem "still running after 30 s" && kill -KILL "$pid"; }
	{ wait "$pid"; } 2>/dev/null
	status=$?
}

# ram_file: the descriptor of guest RAM, as another process reaches it.
ram_file() {
	find "/proc/$pid/fd" -lname "$1" | head -n 1
}

long=(--workload chase --working-set 16M --accesses 20000000 --repeat 800)

for command in "${commands[@]}"; do
	start "$command" -m 64M --backing memfd "${long[@]}"
	file=$(ram_file '/memfd:minivmm-ram*')
	[ -n "$file" ] || problem "no memfd is open"
	! truncate -s 1M "$file" 2>/dev/null || problem "another process truncated it"
	! truncate -s 1G "$file" 2>/dev/null || problem "another process made it longer"
	kill -INT "$pid"
	finish
	want_status 1
	want_json '.verdict == "interrupted" and .observed.sealed' "sealed"
	want_text "observed .*, sealed"
	conclude "$command: nobody changes the size of a memfd"
done

case_record "${commands[-1]}" -m 64M --mem-path /dev/shm --workload none
want_status 0
want_json '.observed.sealed == false' "a file of a mount cannot be sealed"
case_record "${commands[-1]}" -m 64M --workload none
want_json '.observed.sealed == null' "no file, no seal"
conclude "what is not sealed is not called so"

# told_as_lost REGEX: status 1 and a record, and the message says what became of guest RAM.
told_as_lost() {
	want_status 1
	want_text "guest RAM: .*$1"
	want_json '.verdict == "failed" and any(.reasons[]; test("guest RAM"))' "the record says it, too"
	want_schema
}

# truncated DIRECTORY PAGE: by every command that takes it.
name="the file behind guest RAM is truncated"
truncated() {
	for command in "${commands[@]}"; do
		start "$command" -m 64M --mem-path "$1" "${long[@]}"
		truncate -s 4M "$(ram_file "$1/*")" || problem "it cannot be truncated"
		finish
		told_as_lost "another process made the file behind it \(backing file\) shorter, 4 of 64 MiB are left"
		want_text "HVA 0x[0-9a-f]+"
		[ "$command" = native ] || want_text "GPA 0x[0-9a-f]+"
		want_text "try: --backing memfd --page-size $2"
		conclude "$command: $name, pages of $2"
	done
}
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ]; then
	tap_skip "$name, pages of 4K" "/dev/shm is no tmpfs"
else
	truncated /dev/shm 4K
fi
if ! pool_reserve 2M 32; then
	tap_skip "$name, pages of 2M" "$pool_reason"
elif ! mount_at mnt-2M hugetlbfs pagesize=2M; then
	tap_skip "$name, pages of 2M" "hugetlbfs cannot be mounted: $(cat "$T/mount.log")"
else
	truncated "$T/mnt-2M" 2M
	umount "$T/mnt-2M"
fi
pool_restore

# held COMMAND CALL...: run with the first such call of the process held up for two seconds, in which its file is truncated.
held() {
	local call=$1 child
	shift
	problems=() command_line=("$MINIVMM" "$@")
	strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:delay_enter=2000000:when=1" "$MINIVMM" "$@" \
		>"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	for ((try = 0; try < 200; try++)); do
		child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
		file=$(find "/proc/${child% }/fd" -lname '/dev/shm/*' 2>/dev/null | head -n 1)
		[ -z "$file" ] || [ "$(stat -L -c %s "$file")" = 0 ] || break
		sleep 0.01
	done
	sleep 0.5
	truncate -s 0 "$file" || problem "it cannot be truncated"
	finish
	want_status 1
	want_text "guest RAM: .*another process made the file behind it"
}
if [ -n "$reason" ] || ! have strace; then
	tap_skip "guest RAM that is lost before the guest runs, and while explain reads" "${reason:-strace is not installed}"
else
	# The second descriptor of an event is made when all is loaded: what is lost then, the first KVM_RUN meets.
	held eventfd2 run -m 64M --mem-path /dev/shm --workload none
	conclude "run: $name before the guest runs"
	held process_vm_readv explain -m 64M --mem-path /dev/shm
	conclude "explain: $name"
fi

# A faulty page: KVM sends the thread a SIGBUS, and KVM_RUN fails. Here strace does both: the errno is that of other CPUs, or none.
name="a faulty page in KVM_RUN"
if [ -n "$reason" ] || ! have strace; then
	tap_skip "$name" "${reason:-strace is not installed}"
else
	# strace counts for each thread: later than any ioctl of the main thread, which makes the machine.
	# A call that strace answers has the number -1 for a filter, which no row allows.
	guest=(run -m 64M --workload exit --accesses 500 --repeat 2 --sandbox off)
	nth=$(($(strace -qq -e trace=ioctl "$MINIVMM" "${guest[@]}" 2>&1 >/dev/null | grep -c ioctl) + 20))
	for error in EHWPOISON EINTR; do
		case_command strace -f -qq -o /dev/null -e trace=ioctl -e "inject=ioctl:error=$error:signal=SIGBUS:when=$nth" \
			"$MINIVMM" "${guest[@]}" --json "$T/run.json"
		told_as_lost "a page.*is lost.*the hardware reports as faulty"
		want_text "backing anon, pages of 4K"
		conclude "$name: $error"
	done
fi

# Before Linux 5.14 low memory is populated by mlock.
name="huge pages without MADV_POPULATE_WRITE"
if ! grep -qE '\[(always|madvise)\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
	tap_skip "$name" "this host forbids transparent huge pages"
else
	thp=("$MINIVMM" "${commands[-1]}" -m 64M --backing thp --workload touch --working-set 8M --json "$T/run.json")
	case_command "${thp[@]}"
	if [ "$status" = 5 ]; then
		tap_skip "$name" "this host has no huge pages to spare at the moment"
	else
		case_command "$refuse" madvise:2=23=EINVAL -- "${thp[@]}"
		want_status 0
		want_json '.verdict == "ok" and .observed.page_bytes == 2097152' "2M pages"
		conclude "$name"
	fi
fi
tap_done
