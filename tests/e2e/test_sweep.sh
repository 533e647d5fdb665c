#!/usr/bin/env bash
# A sweep's promises: every cell is in the output, with figures or with its reason; each run is a process of its own; an
# interrupted sweep keeps what it has and goes on; nothing is half-written; two sweeps share one pool in turns. It could
# break wherever a run ends in another way than well.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

reason=$(no_kvm_reason)
if [ -z "$reason" ]; then
	AXES=(--guest-page 4K,2M)
else
	# Without KVM a sweep of guests is 77; what is native goes on.
	AXES=(--native)
fi
QUICK=(--backing anon,thp --working-set 256K --accesses 20000 --repeat 3)

case_sweep() {
	rm -f "$T/run.json" "$T/run.json.journal"
	case_run sweep "$@" --json "$T/run.json"
}

want_sweep_schema() {
	want_schema_of minivmm.sweep-2
}

# True for the cells of guests only where there can be guests.
kvm_cells() {
	[ -n "$reason" ] || want_json "$@"
}

case_sweep "${AXES[@]}" --native "${QUICK[@]}" --workload packed,chase --allocations 3
want_status 0
want_sweep_schema
want_json '.schema == "minivmm.sweep/2" and .complete and .counts.pending == 0' "complete"
kvm_cells '[.cells[] | select(.kind == "guest")] | length == 8 and all(.state == "ok")' "guests' cells"
want_json '[.cells[] | select(.kind == "native")] | length == 4 and all(.state == "ok")' "native cells"
want_json '[.cells[] | select(.state == "ok") | .runs | length == 3 and (map(.round) == [0, 1, 2])] | all' "a run a round"
want_json '[.cells[] | select(.state == "ok") | .runs[].rows[] | .samples | length == 3] | all' "raw samples"
want_json '[.cells[] | select(.state == "ok") | .figures[] | .allocations == 3 and .interval[0] <= .value and .value <= .interval[1]] | all' \
	"a figure inside its interval"
want_json '[.. | objects | to_entries[] | select(.key | endswith("ci95"))] | length > 0 and all(.value == null)' "three allocations have no interval of 95 %"
want_json '[.cells[].figures[].coverage] | unique == [0.75]' "how sure an interval of three is"
# A minimum is of quiet samples if there are any.
want_json 'def kept: . as $r | [range($r.samples | length) | select(($r.marks // "")[.:. + 1] == ".") | $r.samples[.]] |
	if length > 0 then . else $r.samples end;
	[.cells[] | select(.state == "ok") | .figures[0] as $f | .runs | [.[].rows[0] | kept | min] | sort == ($f.values | sort)] | all' \
	"in the core each allocation stands by its least quiet sample"
