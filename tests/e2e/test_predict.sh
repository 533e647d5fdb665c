#!/usr/bin/env bash
# --predict says what the model expects beside what was measured, and how wrong it is where nothing was fitted. It would
# flatter the model if the error came from working sets that the constant was fitted to, and mislead if it were silent
# where it has nothing to say.
. "$(dirname "$0")/lib.sh"

need_build
need_tool jq

QUICK=(-m 64M --workload packed,chase --working-set 64K..16M --accesses 20000 --repeat 3)

# Every second working set is fitted to, by size; errors are those of the others, worked out anew.
HONEST='.points | sort_by(.pages) == . and
	([to_entries[] | .value.held_out == (.key % 2 == 1)] | all) and
	all((.error - (.predicted_cycles - .measured_cycles) / .measured_cycles) | fabs < 1e-9)'
SUMS='. as $p | [.points[] | select(.held_out)] as $out | .held_out_points == ($out | length) and
	.fitted_points == (.points | length) - ($out | length) and
	((.mean_error - ([$out[].error | fabs] | add / length)) | fabs < 1e-9) and
	((.most_error - ([$out[].error | fabs] | max)) | fabs < 1e-9)'

case_record native "${QUICK[@]}" --predict --cpu skylake
want_status 0
want_schema
want_json '.prediction | .cpu == "skylake" and .walk_kind == "native" and (.points | length == 9)' "a native walk, nine sets"
want_json ".prediction | .fitted and ($HONEST) and ($SUMS)" "halves and errors"
want_json '[.results[] | select(.workload == "chase") | .pages] == [.prediction.points[].pages]' "each chase has a point"
want_json '. as $r | [.prediction.points[] | . as $p | $r.results[] | select(.pages == $p.pages and .workload == "packed") |
	(if .stable_figure == "min" then .min else .median end) == $p.data_cycles] | all' "data is packed as measured"
want_text 'walk constant cW = .* cycles, fitted to 5 working sets'
want_text 'mean error .* %, largest .* %, on the 4 working sets that it was not fitted to'
want_text 'CPU: skylake, in'
conclude "native --predict: halves, errors, the constant by its name"

# What is small enough for every TLB of the description walks nowhere: then nothing is fitted, and it says so.
case_record native -m 64M --workload packed,chase --working-set 64K,128K --accesses 20000 --repeat 3 --predict --cpu skylake
want_status 0
want_json '.prediction | .fitted == false and .walk_constant_cycles == null and .held_out_points == 2' "nothing fitted"
want_text 'nothing was fitted'
conclude "--predict where nothing walks names no constant"

case_record native -m 64M --workload chase --working-set 64K --accesses 20000 --repeat 2 --predict --cpu zen3
want_status 0
want_json '.prediction == null' "no prediction"
want_text 'it takes packed and chase'
conclude "--predict without packed says what is missing"

case_record native "${QUICK[@]}" --predict
want_status 0
want_schema
want_json ".prediction | .cpu == \"host\" and .cpu_unit == \"core cycles\" and ($HONEST) and ($SUMS)" "this machine's own figures"
conclude "--predict takes this machine's figures by itself"

case_run native "${QUICK[@]}" --predict --cpu pentium
want_status 2
want_text 'pentium'
want_text 'skylake'
conclude "--cpu with an unknown name is refused with the names there are"

sed 's/^l1d_ways .*/l1d_ways = many/' vmm/theory/simulate/cpus/zen3.cpu >"$T/odd.cpu"
case_run native "${QUICK[@]}" --predict --cpu "$T/odd.cpu"
want_status 2
want_text "odd.cpu:[0-9]+.*l1d_ways|l1d_ways.*odd.cpu:[0-9]+|odd.cpu:[0-9]+"
conclude "a description with a line that is none is refused with the line"

rm -f "$T/run.json"
case_run sweep --guest-page 4K --native --backing anon --workload packed,chase --working-set 64K..4M --allocations 2 --repeat 2 \
	--accesses 20000 -m 64M --predict --cpu icelake --json "$T/run.json"
want_status 0
want_schema_of minivmm.sweep-2
want_json '.predictions | length == if $kvm then 2 else 1 end' "a prediction for each configuration" --argjson kvm \
	"$([ -z "$(no_kvm_reason)" ] && echo true || echo false)"
want_json ".predictions | all(($HONEST) and (.points | length == 7))" "halves"
want_text 'prediction +.*(guest-page=native|native)'
want_text 'walk constant|nothing was fitted'
conclude "sweep --predict: each configuration by itself"

# A prediction is asked of what was measured, so a sweep that was stopped can be asked for it when it goes on.
rm -f "$T/run.json"
timeout -s TERM 2 "$MINIVMM" sweep --guest-page 4K --native --backing anon --workload packed,chase --working-set 64K..4M \
	--allocations 40 --repeat 2 --accesses 20000 -m 64M --json "$T/run.json" --quiet >/dev/null 2>&1
case_run sweep --resume --allocations 1 --predict --cpu zen3 --json "$T/run.json"
want_status 0
want_json '.predictions | length >= 1 and all(.cpu == "zen3")' "predictions"
conclude "sweep --resume --predict"

cp "$T/run.json" "$T/a.json"
case_run compare "$T/a.json" "$T/a.json"
want_status 0
conclude "a sweep's file with predictions is still one that compare reads"
tap_done
