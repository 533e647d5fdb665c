# Curves: figures over the pages touched, the working set or the vCPUs, one curve a configuration.
include "base";
include "panel";

def least_points: 3;

# Points of one part of one workload -> curves, by configuration. $x: the member that is the x axis.
def curves($x; $varying):
	($varying - [$x, (if $x != "vcpus" then "set" else empty end)]) as $parts |
	group_by([rank[0:3], (if $x == "vcpus" then null else .vcpus end), .irqchip, .stride, (if $x == "vcpus" then
		.set else null end)]) |
	map(.[0] + {$parts, name: (.[0] | configuration($parts)), at: (map(select(.[$x] > 0)) | sort_by(.[$x]))}) |
	sort_by(rank);
def widest($x): map(.at | map(.[$x]) | unique | length) | max // 0;

# Marks of knees on these curves, those of translation where there are any; one mark an interval.
def marks($knees):
	map([.guest, .backing, .prealloc, .vcpus, .irqchip]) as $here |
	[$knees[] | select([.guest, .backing, .prealloc, .vcpus, .irqchip] as $k | $here | index([$k])) |
		select(.pages_below > 0 and .pages_above > 0)] |
	(map(select(.of == "translation")) | if length > 0 then . else empty end) // . |
	group_by([.pages_below, .pages_above]) | map([(.[0] | .pages_below * .pages_above | sqrt),
		"\(.[0].pages_below | binary)-\(.[0].pages_above | binary)\(if length > 1 then " (\(length) curves)" else "" end)",
			.[0].of]);

def x_words($x): if $x == "pages" then "pages touched (K = 1024)" elif $x == "vcpus" then "vCPUs"
	else "working set, bytes (K = 1024)" end;
def how_to_read: "Curves are named guest page on backing. Each point is one cell: the median over its allocations\(interval_words |
	if . == "no interval" then ", one here, so without interval." else ", with its \(.) as a bar; where no bar is seen, it is smaller than the mark, or there is none." end)";
# Room above the data for the names of knees.
def head_room: if .log then .range[1] *= pow(.range[1] / .range[0]; 0.35) else .range[1] += 0.35 * (.range[1] -
	.range[0]) end;

# Line, colour and mark of each curve: the same backing looks the same in every picture of a family, where that is clear.
def short: .name | sub("^[^ ]+ on "; "");
def styles($shorts): map(short as $name | ($shorts | index($name)) % 8 + 1) | if (unique | length) == length then
	. else [range(length) + 1] end;

def panel($x; $title; $y; $grey; $knees; $y_axis; $shorts):
	. as $curves | ([.[], $grey[]] | map(.at[] | .[$x]) | unique) as $xs |
	(if $x == "pages" then marks($knees) else [] end) as $marks |
	def rows: [.at[] | [.[$x]] + ([.value, ([low, (if $y_axis.log then $y_axis.range[0] else low end)] | max), high] |
		map(place($y_axis)))];
	([.[], $grey[]] | map(.at[]) | how_to_read) as $how_to_read |
	{kind: "lines", title: $title, text: [$title, x_words($x), $y],
	 par: {width: 760, height: 470, keyrows: ((length + ($grey | length | if . > 0 then 1 else 0 end)) / ([.[].shown |
		length] | max | if . > 28 then 2 else 3 end) | ceil), curves: length, greys: ($grey | length),
		marks: ($marks | length), xlog: ($x != "vcpus" | bool), ylog: ($y_axis.log | bool),
		xmin: (if $x == "vcpus" then 0 else $xs[0] / 1.3 end), xmax: (if $x == "vcpus" then $xs[-1] * 1.08
			else $xs[-1] * 1.3 end),
		ymin: $y_axis.range[0], ymax: $y_axis.range[1], style: styles($shorts)},
	 files: {curves: (map([[.shown], rows[]], [[], []]) | add), greys: [$grey[] | rows[], [], []],
		marks: $marks, xt: ($xs | roomy($x != "vcpus") | map([., (if $x == "vcpus" then "\(.)" elif $x == "pages" then
			binary else size end)])),
		yt: $y_axis.ticks},
	 caption: ("<b>\($title | html).</b> \($how_to_read)" +
		(if ($grey | length) > 0 then
			" Thin grey lines: packed, the same number of cache lines without translation cost; what lies between is the cost of translation."
			else "" end) +
		(if ($marks | length) > 0 then
			" Upright dotted lines: knees, where \(if $marks[0][2] == "translation" then "chase - packed" else "the curve" end) leaves a plateau, between the two numbers of pages beside the line."
			else "" end) +
		(if $y_axis.log then " Both axes are logarithmic; equal distances are equal ratios."
		elif $y_axis.curved then " The upright axis is logarithmic but for values around 0, so that both small and large costs are seen; below 0, chase was faster than packed, which is noise. An interval that reaches below the axis is cut there."
		else "" end))};

