# All figures, translation cost, speed-ups, knees, and every cell with its state and command.
include "base";
include "page";

def identity_columns: [fixed_column("guest page"; "guest"), fixed_column("backing"; "backing"),
	fixed_column("prealloc"; "prealloc"),
	fixed_column("vCPUs"; "vcpus"), fixed_column("irqchip"; "irqchip")];
def identity: {guest, backing, prealloc, vcpus: "\(.vcpus)", irqchip};
def bytes: if . == null then "" else size end;
def count: if . == null then "" else figure end;
def optional: if . == null then "" else figure end;
def order: sort_by([.workload, .guest_rank, .backing_rank, (.prealloc | prealloc_rank), .vcpus, .irqchip, .set]);

# Cells without a figure are in the summary by their reasons, and one by one in the table of cells.
def figure_rows: .cells | order[] | . as $cell | .figures[] as $f |
	identity + {workload: ([.workload, ($f.variant // "")] | map(select(. != "")) | join(" ")), stride: ($f.stride |
		bytes),
	set: ($f.set // .set | if . == 0 then "" else bytes end), pages: ($f.pages // 0 | if . == 0 then ""
		else "\(.)" end),
	value: (if $f.value == null then "" else $f.value | figure end), interval: (if $f.value == null then ""
		else span($f.ci) end),
	unit: ($f.unit // ""), n: (if $f.n then "\($f.n) \($f.statistic)" else "" end), least: ($f.least | optional),
		exits: ($f.exits | optional),
	faults: ($f.faults | optional), refs: ($f.refs | optional | rtrimstr(".00")),
	ratio: (if $f.ratio == null then "" else "\($f.ratio | figure) (\(span($f.ratio_ci)))" end),
	minor: (.host.minor | count), major: (.host.major | count), hit: (.host.numa_hit | count),
		miss: (.host.numa_miss | count),
	remark: ([(if .state != "ok" then .state else empty end), (if .state != "ok" then (.reason // empty)
		else empty end), ($f.note // "" | select(. != "")) ] | join(": "))};
def figures:
	"<h3>Figures</h3><p>n: allocations, and what each of them stands by. Ratio: to the baseline <span class=\"key\">\(.baseline | html)</span>, paired by round, with its interval. refs: page-table references of one TLB miss in theory, without caches.</p>",
	([figure_rows] | slim_table([fixed_column("workload"; "workload")] + identity_columns + [numbers("stride";
		"stride"), numbers("working set"; "set"), numbers("pages"; "pages"),
		numbers("figure"; "value"), numbers("95 % interval"; "interval"), fixed_column("unit"; "unit"),
			numbers("n"; "n"), numbers("least"; "least"), numbers("exits/op"; "exits"),
		numbers("faults/op"; "faults"), numbers("refs"; "refs"), numbers("ratio"; "ratio"),
			column("remark"; "remark")]));

# Beside the figures, because a fault in the wrong place is what spoils one.
def faults:
	"<h3>Faults and NUMA beside the figures</h3><p>Medians over the runs of a cell, from the whole process's start to its end: of the whole host meanwhile.</p>",
	([figure_rows] | slim_table([fixed_column("workload"; "workload")] + identity_columns + [numbers("working set";
		"set"), numbers("figure"; "value"),
		numbers("host minor faults"; "minor"), numbers("major"; "major"), numbers("NUMA hits"; "hit"),
			numbers("misses"; "miss")]));

def translation:
	"<h3>Translation cost</h3>", (if .translation | length == 0 then
		"<p>None: it takes chase and packed of the same configuration and working set.</p>"
	else "<p>chase - packed of the same configuration, paired by round: what translation adds to an access. Effective references: that cost in units of one page-table reference, measured as a packed load over as many lines as the leaf entries take; refs is what theory allows at most.</p>",
	([.translation | sort_by([.set, .guest_rank, .backing_rank, .prealloc, .vcpus])[] | identity + {set: (.set |
		bytes), pages: "\(.pages)", value: (.value | figure), interval: span(.ci), n: "\(.n)",
		refs: (.refs | optional | rtrimstr(".00")), reference: (.reference | optional), effective: (.effective |
			optional),
		effective_ci: (if .effective == null then "" else span(.effective_ci) end)}] |
	slim_table(identity_columns + [numbers("working set"; "set"), numbers("pages"; "pages"),
		numbers("cycles an access"; "value"), numbers("95 % interval"; "interval"),
		fixed_column("n"; "n"), numbers("refs in theory"; "refs"), numbers("cycles a reference"; "reference"),
			numbers("effective refs"; "effective"), numbers("95 % interval"; "effective_ci")])) end);

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
		numbers("speed-up"; "value"), numbers("95 % interval"; "interval"), fixed_column("n"; "n")])) end);
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
		reason: (.reason // ""), command: (.command | command_line)}] |
	slim_table([column("cell"; "key"), column("state"; "state"), numbers("runs"; "runs"), numbers("disturbed";
		"disturbed"), numbers("failed"; "failed"), column("reason"; "reason"), column("command"; "command")])),
	"</details>";

"<section id=\"tables\"><h2>Tables</h2>", figures, translation, speed_ups, knees, faults, cells, "</section>"
