#!/usr/bin/env bash
# The file of a sweep against its schema, both ways: what minivmm and the tests' own generator write keeps to it, and what
# contradicts itself does not. A schema that takes everything proves nothing, and a generator that drifts from the format
# would test a comparison on files that no sweep writes.
. "$(dirname "$0")/lib.sh"

need_tool jq

make_matrix() {
	jq -n -f tests/sweep/make_matrix.jq --argjson cells "$1" --argjson seed "$2" --argjson factor "$3" --argjson sd "$4"
}

# One way to contradict oneself a line, on the golden file.
spoilt() {
	cat <<-'END'
		.schema = "minivmm.sweep/3"
		.more = 1
		del(.knees)
		.cells[0].reason = "none"
		.cells[5].reason = null
		.cells[0].runs = []
		.cells[3].guest_page_bytes = 4096
		.cells[0].runs[0].rows[0].samples = []
		.cells[0].figures[0].interval = null
		.cells[4].figures[1].interval = [1, 2]
		.cells[3].figures[0].ratio_interval = null
		.cells[0].figures[0] += { ratio: 1, ratio_interval: [1, 1] }
		.cells[5].figures = [.cells[4].figures[0]]
	END
}

if [ -n "$SCHEMA_CHECK" ]; then
	problems=() command_line=(jsonschema tests/golden/sweep.json)
	cp tests/golden/sweep.json "$T/run.json"
	want_schema_of minivmm.sweep-2
	conclude "the golden sweep keeps to its schema"

	problems=() command_line=(jsonschema tests/golden/sweep.json made wrong)
	while read -r filter; do
		jq "$filter" tests/golden/sweep.json >"$T/run.json" || problem "jq: $filter"
		[ -n "$(want_schema_of minivmm.sweep-2; printf '%s' "${problems[@]}")" ] || problem "it passes: $filter"
	done < <(spoilt)
	conclude "a sweep that contradicts itself breaks its schema"

	problems=() command_line=(make_matrix)
	for cells in 1 7 300; do
		make_matrix "$cells" 1 1 0.01 >"$T/run.json" || problem "no matrix of $cells cells"
		want_schema_of minivmm.sweep-2
		want_json '(.cells | length) == $n and ([.cells[].key] | unique | length) == $n' "$cells cells, each once" \
			--argjson n "$cells"
	done
	conclude "generated sweeps keep to the schema"
else
	tap_skip "sweeps against their schema" "python3-jsonschema is not installed"
fi

# What tests of comparisons rely on: a factor that is exact, noise of the deviation that was asked for, independent of seeds.
problems=() command_line=(make_matrix 300)
make_matrix 300 1 1 0.01 >"$T/a.json" && make_matrix 300 1 1 0.01 >"$T/same.json" || problem "no matrix"
cmp -s "$T/a.json" "$T/same.json" || problem "equal arguments make other files"
make_matrix 300 2 1 0.01 >"$T/b.json" && make_matrix 300 1 1.03 0.01 >"$T/c.json" || problem "no matrix"
jq -n --slurpfile a "$T/a.json" --slurpfile b "$T/b.json" --slurpfile c "$T/c.json" '
	# Where each allocation stands: its least sample, relative to the mean of its cell.
	def best: [.[0].cells[] | [.runs[].rows[0].samples | min]];
	def noise: [best[] | (add / length) as $mean | .[] / $mean - 1];
	def mean: add / length;
	def deviation: map(. * .) | mean | sqrt;
	($a | noise) as $x | ($b | noise) as $y |
	{ sd: ($x | deviation * (5 / 4 | sqrt)),
	  correlation: ([range($x | length) | $x[.] * $y[.]] | mean / (($x | deviation) * ($y | deviation))),
	  factor: ([($c | best | flatten), ($a | best | flatten)] | transpose | map(.[0] / .[1]) | [min, max]) }' \
	>"$T/run.json" || problem "no figures of the noise"
want_json '.sd > 0.009 and .sd < 0.011' "noise of 1 %"
want_json '.correlation | fabs < 0.1' "seeds 1 and 2 are independent"
want_json '.factor | (.[0] > 1.029999 and .[1] < 1.030001)' "every value 3 % higher"
conclude "generated sweeps differ by what was asked"
tap_done
