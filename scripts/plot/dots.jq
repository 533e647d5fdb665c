# Dot plots: whatever has no axis of its own, one line a figure with its interval, in sections by workload and variant.
include "base";
include "panel";

def most_rows: 40;
def beside: . as $p | (.value as $v | .ci as $ci | $v | plus_minus($ci)) +
	(if .exits != null and .exits > 0 then ", \(.exits | figure) exits" else "" end) +
	(if .faults != null and .faults > 0 then ", \(.faults | figure) faults" else "" end);

# Rows of one section: its name, then its figures; numbered from the top afterwards.
def section: (varying) as $varying | [{section: (.[0] | part | plain)}, (sort_by(rank)[] | . +
	{name: configuration($varying)})];
# Sections into pictures of at most most_rows lines; a longer section goes on in the next one.
def pages: reduce .[] as $section ([]; $section[0] as $head | $section[1:] as $rows |
	reduce range(0; $rows | length; most_rows - 1) as $i (.; [$head, $rows[$i:$i + most_rows - 1][]] as $piece |
	if length > 0 and ((.[-1] | length) + ($piece | length)) <= most_rows then .[-1] += $piece else . +
		[$piece] end));

def panel($axis; $number; $of):
	# One section alone is named by the title.
	(map(select(.section) | .section) | unique) as $parts | (if $parts | length == 1 then map(select(.name))
		else . end) |
	to_entries | length as $rows | ([.[].value.name // "" | length] | max) as $left | ([.[].value | select(.name) |
		beside | length] | max) as $right |
	(map(.value | select(.name)) | .[0].unit) as $unit |
	"\($parts[0:4] | join(", "))\(if $parts | length > 4 then ", ..." else "" end)\(if $of > 1 then " (\($number) of \($of))" else "" end)" as $title |
	{kind: "dots", title: $title, text: [$title, ($unit | unit_words), ""],
	 par: {width: 760, height: (90 + 19 * $rows), rows: $rows, heads: (if $parts | length == 1 then 0 else 1 end),
		left: $left, right: $right, xlog: ($axis.log | bool), xmin: $axis.range[0], xmax: $axis.range[1]},
	 files: {dots: map(.key as $row | .value | select(.name) | [$rows - $row, .value, ([low, (if $axis.log then
		$axis.range[0] else low end)] | max), high, .name, beside]),
		heads: map(select(.value.section) | [$rows - .key, .value.section]), xt: $axis.ticks},
	 caption: "<b>\($title | html).</b> One line a cell: the dot is the middle of its allocations, the bar its 95 % interval; in figures on the right, with exits and faults an operation where there were any.\(if $axis.log then " The axis is logarithmic." else "" end)"};

# $drawn: points that another picture shows already.
def dots($drawn):
	def id: [.key, .variant, .stride, .set] | tojson;
	(reduce $drawn[] as $p ({}; .[$p | id] = true)) as $known |
	[points[] | select($known[id] | not)] | group_by(.unit) | map(
		(map(low, high, .value) | axis(true)) as $axis | (group_by([.workload, .variant]) | map(section) |
			pages) as $pages |
		range($pages | length) as $i | $pages[$i] | panel($axis; $i + 1; $pages | length));