def of_curves: map(.at[] | low, high, .value) | axis(true);
# One family of curves, in as many pictures as its number of curves asks for; all to the same scale.
def family($x; $title; $y; $greys; $knees; $axis):
	. as $curves | ($axis | if $x == "pages" and ($knees | length > 0) then head_room else . end) as $y_axis |
	[if length <= 6 then . else split(6)[] end] | map(
		(map(.guest) | unique) as $guests | (.[0].parts - ["guest", "backing"]) as $parts |
			($parts - varying) as $same |
		([$title, (if $guests | length > 1 then empty elif $guests[0] == "native" then "native"
			else "guest page \($guests[0])" end),
			(.[0] | name_of($same[]))] | join(", ")) as $full |
		map(.shown = configuration($parts - $same)) |
		map([.guest, .backing, .prealloc, .vcpus, .irqchip]) as $here |
		panel($x; $full; $y; [$greys[] | select([.guest, .backing, .prealloc, .vcpus, .irqchip] as $k | $here |
			index([$k]))]; $knees; $y_axis;
			($curves | map(short) | reduce .[] as $name ([]; if index($name) then . else . + [$name] end))));

# {pictures, drawn: [points]} of everything that has an axis with enough values. $bars: first touch is drawn otherwise.
def lines($bars):
	. as $model | points as $points | ($points | varying) as $varying |
	# Variants of one workload share a scale where none is flattened by it: warm and after-exit are to be compared.
	def alike($part): [$points[] | select(.workload == $part[0].workload and .unit == $part[0].unit)] |
		(if (map(.value) | min > 0 and max / min < 8) then . else $part end) | map(low, high, .value) | axis(true);
	def grown($x; $curves): $curves | widest($x) >= least_points;
	([$points[] | select(.workload == "chase")] | curves("pages"; varying)) as $chase |
	([$points[] | select(.workload == "packed")] | curves("pages"; varying)) as $packed |
	([$model.translation[] | select(.value != null) | . + {workload: "translation", stride: null}] | curves("pages";
		varying)) as $cost |
	[if grown("pages"; $chase) then {drawn: [$chase[], $packed[] | .at[]], pictures:
			($chase | family("pages"; "chase: one cache line a page, in a random cycle"; "\($points | cycles) an access";
				$packed; $model.knees; [$chase[], $packed[]] | of_curves))} else empty end,
	 if grown("pages"; $cost) then {drawn: [], pictures:
			($cost | family("pages"; "translation: chase - packed"; "\($points | cycles) an access"; []; $model.knees;
				$cost | map(.at[]) | if all(.[]; low > 0) then (map({at: [.]}) | of_curves) else curved_axis end))} else empty end,
	 ($points | map(select(.workload != "chase" and (.workload != "packed" or ($chase | length == 0)) and
			((.workload == "touch" and .variant == "first" and $bars) | not))) |
		group_by([.workload, .variant, .unit])[] | . as $part | (if .[0].over_pages then "pages"
			else "set" end) as $x |
		[($x, "vcpus") | . as $axis | {axis: ., curves: ($part | curves($axis; varying))} | select(.axis as $a |
			grown($a; .curves))] |
		select(length > 0) | .[0] | {drawn: [.curves[].at[]], pictures: (.axis as $axis | .curves |
			family($axis; $part[0] | part | plain; $part[0].unit | unit_words($part); []; []; alike($part)))})] |
	{pictures: map(.pictures[]), drawn: map(.drawn[])};