want_json '[.cells[] | select(.state == "ok" and .workload == "chase") | .figures[].exits] | all(. == 0 or . == null)' "no exits"
want_json '.translation | length == 6 or length == 2' "chase - packed"
want_text 'tlb cost'
[ ! -e "$T/run.json.journal" ] || problem "a sweep that ended left its journal"
[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns: $(awk 'length > 100' "$T/out" | head -n 1)"
[ ! -s "$T/err" ] || problem "stderr is not empty"
conclude "a small sweep: cells, rounds, samples, intervals, translation"

case_run sweep --native --guest-page 4K "${QUICK[@]}" --workload packed --allocations 2 --csv - --quiet
grep -q '^"\?key"\?,' "$T/out" || problem "no header: $(head -n 1 "$T/out" | cut -c1-80)"
[ "$(wc -l <"$T/out")" = 5 ] || problem "$(wc -l <"$T/out") lines, expected a header and four cells"
conclude "--csv - : a line a figure, on stdout alone"

# The command of a cell runs that cell.
if [ -z "$reason" ]; then
	case_sweep --guest-page 2M --backing thp --prealloc off --workload touch --working-set 4M --allocations 1
	mapfile -t words < <(json '.cells[0].command[1:][]')
	want_json '.cells[0].figures | map(.variant) == ["first", "second"]' "both parts of touch"
	case_record "${words[@]}"
	want_status 0
	want_json '.requested.guest_page_bytes == 2097152 and .requested.backing == "thp" and (.requested.prealloc | not)' \
		"the cell's command"
	conclude "a cell's command runs that cell alone"

	# Two pages of 2M, of which set-up touches both.
	case_sweep --guest-page 2M --backing thp --prealloc off --workload malloc --working-set 4M --allocations 1
	want_sweep_schema
	want_json '.cells[0] | ([.runs[].rows[].first_touch] == ["void", null]) and (.figures | map(.value == null) == [true, false]) and
		(.figures[0].note | startswith("void"))' "no figure of what was no first touch"
	want_text 'malloc first: void'
	conclude "a figure of first touches that were none is void"

	case_sweep --guest-page 4K --backing anon --workload exit,tpr --kernel-irqchip off --allocations 1 --accesses 100
	want_status 0
	want_sweep_schema
	want_json '[.cells[] | select(.workload == "tpr")] | length == 1 and all(.state == "refused" and .reason != null)' \
		"a cell that contradicts itself"
	want_text 'refused.*tpr'
	conclude "a cell that cannot be is there with its reason"
fi

case_sweep --guest-page 1G --backing hugetlb:1G --memory 64M --workload chase --working-set 256K
want_status 2
want_text 'none of its 1 cells can run'
[ ! -e "$T/run.json" ] || problem "it wrote a file all the same"
conclude "an axis without a possible cell is a usage error that says why"

# A pool that is not there: the cells say so, the others have figures.
if pool_reserve 2M 40; then
	more=$((2 * ($(pool_available 2M) + 1)))M
	case_sweep --native --guest-page 4K --backing anon,hugetlb:2M --memory "$more" --workload chase --working-set 256K \
		--allocations 2 --retries 0
	want_status 0
	want_sweep_schema
	# Those of guests are refused before any memory is asked for where there is no KVM.
	want_json '[.cells[] | select(.backing == "hugetlb" and (.kind == "native" or $kvm))] |
		all(.state == "failed" and (.reason | test("2M|2 MiB|huge")))' \
		"the short pool is told" --argjson kvm "$([ -z "$(no_kvm_reason)" ] && echo true || echo false)"
	want_json '[.cells[] | select(.backing == "anon" and .kind == "native")] | all(.state == "ok")' "the others ran"
	want_text 'failed'
	conclude "a pool that is too small: those cells have the reason, the others figures"

	before=$(host_state)
	for n in 1 2; do
		timeout 120 "$MINIVMM" sweep --native --guest-page 4K --backing hugetlb:2M --memory 64M --workload chase \
			--working-set 256K,1M --allocations 4 --json "$T/turn$n.json" --quiet >"$T/out$n" 2>&1 &
	done
	problems=() command_line=(two sweeps on one pool)
	wait
	for n in 1 2; do
		cp "$T/turn$n.json" "$T/run.json"
		want_json '[.cells[] | select(.kind == "native")] | all(.state == "ok" and (.runs | length) == 4 and .failed_runs == 0)' \
			"sweep $n had the pool whenever it wanted it"
	done
	jq -es 'map(.counts.waited_ns) | max > 0' "$T"/turn[12].json >/dev/null || problem "neither waited for the other"
	want_same_host "$before"
	conclude "two sweeps at once on a pool that holds one of them take turns"
	pool_restore
else
	tap_skip "sweeps on a pool" "$pool_reason"
fi

# Long enough to be interrupted anywhere, and no longer where the machine is busy.
LONG=(--native --guest-page 4K --backing anon --workload chase --working-set 256K,4M --allocations 10 --retries 0)
start_long() {
	problems=() command_line=(sweep "${LONG[@]}")
	"$MINIVMM" sweep "${LONG[@]}" --json "$T/run.json" >"$T/out" 2>"$T/err" </dev/null &
	pid=$!
}
rounds() {
	grep -c '^{"cell"' "$T/run.json.journal" 2>/dev/null
}
wait_rounds() {
	local try
	for ((try = 0; try < 2000; try++)); do
		[ "$(rounds)" -ge "$1" ] 2>/dev/null && return
		sleep 0.01
	done
	problem "no $1 rounds after 20 s"
}

for signal in KILL TERM; do
	rm -f "$T/run.json" "$T/run.json.journal"
	start_long
	wait_rounds 7
	kill -s $signal $pid
	{ wait $pid; } 2>/dev/null
	status=$?
	kept=$(rounds)
	[ "${kept:-0}" -ge 7 ] || problem "the journal has $kept rounds"
	if [ $signal = TERM ]; then
		want_status 1
		want_json '(.complete | not) and .counts.pending + .counts.ok >= 2' "what it has is written"
		want_sweep_schema
		want_text 'resume'
	else
		[ ! -e "$T/run.json" ] || problem "something half-written is there"
	fi
	sleep 0.3
	[ -z "$(own_processes)" ] || problem "a run outlived its sweep"
	conclude "SIG$signal: the journal keeps every finished round, no run is left"

	case_run sweep "${LONG[@]}" --json "$T/run.json"
	want_status 1
	want_text '[0-9]+ rounds of a sweep that was interrupted'
	want_text 'try: .*--resume'
	conclude "SIG$signal: without --resume the journal is not lost"

	jq -c 'select(.cell != null)' "$T/run.json.journal" >"$T/kept"
	case_run sweep --resume --json "$T/run.json"
	[ -n "$reason" ] || want_status 0
	want_sweep_schema
	want_json '.complete and .resumed == 1' "it says that it was resumed"
	want_json '[.cells[] | select(.state == "ok") | .runs | map(.round) == [range(10)]] | all' "every round is there once"
	jq -e --slurpfile kept "$T/kept" '. as $all | $kept | map(select(.run != null)) |
		all(. as $k | $all.cells[] | select(.key == $k.cell) | .runs[$k.run.round].rows == $k.run.rows)' \
		"$T/run.json" >/dev/null || problem "rounds of the journal changed"
	[ ! -e "$T/run.json.journal" ] || problem "the journal is still there"
	conclude "SIG$signal: --resume goes on with the rest and keeps what was there"
done

rm -f "$T/run.json" "$T/run.json.journal"
start_long
wait_rounds 3
killed=
# Stopped first: one that has ended already takes a signal as well, and nothing comes of it.
stopped() {
	local try
	kill -STOP "$1" 2>/dev/null || return
	for ((try = 0; try < 200; try++)); do
		case $(awk '$1 == "State:" { print $2 }' "/proc/$1/status" 2>/dev/null) in
		T) return ;;
		Z | "") return 1 ;;
		esac
		sleep 0.01
	done
	return 1
}
for ((try = 0; try < 1000; try++)); do
	run=$(pgrep -P $pid | head -n 1)
	[ -n "$run" ] && stopped "$run" && kill -KILL "$run" 2>/dev/null && killed=yes && break
	sleep 0.01
