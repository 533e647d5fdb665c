# All figures, translation cost, speed-ups, knees, and every cell with its state and command.
include "base";
include "page";

def identity_columns: [fixed_column("guest page"; "guest"), fixed_column("backing"; "backing"),
	fixed_column("prealloc"; "prealloc"),
	fixed_column("vCPUs"; "vcpus"), fixed_column("irqchip"; "irqchip")] | map(leading);
def ratio: number | if . == null then "–" else fixed(if fabs < 0.1 then 5 else 3 end) end;
def identity: {guest, backing, prealloc, vcpus: "\(.vcpus)", irqchip};
def bytes: if . == null then "" else size end;
def count: if . == null then "" else figure end;
def optional: if . == null then "" else figure end;
def order: sort_by([.workload, .guest_rank, .backing_rank, (.prealloc | prealloc_rank), .vcpus, .irqchip, .set]);

def figure_rows: .cells | order[] | . as $cell | (if .figures | length > 0 then .figures[] else {} end) as $f |
	identity + {key, workload: ([.workload, ($f.variant // "")] | map(select(. != "")) | join(" ")), stride: ($f.stride |
		bytes),
	set: ($f.set // .set | if . == 0 then "" else bytes end), pages: ($f.pages // 0 | if . == 0 then ""
		else "\(.)" end),
	value: (if $f.value == null then "" else $f.value | figure end), interval: (if $f.value == null then ""
		else span($f.ci) end),
	unit: ($f.unit // ""), n: (if ($f.n // 0) > 0 then "\($f.n)" else "" end),
	statistic: (if ($f.n // 0) > 0 then $f.statistic else "" end),
	least: ($f.least | optional), exits: ($f.exits | optional),
	faults: ($f.faults | optional), refs: ($f.refs | optional | rtrimstr(".00")),
	ratio: (if $f.ratio == null then "" else $f.ratio | ratio end),
	ratio_interval: (if $f.ratio == null then "" else $f.ratio_ci | interval | if . == null then "–"
		else map(ratio) | join(" to ") end end),
	minor: (.host.minor | count), major: (.host.major | count), hit: (.host.numa_hit | count),
	miss: (.host.numa_miss | count),
	notes: [(if .state != "ok" then .reason // "" else "" end), ($f.note // "")], state} |
	# Without a figure nothing is left to stand in columns of its own.
	if .state != "ok" and .value == "" then .lacks = true else . end;
# Neighbours without figures that differ in the working set alone are one row.
def together: reduce .[] as $row ([]; if $row.span != null and length > 0 and
	(.[-1] | del(.key, .set, .last, .cells)) == ($row | del(.key, .set)) then .[-1].last = $row.set | .[-1].cells += 1
	else . + [$row + {cells: 1}] end) | map(if .last then .set = "\(.set) to \(.last)" | .span += ", \(.cells) cells" else . end);
# $columns beside those that say which figure it is.
def figure_table($columns): slim_table([fixed_column("workload"; "workload") | leading] + identity_columns +
	[fixed_numbers("working set"; "set") | leading] + $columns);
def figures:
	([figure_rows] | footnotes) as {$rows, $notes} | ([.cells[].figures[] | select(.n > 0)] | interval_words) as $interval |
	($rows | map(if .lacks then .span = ([.state, .marks | select(. != "")] | join(" ")) else . end) | together) as $rows |
	"<h3>Figures</h3><p>A figure is the median over n allocations, each of which stands by the minimum or the median of its samples; \(if $interval == "no interval" then "of one there is no interval" else "its \($interval) follows" end). Least: of all samples. Exits and faults: of one operation, by KVM's count. refs: page-table references of one TLB miss in theory, without caches. Ratio: to the baseline <span class=\"key\">\(.baseline | html)</span>, paired by round, with its interval.</p>",
	($rows | figure_table([numbers("stride"; "stride"), fixed_numbers("pages"; "pages"),
		numbers("figure"; "value"), numbers("interval"; "interval"), (fixed_column("unit"; "unit") | loose),
		(fixed_column("n"; "n"), fixed_column("each by"; "statistic") | loose), numbers("least"; "least"),
		fixed_numbers("exits"; "exits"), fixed_numbers("faults"; "faults"), (fixed_numbers("refs"; "refs") | loose),
		numbers("ratio"; "ratio"), numbers("interval of it"; "ratio_interval"), fixed_column("note"; "marks")])),
	($notes | footnote_list);

# Of the whole host, so not a matter of one figure but of a cell's runs.
def host_faults:
	[.cells |= map(.figures |= map(.variant = "" | .stride = null)) | figure_rows | select(.lacks | not)] |
	reduce .[] as $row ([]; if .[-1].key == $row.key then . else . + [$row] end) |
	if all(.[]; .minor == "" and .hit == "") then empty else
	"<h3>Faults and NUMA beside the figures</h3><p>What the whole host counted while a cell ran, populating its memory included: the median over its runs.</p>",
	figure_table([numbers("minor faults"; "minor"), fixed_numbers("major faults"; "major"), numbers("NUMA hits"; "hit"),
		fixed_numbers("NUMA misses"; "miss")]) end;

def translation:
	"<h3>Translation cost</h3>", (if .translation | length == 0 then
		"<p>None: it takes chase and packed of the same configuration and working set.</p>"
	else "<p>chase - packed of the same configuration, paired by round: what translation adds to an access. Loads' worth: that cost in packed loads over as many lines as the leaf entries take, where each access walks; refs is what theory allows at most.</p>",
	([.translation | sort_by([.set, .guest_rank, .backing_rank, .prealloc, .vcpus])[] | identity + {set: (.set |
		bytes), pages: "\(.pages)", value: (.value | figure), interval: span(.ci), n: "\(.n)",
		refs: (.refs | optional | rtrimstr(".00")), reference: (.reference | optional), loads: (.loads |
			optional),
		loads_ci: (if .loads == null then "" else span(.loads_ci) end)}] |
	slim_table(identity_columns + [numbers("working set"; "set"), numbers("pages"; "pages"),
		numbers("cycles an access"; "value"), numbers("interval"; "interval"),
		fixed_column("n"; "n"), numbers("refs in theory"; "refs"), numbers("cycles a reference"; "reference"),
			numbers("loads' worth"; "loads"), numbers("interval"; "loads_ci")])) end);

# Keys of two cells: what differs, and what both have beside the workload.
def parts_of: text | split(",");
def without($parts): map(select(. as $p | $parts | index([$p]) | not)) | join(", ");
def alike($other): map(select(. as $p | ($other | index([$p])) and (test("^(workload|working-set)=") | not))) |
	join(", ");
def speed_ups:
	"<h3>Speed-ups by larger pages</h3>", (if .speed_ups | length == 0 then
		"<p>None: it takes cells that differ in a page size alone.</p>"
	else "<p>Above 1: the larger page is faster. Paired by round.</p>",
	([.speed_ups[] | {dimension, workload: ([.workload, .variant] | map(text | select(. != "")) | join(" ")),
		stride: (.stride | bytes), set: (.set | bytes), from: (.from | parts_of) , to: (.to | parts_of),
		value: (.value | figure), interval: span(.ci), n: "\(.n)"} | .from as $a | .to as $b |
		.from = ($a | without($b)) | .to = ($b | without($a)) | .alike = ($a | alike($b))] |
	slim_table([column("dimension"; "dimension"), fixed_column("workload"; "workload"), numbers("stride"; "stride"),
		numbers("working set"; "set"), column("from"; "from"), column("to"; "to"), column("alike"; "alike"),
		numbers("speed-up"; "value"), numbers("interval"; "interval"), fixed_column("n"; "n")])) end);
def knees:
	"<h3>Knees</h3>", (if .knees | length == 0 then
		"<p>None found: it takes a curve over several working sets that leaves a plateau.</p>"
	else ([.knees[] | identity + {of: (.of | text), below: (.pages_below | text), above: (.pages_above | text),
		from: (.value_below | figure), to: (.value_above | figure)}] |
	slim_table(identity_columns + [column("curve"; "of"), numbers("pages below"; "below"), numbers("pages above";
		"above"), numbers("cycles below"; "from"), numbers("cycles above"; "to")])) end);
def cells:
	"<details><summary>Every cell with its state and the command that runs it alone (\(.cells | length))</summary>",
	([.cells[] | {key: .key, state, runs: "\(.proof.runs)", disturbed: "\(.disturbed)", failed: "\(.failed)",
		notes: [.reason // ""], command: (.command | command_line)}] | footnotes | (.rows | slim_table([column("cell"; "key"),
		fixed_column("state"; "state"), fixed_numbers("runs"; "runs"), fixed_numbers("disturbed"; "disturbed"),
		fixed_numbers("failed"; "failed"), fixed_column("reason"; "marks"), column("command"; "command")])),
		(.notes | footnote_list)),
	"</details>";

"<section id=\"tables\"><h2>Tables</h2>", figures, host_faults, translation, speed_ups, knees, cells, "</section>"
