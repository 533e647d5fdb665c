# Dot plots: whatever has no axis of its own, one line a figure with its interval, in sections by workload and variant.
include "base";
include "panel";

def most_rows: 40;
# What an operation had of each, exits or faults; one in a table of many is no "1 exits".
def count($one; $many): if . == null or . <= 0 then empty elif . < 0.001 then "<0.001 \($many)"
	else . * 1000 | round / 1000 | "\(.) \(if . == 1 then $one else $many end)" end;
def beside: ([if .exits != null and .exits > 0 and .exits == .faults then .exits | count("exit and fault"; "exits and faults")
	else (.exits | count("exit"; "exits")), (.faults | count("fault"; "faults")) end] | join(", ")) as $counts |
	"\(.value | figure)\(if .ci == null then "" else " (\(.ci | brief_span))" end)\(if $counts == "" then "" else "; " + $counts end)";

# Rows of one section: its name, then its figures; numbered from the top afterwards.
def section: (varying) as $varying | [{section: (.[0] | part | plain)}, (sort_by(rank)[] | . +
	{name: configuration($varying)})];
# Sections into pictures of at most most_rows lines; a longer section goes on in the next one.
def pages: reduce .[] as $section ([]; $section[0] as $head | $section[1:] as $rows |
	reduce range(0; $rows | length; most_rows - 1) as $i (.; [$head, $rows[$i:$i + most_rows - 1][]] as $piece |
	if length > 0 and ((.[-1] | length) + ($piece | length)) <= most_rows then .[-1] += $piece else . +
		[$piece] end));

def sections: map(select(.section) | .section) | unique;
def panel($axis; $number; $of):
	# One section alone is named by the title.
	sections as $parts | (if $parts | length == 1 then map(select(.name))
		else . end) |
	to_entries | length as $rows | ([.[].value.name // "" | length] | max) as $left | ([.[].value | select(.name) |
		beside | length] | max) as $right |
	map(.value | select(.name)) as $points |
	"\($parts[0:4] | join(", "))\(if $parts | length > 4 then ", ..." else "" end)\(if $of > 1 then " (\($number) of \($of))" else "" end)" as $title |
	{kind: "dots", title: $title, text: [$title, ($points[0].unit | unit_words($points)), ""],
	 par: {width: 880, height: (90 + 19 * $rows), rows: $rows, heads: (if $parts | length == 1 then 0 else 1 end),
		left: $left, right: $right, xlog: ($axis.log | bool), xmin: $axis.range[0], xmax: $axis.range[1]},
	 files: {dots: map(.key as $row | .value | select(.name) | [$rows - $row, .value, ([low, (if $axis.log then
		$axis.range[0] else low end)] | max), high, .name, beside]),
		heads: map(select(.value.section) | [$rows - .key, .value.section]), xt: $axis.ticks},
	 caption: "<b>\($title | html).</b> One line a cell: named guest page on backing: the dot is the median over its allocations, the bar its \($points | interval_words), in figures on the right, with exits and faults an operation where there were any.\(if $axis.log then " The axis is logarithmic." else "" end)"};

# $drawn: points that another picture shows already.
def dots($drawn):
	def id: [.key, .variant, .stride, .set] | tojson;
	(reduce $drawn[] as $p ({}; .[$p | id] = true)) as $known |
	[points[] | select($known[id] | not)] | group_by(.unit) | map(
		(group_by([.workload, .variant]) | map(section) |
			pages) as $pages |
		($pages | map(sections)) as $titles | range($pages | length) as $i | $titles[$i] as $title |
		([range($pages | length) | select($titles[.] == $title)]) as $same |
		$pages[$i] | (map(select(.name) | low, high, .value) | axis(true)) as $axis |
		panel($axis; ($same | index($i)) + 1; $same | length));
