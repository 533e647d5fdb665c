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

# Stand-ins for QEMU, whose guest has told all results at once, and for observe.
stand_ins() {
	mkdir "$T/bin"
	cat >"$T/bin/qemu-system-x86_64" <<-'END'
		#!/bin/sh
		for word in "$@"; do case $word in file:*) console=${word#file:} ;; esac; done
		printf '= malloc 1 100.5 0 =\r\n= malloc 4 200 %s =\r\n@ end\r\n' "$KILLED" >"$console"
		echo started >>"$STARTED"
		exec sleep 60
	END
	cat >"$T/bin/minivmm" <<-'END'
		#!/bin/sh
		while [ "$1" != --json ]; do shift; done
		echo '{"vms": [{"pages_4k": 3, "pages_2m": 90, "pages_1g": 0}]}' >"$2"
		exit "$OBSERVED"
	END
	chmod +x "$T"/bin/*
	: >"$T/kernel"
}

# small_matrix OBSERVED KILLED [OPTION...]: two cells, twice.
small_matrix() {
	: >"$T/started"
	case_command env PATH="$T/bin:$PATH" MINIVMM="$T/bin/minivmm" STARTED="$T/started" OBSERVED="$1" KILLED="$2" \
		scripts/stress-matrix.sh --backings anon,vh --host-thp never --guest-thp never --stressors malloc --counts 1,4 \
		--seconds 1 --repeat 2 --kernel "$T/kernel" --initrd "$T/kernel" "${@:3}" "$T/matrix.tsv"
}

# want_rows ROWS STARTED VERDICTS: so many results, so many guests started, and these verdicts in all.
want_rows() {
	[ "$(grep -vc '^#' "$T/matrix.tsv")" = "$1" ] || problem "not $1 rows: $(cat "$T/matrix.tsv")"
	[ "$(wc -l <"$T/started")" = "$2" ] || problem "not $2 guests started"
	[ "$(grep -v '^#' "$T/matrix.tsv" | cut -f 8 | sort -u | xargs)" = "$3" ] || problem "not all $3: $(cat "$T/matrix.tsv")"
}

matrix_of_stand_ins() {
	local thp
	thp=$(cat /sys/kernel/mm/transparent_hugepage/enabled)
	stand_ins
	small_matrix 0 0
	want_status 0
	want_rows 8 4 proven
	conclude "stress-matrix.sh: each cell of each repeat, proven"

	sed -i '$d' "$T/matrix.tsv"
	small_matrix 0 0 --resume
	want_status 0
	want_rows 8 1 proven
	conclude "stress-matrix.sh --resume runs the cell again that has not all results, and no other"

	small_matrix 5 0
	want_status 5
	want_rows 8 4 not-4K
	conclude "stress-matrix.sh: leaves that are not those of the cell are status 5"

	small_matrix 0 2
	want_status 5
	want_rows 8 4 "oom proven"
	conclude "stress-matrix.sh: a result whose processes were killed is none"

	[ "$thp" = "$(cat /sys/kernel/mm/transparent_hugepage/enabled)" ] || problem "THP was $thp"
	conclude "stress-matrix.sh puts THP back"
}

pool_script
stress_matrix
if is_root && [ -w /dev/kvm ] && have jq && [ -w /sys/kernel/mm/transparent_hugepage/enabled ]; then
	matrix_of_stand_ins
else
	tap_skip "stress-matrix.sh with stand-ins" "it needs root, /dev/kvm, jq and THP"
fi
quick_start
if is_root; then
	interrupted
else
	tap_skip "an interrupted quick start gives everything back" "only root can change a pool"
fi
tap_done
