#!/usr/bin/env bash
# No command reads past an end, forgets memory or goes on with what it did not get. The program is built under ASan and UBSan; it says
# what said.tsv says, and then each place that asks for memory is refused it once: the command fails and says why, or it
# does without and says that too. It could break at each of a hundred calloc() that never fail by themselves.
. "$(dirname "$0")/lib.sh"

need_tool addr2line
need_build
sanitized=$PWD/build/sanitized/minivmm
make -s sanitized >"$T/make.log" 2>&1 || fail_all "build it sanitized" "$(tail -n 20 "$T/make.log")"

# A file of the host that cannot be read or kept open, a control group among them, is not known then; check and pool say so. A cost of
# translation that cannot be estimated is no line of the text.
DOES_WITHOUT='keep|consider_mount|cgroup_value|cgroup_keyed|file_read|rows_pair|round_values|unit_is_latency|estimate_make'

no_report() {
	! grep -qE 'ERROR: |runtime error|SUMMARY' "$T/err" || problem "$1: $(grep -m 2 -E 'ERROR: |runtime error|SUMMARY|#[0-9]+ .*vmm/' "$T/err" | xargs)"
}

# refuse_memory COMMAND: at each place that it comes to. A place that a timing decides on may not come again: twice no more.
refuse_memory() {
	local number=1 place usual
	cd tests || exit 1
	case_run "$@"
	usual=$status
	cp "$T/out" "$T/usual"
	no_report "no place"
	while [ ${#problems[@]} = 0 ]; do
		MINIVMM_FAIL_ALLOCATION=$number timeout -k 5 60 "$MINIVMM" "$@" >"$T/out" 2>"$T/err" </dev/null
		status=$?
		place=$(sed -n 's/^an allocation fails now, at //p' "$T/err")
		[ -n "$place" ] || break
		place=$(addr2line -fse "$MINIVMM" "$place" | xargs)
		no_report "$place"
		if [ $status = "$usual" ]; then
			cmp -s "$T/out" "$T/usual" || [[ $place =~ ^($DOES_WITHOUT) ]] || grep -qE 'annot allocate memory|no memory' "$T/out" ||
				problem "$place: status $status, and nobody hears of it"
		elif [ $status != 1 ]; then
			problem "$place: status $status"
		else
			cat "$T/out" "$T/err" | grep -qE 'annot allocate memory|no memory|no room' || problem "$place: no word of memory"
		fi
		number=$((number + 1))
	done
	cd .. || exit 1
	[ "$number" -gt 4 ] || problem "only $number places were come to"
	conclude "no memory, at each of $((number - 1)) places: ${*:1:2}"
}

MINIVMM=$sanitized bash tests/e2e/test_said.sh >"$T/out" 2>"$T/err"
status=$? problems=() command_line=("test_said.sh")
want_status 0
conclude "it says what it always says"

MINIVMM=$sanitized
# Threads of a sanitizer call more than the sandbox allows.
root=fixtures/host/intel-ept
refuse_memory model --workload chase --working-set 64K --accesses 1000
refuse_memory model -m 16T --json -
refuse_memory check --root $root --require ept
refuse_memory pool --root $root
refuse_memory pool plan -m 3G --page-size 2M --root $root
refuse_memory observe --root fixtures/observe/fleet --require huge=10%
refuse_memory compare golden/sweep.json golden/sweep.json
refuse_memory sweep --preset walk-cost --dump-config
refuse_memory native --sandbox off -m 64M --workload packed,chase --working-set 64K --repeat 2 --smp 2 --json -
if [ -z "$(no_kvm_reason)" ]; then
	refuse_memory run --sandbox off -m 64M --workload packed,chase --working-set 64K --repeat 2 --json "$T/run.json"
	refuse_memory explain --sandbox off -m 64M
else
	tap_skip "no memory for a run" "$(no_kvm_reason)"
fi
tap_done
