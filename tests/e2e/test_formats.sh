#!/usr/bin/env bash
# What scripts and papers read: JSON, CSV, help, version, the effective configuration, and who writes on which stream.
# It could break by one stray line on stdout.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

reason=$(no_kvm_reason)
command=run
[ -z "$reason" ] || command=native
PLAN=("$command" -m 128M --workload touch,packed,chase --working-set 256K --repeat 3 --accesses 20000)

if [ -n "$SCHEMA_CHECK" ]; then
	problems=() command_line=(jsonschema)
	jq -e . tests/schema/minivmm.run-2.json >/dev/null || problem "the schema is no JSON"
	if echo '{}' >"$T/run.json" && want_schema && [ ${#problems[@]} = 0 ]; then
		problem "the schema accepts an empty object"
	else
		problems=()
	fi
	conclude "the schema refuses an empty record"
	problems=() command_line=(jsonschema tests/golden)
	for golden in run isolate; do
		cp "tests/golden/$golden.json" "$T/run.json"
		want_schema
	done
	jq '.results[0].samples = []' tests/golden/run.json >"$T/run.json"
	[ -z "$(want_schema; printf '%s' "${problems[@]}")" ] && problem "a median without samples passes"
	conclude "the golden records keep to the schema; a median without samples does not"
else
	tap_skip "records against their schema" "python3-jsonschema is not installed"
fi

case_run "${PLAN[@]}" --json -
want_status 0
cp "$T/out" "$T/run.json"
want_json '.schema == "minivmm.run/2"' "stdout is one record"
want_schema
want_json '[.results[] | .samples | length >= 1] | all' "samples kept"
want_json '[.results[] | .within_allocation[0] <= .median and .median <= .within_allocation[1] and .min <= .median] | all' "summary in order"
grep -q chase "$T/err" || problem "the text did not go to stderr"
conclude "--json - : the record on stdout, the text on stderr"

case_run "${PLAN[@]}" --csv "$T/run.csv" --json "$T/run.json"
want_status 0
want_text 'chase'
awk -F, 'NR == 1 { n = NF } NF != n { bad = 1 } END { exit bad || NR < 2 }' <(sed 's/"[^"]*"/text/g' "$T/run.csv") ||
	problem "rows of different width: $(head -n 3 "$T/run.csv")"
[ "$(tail -n +2 "$T/run.csv" | wc -l)" = "$(json '.results | length')" ] || problem "CSV and JSON disagree on the number of rows"
for column in workload working_set_bytes pages median min exits; do
	head -n 1 "$T/run.csv" | tr ',' '\n' | grep -qx "\"\?$column\"\?" || problem "no CSV column $column"
done
conclude "--csv and --json: same rows"

if [ -z "$reason" ]; then
	case_record -m 128M --workload exit,cr8,vpid,touch --working-set 256K --repeat 2 --accesses 200
	want_status 0
	want_schema
	want_json '[.results[] | select(.samples == []) | .median == null and .note != ""] | all' \
		"no figure, no median, but a reason"
	want_json '[.results[] | select(.exits_per_operation != null) |
		(.exits_per_operation * .operations - .exits | fabs) < 0.01] | length >= 2 and all' \
		"exits an operation are exits by operations"
	want_json '.observed.memory_slots >= 1 and .requested.kernel_irqchip == false' "the machine is told"
	want_text 'exit port-user .* 1\.00 '
	conclude "parts that exit: counts an operation, reasons where there is no figure"

	case_record -m 128M --workload touch,mlock --working-set 4M --repeat 2 --csv "$T/run.csv"
	want_status 0
	want_schema
	want_json '.results | map(.first_touch) == ["seen", null, "void", null] and .[0].page_faults >= .[0].faults_theory_least and
		.[0].median > 0 and (.[2] | .page_faults == 0 and .faults_theory_most == 1024 and .samples == [] and .median == null)' \
		"of memory that was touched before there is no first touch"
	grep -q '"mlock","first",.*"void"' "$T/run.csv" || problem "not void in the CSV"
	want_text 'mlock first: void, no first touches of 4M'
	conclude "a first touch that was none is void in text, JSON and CSV"
else
	tap_skip "parts that exit: counts an operation" "$reason"
fi

case_run "${PLAN[@]}" --csv -
want_status 0
head -n 1 "$T/out" | grep -q workload || problem "no header on stdout"
grep -q chase "$T/err" || problem "the text did not go to stderr"
conclude "--csv - : rows on stdout, the text on stderr"

case_run "${PLAN[@]}" --quiet
want_status 0
[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || problem "not quiet"
conclude "--quiet says nothing"

case_run "${PLAN[@]}"
want_status 0
[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns: $(awk 'length > 100' "$T/out" | head -n 1)"
[ "$(wc -l <"$T/out")" -le 60 ] || problem "more than a screen: $(wc -l <"$T/out") lines"
! grep -q "$(printf '\033')" "$T/out" || problem "colour without a terminal"
[ ! -s "$T/err" ] || problem "stderr is not empty"
conclude "the text fits a screen of 100 columns"

case_run "${PLAN[@]}" --dump-config
want_status 0
want_text 'memory'
want_text '128M|134217728'
conclude "--dump-config says what would run"

case_command "$MINIVMM" --dump-config
want_status 0
want_text '1G|1073741824'
conclude "defaults: 1G"

for words in "--help" "run --help" "native --help" "--workload help" "run --workload help" "--version"; do
	read -r -a list <<<"$words"
	case_run "${list[@]}"
	want_status 0
	[ -s "$T/out" ] && [ ! -s "$T/err" ] || problem "not on stdout"
	[ "$(wc -L <"$T/out")" -le 100 ] || problem "wider than 100 columns"
	conclude "$words: stdout, status 0"
done
want_text 'ABI 5, schema minivmm.run/2'
conclude "--version names ABI and schema"

case_run --help
for option in --memory --mem-path --backing --page-size --prealloc --share --reserve --host-nodes --smp --pin \
	--guest-page --workload --working-set --accesses --repeat --seed --timeout --json --csv --quiet --dump-config; do
	case_text=$(cat "$T/out"; "$MINIVMM" run --help 2>/dev/null)
	grep -qe "$option" <<<"$case_text" || problem "help does not name $option"
done
conclude "help names every option"

case_run "$command" -m 64 --workload none -smp 1 -mem-prealloc
want_status 0
conclude "QEMU's spellings; a bare number is MiB"
# A label is kept in whatever is written, and does not make another plan of a sweep.
case_run "${PLAN[@]}" --label "night 1" --csv "$T/label.csv" --json "$T/label.json"
want_status 0
want_text '^label +night 1$'
[ "$(jq -r .label "$T/label.json")" = "night 1" ] || problem "the record's label: $(jq -c .label "$T/label.json")"
head -n 1 "$T/label.csv" | grep -q ',label,' || problem "no column label"
grep -q ',"night 1",' "$T/label.csv" || problem "the label is in no line of the CSV"
conclude "--label is in text, JSON and CSV"

tap_done
