#!/usr/bin/env bash
# The model says the published counts, lists what it counts, and prices a size, on a host without KVM and for any user.
# It could break by an option that picks another cell than it names, or by text and JSON that say different things.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

# case_model OPTIONS: its file is then in $T/run.json.
case_model() {
	rm -f "$T/run.json"
	case_run model "$@" --json "$T/run.json"
	want_schema_of minivmm.model-1
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
}

if [ -n "$SCHEMA_CHECK" ]; then
	problems=() command_line=(jsonschema tests/golden)
	for golden in tests/golden/model-*.json; do
		cp "$golden" "$T/run.json"
		want_schema_of minivmm.model-1
	done
	jq '.table |= .[1:]' tests/golden/model-table.json >"$T/run.json"
	[ -z "$(want_schema_of minivmm.model-1; printf '%s' "${problems[@]}")" ] && problem "a table without a cell passes"
	conclude "the golden models keep to the schema; a table without a cell does not"
else
	tap_skip "models against their schema" "python3-jsonschema is not installed"
fi

# The published table: guest levels and page, then the counts of a 4-level host, a 5-level host, native, and shadow.
case_model
want_status 0
want_json '.list == null and .scale == null and .simulation == null' "the table alone"
while read -r levels page counts; do
	want_json '[.table[] | select(.guest_levels == $levels and .guest_leaf_bytes == $page) | .references] == $counts' \
		"row of $levels levels, $page bytes" --argjson levels "$levels" --argjson page "$page" --argjson counts "$counts"
done <<'END'
4 4096       [24,19,14,29,24,19,4,4,4,4]
4 2097152    [19,15,11,23,19,15,3,4,3,3]
4 1073741824 [14,11,8,17,14,11,2,4,3,2]
5 4096       [29,23,17,35,29,23,5,5,5,5]
5 2097152    [24,19,14,29,24,19,4,5,4,4]
5 1073741824 [19,15,11,23,19,15,3,5,4,3]
END
want_json '[.table[] | select(.kind == "unpaged") | .references] == [4,3,2,5,4,3]' "guests without paging"
want_text '^4-level 4K +24 +19 +14 +29 +24 +19 +4 +4 +4 +4$'
want_text '^5-level 4K +29 +23 +17 +35 +29 +23 +5 +5 +5 +5$'
want_text '^unpaged +4 +3 +2 +5 +4 +3( +-){4}$'
conclude "the table of references, as published"

# list COUNT FORMULA OPTIONS: that many numbered references, in text and JSON.
list() {
	local count=$1 formula=$2
	shift 2
	case_model "$@"
	want_status 0
	want_json '.table == null and .scale == null' "the list alone"
	want_json '.list.count == $count and .list.formula == $formula and
		[.list.references[].number] == [range(1; $count + 1)]' "$count references" \
		--argjson count "$count" --arg formula "$formula"
	[ "$(grep -cE '^ *[0-9]+ +(host|guest|shadow|native) ' "$T/out")" = "$count" ] || problem "not $count lines"
	grep -qF "$formula" "$T/out" || problem "no $formula in the text"
	conclude "model $*: $count references"
}
list 19 "(3+1)(4+1)-1 = 19" --guest-page 2M
list 19 "(4+1)(3+1)-1 = 19" --host-page 2M
list 8 "(2+1)(2+1)-1 = 8" --guest-page 1G --host-page 1G
list 35 "(5+1)(5+1)-1 = 35" --guest-levels 5 --host-levels 5
list 29 "(4+1)(5+1)-1 = 29" --host-levels 5
list 24 "(4+1)(4+1)-1 = 24" --kind nested
list 3 3 --kind shadow --guest-page 2M --host-page 1G
list 2 2 --kind native --guest-page 1G
list 5 5 --kind unpaged --host-levels 5

case_model -m 16T --guest-page 4K --host-page 1G
want_status 0
want_json '.table == null and .list == null' "the size's costs alone"
want_json '.scale | .references == 14 and .guest_tables.tables == 8405025 and .host_tables.tables == 33' "tables"
want_json '.scale.populate | .faults == 16384 and .fault_ns == 1000 and .costs == "stated, not measured"' "faults"
want_text 'at most 14 memory references: \(4\+1\)\(2\+1\)-1 = 14'
conclude "16T of 4K on 1G: counted by hand"

case_model -m 16T --kind shadow --guest-page 2M --host-page 4K --fault-cost 2500
want_status 0
want_json '.scale.populate | .faults == 4294967296 and .fault_ns == 2500 and .fault_s == 10737.41824' "faults of 4K"
want_json '.scale | .references == 4 and .host_tables == null' "one dimension"
conclude "shadow paging: the smaller page is what faults, at the price given"

case_model -m 300T
want_status 0
want_json '.scale | .guest_levels == 5 and .host_levels == 5 and .references == 35' "raised to 5 levels"
want_text 'counted with 5'
conclude "what 4 levels do not reach has 5"

case_model -m 16777215T
want_status 0
want_json '.scale.memory_bytes == "18446742974197923840" and .scale.beyond_physical_addresses' "exabytes"
conclude "exabytes do not overflow"