done
{ wait $pid; } 2>/dev/null
status=$?
want_status 0
[ -n "$killed" ] || problem "no run was there to be killed"
want_json '.complete and .counts.failed_runs == 1' "the failure is counted"
want_json '[.cells[] | select(.state == "ok") | .runs | length == 10] | all' "its round was run again"
conclude "a run that is killed has a second chance at the end"

start_long
wait_rounds 2
case_run sweep "${LONG[@]}" --json "$T/run.json"
want_status 1
want_text 'another sweep is writing'
kill -TERM $pid
{ wait $pid; } 2>/dev/null
conclude "two sweeps into one file: the second is refused"

case_run sweep "${LONG[@]}" --smp 2 --resume --json "$T/run.json"
want_status 2
want_text 'other cells'
conclude "--resume with other axes is refused"
rm -f "$T/run.json" "$T/run.json.journal"

case_run sweep --resume --json "$T/none.json"
want_status 1
want_text 'none.json.journal does not exist'
conclude "--resume without anything to resume"

# The file of the interrupted command line is read again, and this call's own options stand above it.
printf 'native\nworkload = chase\nworking-set = 256K,4M\nallocations = 10\nretries = 0\n' >"$T/long.axes"
problems=() command_line=(sweep --axes "$T/long.axes")
"$MINIVMM" sweep --axes "$T/long.axes" --json "$T/run.json" >"$T/out" 2>"$T/err" </dev/null &
pid=$!
wait_rounds 3
kill -KILL $pid
{ wait $pid; } 2>/dev/null
case_run sweep --resume --allocations 11 --json "$T/run.json"
[ -n "$reason" ] || want_status 0
want_json '.complete and .resumed == 1 and ([.cells[] | select(.state == "ok") | .runs | length == 11] | all)' "every cell has the rounds of both calls"
conclude "--resume of a sweep that was begun with --axes"
rm -f "$T/run.json" "$T/run.json.journal"

