#!/usr/bin/env bash
# The native runner works through the same plan as the guest: same accesses, same checksums, on the same backings.
# It could break where the two sides stop being the same objects, and then their figures are not comparable.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

PLAN=(-m 256M --workload packed,chase,seq,gups --working-set 256K,8M --repeat 3 --accesses 100000 --seed 7)
KEY='[.results[] | [.workload, .variant, .working_set_bytes, .pages, .accesses, .checksum]]'

case_record native "${PLAN[@]}"
want_status 0
want_schema
want_json '.verdict == "ok" or .verdict == "disturbed"' "verdict"
want_json '.results | length >= 8' "all steps"
want_json '[.results[] | .median] | all(. > 0)' "figures"
want_json '.host.tsc_khz > 100000' "a plausible TSC"
if grep -qw hypervisor /proc/cpuinfo; then
	want_json '.host.hypervisor' "the host's own hypervisor is seen"
	want_text '[Tt]wo-dimensional|two dimensions'
fi
conclude "native runs the plan"
native=$(jq -c "$KEY" "$T/run.json" 2>/dev/null)

# want_in_guest WHAT ARGUMENTS...: the guest comes to what the native run before did, by the same accesses and without an exit.
reason=$(no_kvm_reason)
want_in_guest() {
	local what=$1 native
	shift
	[ -z "$reason" ] || {
		tap_skip "guest and native $what agree" "$reason"
		return
	}
	native=$(jq -c "$KEY" "$T/run.json" 2>/dev/null)
	case_record run "$@"
	want_status 0
	want_schema
	want_json 'all(.results[]; .exits == 0)' "no exits"
	[ "$native" = "$(json "$KEY | tojson")" ] || problem "native: $native" "guest: $(json "$KEY | tojson")"
	conclude "guest and native $what agree"
}
want_in_guest checksums "${PLAN[@]}"

case_record native "${PLAN[@]}"
[ "$native" = "$(json "$KEY | tojson")" ] || problem "checksums differ between two runs of one seed"
conclude "one seed, one access sequence"

case_record native "${PLAN[@]}" --seed 8
[ "$native" != "$(json "$KEY | tojson")" ] || problem "checksums do not depend on the seed"
conclude "another seed, another sequence"

# A load that hits L1 takes a whole number of core cycles. A busy SMT sibling makes it longer, for seconds at a time; and in a
# run as short as this all readings of the clock may have been held up, so that it comes out shorter. Of several runs the
# middle one is that number, in one of four moments at least.
is_whole() {
	tr ' ' '\n' <<<"$*" | grep . | sort -g | awk '{ v[NR] = $1 } END { whole = int(v[3] + 0.5)
		exit !(NR == 5 && whole >= 3 && whole <= 6 && v[3] > whole - 0.1 && v[3] < whole + 0.1) }'
}
for moment in 1 2 3 4; do
	figures=
	[ $moment = 1 ] || sleep 3
	for _ in 1 2 3 4 5; do
		case_record native -m 64M --workload packed --working-set 256K
		want_status 0
		figures="$figures $(json '.results[0] | select(.unit == "core cycles/access") | .min')"
	done
	[ -n "${figures// /}" ] && ! is_whole "$figures" || break
done
if [ -z "${figures// /}" ]; then
	tap_skip "an L1 hit takes a whole number of core cycles" "the clock of this core is not known"
else
	is_whole "$figures" || problem "core cycles: $figures"
	conclude "an L1 hit takes a whole number of core cycles"
fi

# Cursors that are not in registers would load and store beside the loads that are counted.
loops() {
	objdump -d --no-show-raw-insn build/obj/guest/workloads/chains.o | awk '
		$1 ~ /^[0-9a-f]+:$/ {
			sub(/:/, "", $1); at[$1] = ++n; what[n] = $2; text[n] = $0
			if ($2 ~ /^jn/ && $3 in at) {
				loads = others = 0
				for (i = at[$3]; i < n; i++)
					if (what[i] == "mov" && text[i] ~ /mov +(0x0)?\(%(r[a-z0-9]+)\),%r/) loads++
					else if (what[i] != "dec") others++
				for (i = at[$3]; i < n; i++) if (text[i] ~ /%rsp/) others++
				print loads, others
			}
		}' | sort -n | xargs
}
if ! type objdump >/dev/null 2>&1; then
	tap_skip "loops of several chains are loads alone" "objdump is not installed"
else
	problems=()
	got=$(loops)
	[ "$got" = "8 0 12 0 16 0 20 0 24 0 28 0 32 0 36 0 40 0 44 0 48 0" ] || problem "loads and others of each loop: $got"
	conclude "loops of several chains are loads alone"
fi

CHAINS=(-m 64M --workload packed,chase --working-set 64K,8M --chains 1,2,3,12 --repeat 3 --accesses 100000 --seed 7)
case_record native "${CHAINS[@]}"
want_status 0
want_schema
want_json '[.results[] | .chains] == [range(4) | 1, 2, 3, 12]' "a row for each number of chains"
want_json '[.results[] | .checksum] | unique | length == 8' "checksums"
want_json 'all(.results[]; .accesses >= 100000 and .accesses % .chains == 0)' "accesses of all chains"
want_text '^throughput .*packed 64K: '
conclude "native chains"
want_in_guest chains "${CHAINS[@]}"

LOADS=(-m 64M --workload packed,chase --working-set 64K,8M --histogram --repeat 3 --accesses 100000 --seed 7)
case_record native "${LOADS[@]}"
want_status 0
want_schema
want_json '[.results[] | .variant] == [range(4) | "", "single"]' "a part of single loads for each step"
want_json 'all(.results[] | select(.variant == ""); .histogram == null)' "no other part has a histogram"
want_json 'all(.results[] | select(.variant == "single"); .histogram.loads == 3 * .accesses and
	([.histogram.buckets[].loads] | add) == .histogram.loads and .histogram.p50 <= .histogram.p99 and
	(.histogram.modes | length) > 0)' "all loads are in buckets"
want_text '^histogram .*packed single 64K: each load'
want_text '^modes .* at '
conclude "native histogram"
want_in_guest "single loads" "${LOADS[@]}"

for backing in anon thp memfd; do
	case_record native -m 128M --backing $backing --prealloc --workload touch,chase --working-set 8M --repeat 2 \
		--accesses 50000
	if [ $backing = thp ] && ! grep -q '\[\(always\|madvise\)\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
		tap_skip "native on thp" "transparent huge pages are off on this host"
		continue
	fi
	want_status 0
	want_json '.requested.page_bytes == .observed.page_bytes' "page size"
	conclude "native on $backing"
done
tap_done
