#!/usr/bin/env bash
# The quick start and the pool script do what they say and give everything back, also when interrupted, and degrade
# with a plain line. It could break unseen, because developers' machines have a pool and a mount already.
. "$(dirname "$0")/lib.sh"

need_build

mounts() {
	grep hugetlbfs /proc/self/mounts | sort
	[ ! -d /dev/hugepages ] || echo /dev/hugepages
}

# What the scripts may not change for good.
state() {
	host_state
	echo "pools $(pool_count 2M nr_hugepages) $(pool_count 1G nr_hugepages)"
	mounts
}

want_same_state() {
	local after
	after=$(state)
	[ "$1" = "$after" ] || problem "changed: $(diff <(echo "$1") <(echo "$after") | grep '^[<>]' | xargs)"
}

pool_script() {
	local before words
	for words in "" "reserve" "reserve 2M" "reserve 3M 4" "reserve 2M 0" "reserve 2M -1" "reserve 2M x" "restore it" "grow"; do
		read -r -a list <<<"$words"
		case_command scripts/hugepages.sh "${list[@]}"
		want_status 2
		want_text '^usage'
		conclude "hugepages.sh '$words' is usage"
	done
	if ! is_root; then
		tap_skip "hugepages.sh reserve and restore" "only root can change a pool"
		return
	fi
	before=$(state)
	case_command scripts/hugepages.sh reserve 2M $(($(pool_available 2M) + 8))
	[ "$status" = 0 ] || { tap_skip "hugepages.sh reserve and restore" "$(tail -n 1 "$T/err")" && return; }
	[ "$before" != "$(state)" ] || problem "nothing was reserved"
	case_command scripts/hugepages.sh restore
	want_status 0
	want_same_state "$before"
	conclude "hugepages.sh gives back what it took"

	case_command scripts/hugepages.sh reserve 2M 99999999
	want_status 1
	want_text 'spare'
	want_same_state "$before"
	conclude "hugepages.sh does not take what the machine needs"
}

quick_start() {
	local before pid
	before=$(state)
	case_command scripts/quickstart.sh -m 64M --workload none
	want_status 0
	want_text '^running: build/minivmm'
	want_text '^verdict +ok'
	want_same_state "$before"
	conclude "quick start"

	if ! is_root || ! unshare -m true 2>/dev/null; then
		tap_skip "quick start without KVM, interrupted" "needs root and mount namespaces"
		return
	fi
	if [ -e /dev/kvm ]; then
		case_command unshare -m bash -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 &&
			ln -s /proc/self/fd /dev/fd && exec scripts/quickstart.sh -m 64M --workload touch --working-set 1M'
		want_status 0
		want_text 'There is no /dev/kvm here'
		want_text '^running: build/minivmm native'
		want_text '^verdict +ok'
		want_same_state "$before"
		conclude "quick start without KVM runs natively"
	fi
}

# Ctrl-C reaches the whole group: minivmm tells what it has, the script gives everything back.
interrupted() {
	local before try
	before=$(state)
	problems=() command_line=(quickstart.sh, interrupted)
	setsid scripts/quickstart.sh --workload chase --working-set 16M --accesses 20000000 --repeat 800 \
		>"$T/out" 2>"$T/err" </dev/null &
	pid=$!
	for ((try = 0; try < 3000; try++)); do
		grep -q '^running' "$T/out" && break
		sleep 0.02
	done
	sleep 3
	kill -INT -- "-$pid" 2>/dev/null || problem "it was over before the signal"
	wait "$pid"
	status=$?
	want_status 1
	# Before there is a guest there is nothing but the signal to tell of.
	want_text 'verdict +interrupted|(stopped|interrupted) by signal 2'
	want_same_state "$before"
	conclude "an interrupted quick start gives everything back"
}

# The matrix of Linux guests itself runs in an emulated host (tests/hosts): here, that a wrong call starts nothing.
stress_matrix() {
	local words before
	before=$(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null)
	for words in "" "a b" "--backings vh,file a" "--host-thp madvise a" "--seconds 0 a" "--memory 4096 a" "--counts" "--make-initrd"; do
		read -r -a list <<<"$words"
		case_command scripts/stress-matrix.sh "${list[@]}"
		want_status 2
		want_text '^stress-matrix: '
		conclude "stress-matrix.sh '$words' is usage"
	done
	case_command scripts/stress-matrix.sh --kernel "$T/none" "$T/out.tsv"
	want_status 77
	[ ! -e "$T/out.tsv" ] || problem "a file was begun"
	[ "$before" = "$(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null)" ] || problem "THP was changed"
	conclude "stress-matrix.sh without a kernel says what it lacks"
}

pool_script
stress_matrix
quick_start
if is_root; then
	interrupted
else
	tap_skip "an interrupted quick start gives everything back" "only root can change a pool"
fi
tap_done