if is_root && mount_at mnt-small tmpfs size=24K,mode=755; then
	echo "what was there before" >"$T/mnt-small/s.json"
	case_run sweep "${LONG[@]}" --json "$T/mnt-small/s.json"
	want_status 1
	want_text 'No space left'
	want_text 'try: '
	[ "$(cat "$T/mnt-small/s.json")" = "what was there before" ] || problem "the old file was harmed"
	[ -z "$(find "$T/mnt-small" -name '*.tmp')" ] || problem "a piece of a file is left"
	rounds=$(grep -c '^{"cell"' "$T/mnt-small/s.json.journal")
	jq -es 'length > 1' "$T/mnt-small/s.json.journal" >/dev/null || problem "the journal has half a line"
	mount -o remount,size=4M "$T/mnt-small"
	case_run sweep --resume --json "$T/mnt-small/s.json"
	cp "$T/mnt-small/s.json" "$T/run.json"
	want_json '.complete' "complete"
	[ "$rounds" -gt 0 ] || problem "no round before the disk was full"
	conclude "a full disk: nothing half-written, and --resume once there is room"
	umount "$T/mnt-small"
else
	tap_skip "a full disk" "no tmpfs can be mounted here"
fi

SHORT=(--native --guest-page 4K --backing anon --workload packed --working-set 256K --allocations 1 --accesses 1000)
rm -f "$T/run.json"
echo "my notes" >"$T/run.json.journal"
case_run sweep "${SHORT[@]}" --json "$T/run.json"
want_status 1
want_text 'is not a journal of a sweep'
[ "$(cat "$T/run.json.journal")" = "my notes" ] || problem "it was overwritten"
conclude "a file that only has the journal's name is left alone"

rm -f "$T/run.json.journal"
echo "my notes" >"$T/notes"
ln -s "$T/notes" "$T/run.json.journal"
case_run sweep "${SHORT[@]}" --json "$T/run.json"
want_status 1
[ "$(cat "$T/notes")" = "my notes" ] || problem "the link's target was overwritten"
rm -f "$T/run.json.journal"
conclude "a link in the journal's place is not followed"

# Also with --quiet and without a terminal. Another sweep of this host may have the turn before our holder.
if have flock; then
	flock /sys/kernel/mm sleep 4 &
	case_run sweep "${SHORT[@]}" --quiet --json "$T/run.json"
	want_status 0
	want_text 'take turns: waiting for process [0-9]+ \('
	wait $!
	conclude "a sweep that waits says for whom"
else
	tap_skip "a sweep that waits says for whom" "flock is not installed"
fi
rm -f "$T/run.json"

problems=() command_line=(sweep "${SHORT[@]}" --json FILE '>/dev/full')
"$MINIVMM" sweep "${SHORT[@]}" --json "$T/run.json" >/dev/full 2>"$T/err" </dev/null
status=$?
want_status 1
want_json '.complete' "the file is whole"
[ ! -e "$T/run.json.journal" ] || problem "the journal is still there, though the file has all of it"
conclude "a closed stdout does not cost the file"

case_run sweep "${LONG[@]}" --json "$T/no/such/directory.json"
want_status 1
want_text 'directory'
conclude "a file that cannot be written is told before the first run"

case_run sweep --preset walk-cost --native --dump-config
want_status 0
want_text '^[0-9]+ cells, 5 rounds'
want_text 'guest-page=native,backing=hugetlb:2M,.*workload=chase'
conclude "--dump-config lists the cells"
tap_done