# Simulations: every count adds up, in each kind of tables. What none of them has is null.
SUMS='.simulation.rows | all(.counts as $c |
	$c.dtlb_hits + $c.dtlb_misses == .accesses and $c.stlb_hits + $c.stlb_misses == $c.dtlb_misses and
	$c.walks == $c.stlb_misses and ([$c.data_loads[]] | add) == .accesses and
	([$c.guest_entry_loads[]] | add) == $c.guest_references and ([$c.host_entry_loads[]] | add) == $c.host_references and
	(if $c.walks == 0 then .references_per_walk == null
		else ((.references_per_walk - ($c.guest_references + $c.host_references) / $c.walks) | fabs < 1e-9) and
			.references_per_walk <= .theory_references end))'
# simulated KIND WORKLOADS THEORY ROWS: over two working sets, one of which no TLB holds; 512G apart its pages have no addresses.
simulated() {
	case_model --kind "$1" --workload "$2" --working-set 64K,32M --cpu skylake
	want_status 0
	want_json '.table == null and .list == null and .scale == null and (.simulation.rows | length == $rows)' "the rows alone" \
		--argjson rows "$4"
	want_json "$SUMS" "sums"
	want_json '.simulation.rows | all(.plan.kind == $kind and .theory_references == $theory)' "the tables asked for" \
		--arg kind "$1" --argjson theory "$3"
	want_json '[.simulation.rows[].workload] | unique == ($workloads | split(",") | sort)' "the workloads asked for" \
		--arg workloads "$2"
	want_json '.simulation.rows | any(.counts.walks > 0) and any(.counts.walks == 0)' "the smaller set walks nowhere"
	want_text '^simulated +no access here was measured'
	conclude "simulated, $1: whole, and every count adds up"
}
simulated nested packed,chase,gups,alias 24 15
simulated shadow packed,chase,gups,alias 4 15
simulated native packed,chase,gups,alias 4 15
simulated unpaged packed,chase,gups 4 6

if [ -n "$SCHEMA_CHECK" ]; then
	case_run model --workload chase --working-set 64K --json "$T/whole.json"
	want_status 0
	for spoilt in 'del(.simulation.rows[0].counts.walks)' '.simulation.rows[0].counts.extra = 1' '.simulation.rows = []' \
		'.simulation.rows[0].stride_bytes = 64' '.simulation.rows[0].plan.host_levels = null' \
		'del(.simulation.cpu.figures.l2_ways)' '.simulation.cpu.figures.stlb_hashed.value = 1' \
		'.simulation.rows[0].closed_form.m2 = 1.5'; do
		jq "$spoilt" "$T/whole.json" >"$T/run.json"
		[ -z "$(problems=(); want_schema_of minivmm.model-1; printf '%s' "${problems[@]}")" ] && problem "the schema takes $spoilt"
	done
	conclude "a simulation that lacks or adds something breaks the schema"
else
	tap_skip "simulations against their schema" "python3-jsonschema is not installed"
fi

case_run model --kind shadow --json -
want_status 0
jq -e '.list.count == 4 and .command[1] == "model"' "$T/out" >/dev/null || problem "stdout is not the document"
grep -q 'shadow' "$T/err" || problem "the text did not go to stderr"
conclude "--json - : the document on stdout, the text on stderr"

case_model --quiet
want_status 0
[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || problem "not quiet"
want_json '.table | length == 66' "the file is whole"
conclude "--quiet: the file alone"

# refused WORDS OPTIONS: status 2, nothing on stdout.
refused() {
	local words=$1
	shift
	case_run model "$@"
	want_status 2
	want_text "$words"
	[ ! -s "$T/out" ] || problem "something on stdout"
	conclude "refused: model $*"
}
refused '4K, 2M or 1G' --guest-page 64K
refused '4K, 2M or 1G' --host-page 3M
refused 'nested, shadow, native or unpaged' --kind ept
refused '4' --guest-levels 3
refused '5' --host-levels 6
refused 'fault-cost' --fault-cost 0 -m 1G
refused 'memory' --memory 0
refused 'memory' --memory 17179869184G
refused 'memory' --memory -1G
refused '17G is more than can be simulated' --workload chase --working-set 64K,17G
refused '--accesses' --workload chase --working-set 64K,16G --accesses 10000000
refused 'without paging' --kind unpaged --workload chase,alias
refused 'at most 65536 bytes' --workload chase --cpu /dev/zero
refused 'directory' --workload chase --cpu /tmp
refused 'title' --workload chase --cpu /dev/null

case_run model --json "$T/no/such/directory/model.json"
want_status 1
want_text 'no/such/directory'
[ ! -s "$T/out" ] || problem "text came before the failure was known"
conclude "a file that cannot be written is known before anything is printed"

if [ -w /dev/full ]; then
	problems=() command_line=(model to a full disk)
	"$MINIVMM" model --json "$T/run.json" >/dev/full 2>"$T/err"
	status=$?
	: >"$T/out"
	want_status 1
	want_json '.table | length == 66' "the file is whole"
	conclude "a lost stdout is told and does not cost the file"
else
	tap_skip "a lost stdout is told" "no /dev/full"
fi

tap_done
