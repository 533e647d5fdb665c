# What every kind of picture shares: points, names of configurations, axes.
# A picture is {kind, title, caption (HTML), par (numbers only), text [title, x, y], files {suffix: rows}}.
include "base";

# Every figure that may be compared, with its configuration beside it.
def points: [.cells[] | select(.state == "ok") | . as $cell | .figures[] | select(.value != null) |
	($cell | {guest, guest_rank, backing, backing_rank, prealloc, vcpus, irqchip, workload, operation, over_pages,
	key}) + .];
def part: if .variant == "" then .workload else "\(.workload) \(.variant)" end;
# What latencies of these points are in: core cycles, or TSC cycles.
def cycles: map(.unit // "" | select(endswith(" cycles/access"))) | .[0] // "core cycles/access" | rtrimstr("/access");
# What the cycles of a latency are for: the word of the workloads, where they have the same.
def operation: map(.operation) | unique | if length == 1 then .[0] | plain else "an operation" end;
def unit_words($points): if endswith(" cycles/access") then "\(rtrimstr("/access")) \($points | operation)" elif . == "bytes/s" then "bytes a second"
	elif . == "updates/s" then "updates a second" else plain end;

# Of what tells points apart, that which differs among them: only this needs naming.
def varying: . as $all | [("guest", "backing", "prealloc", "vcpus", "irqchip", "stride", "set") |
	select(. as $name | $all | map(.[$name]) | unique | length > 1)];
def name_of($part):
	if $part == "prealloc" then (if .prealloc == "prefault" then "prefault" else "prealloc \(.prealloc)" end)
	elif $part == "vcpus" then (.vcpus | plural("vCPU"))
	elif $part == "irqchip" then "irqchip \(.irqchip)"
	elif $part == "stride" then (if .stride == null then "no stride" else "stride \(.stride | size)" end)
	elif $part == "set" then (.set | size)
	else empty end;
# Guest page and backing always, the rest where it differs.
def configuration($varying): . as $point | ["\(.guest) on \(.backing)", ($varying[] as $part | $point |
	name_of($part))] | join(", ") | plain;
# Under a column: both ends of a long name.
def narrow: plain | if length > 18 then .[:8] + ".." + .[-8:] else . end;
def rank: [.guest_rank, .backing_rank, (.prealloc | prealloc_rank), .vcpus, .irqchip, .stride, .set];

# Where no interval is known, a point has none.
def low: .ci[0] // .value;
def high: .ci[1] // .value;

def bool: if . then 1 else 0 end;
def decade: log10 | floor;
def tick: if fabs >= 1000 then (fabs | scaled(1; 1000; ["", "k", "M", "G", "T", "P"]) |
	"\(.[0] * 1000 | round / 1000)\(.[1])") as $text |
	(if . < 0 then "-" + $text else $text end) else "\(. * 1e6 | round / 1e6)" end;
def log_axis: [min / 1.25, max * 1.35] | . as [$from, $to] | ($to / $from | log10) as $decades |
	{log: true, range: ., ticks: [range($from | decade; ($to | decade) + 1; (if $decades > 8 then 2
		else 1 end)) as $d |
		(if $decades <= 2.5 then 1, 2, 5 else 1 end) * pow(10; $d) | select(. >= $from and . <= $to) | [., tick]]};
def linear_axis: [([.[], 0] | min * 1.1), ([.[], 0] | max * 1.12)] | (if .[0] == .[1] then [0, 1] else . end) |
	. as [$from, $to] |
	(($to - $from) / 7) as $raw | ([(1, 2, 5, 10) * pow(10; $raw | decade) | select(. >= $raw)] | .[0]) as $step |
	{log: false, range: ., ticks: [range($from / $step | ceil; ($to / $step | floor) + 1) * $step | if . == 0 then
		0 else . end | [., tick]]};
# Values on both sides of 0 that span decades: by asinh, linear within about 1 and logarithmic beyond. What lies below the
# lowest value are ends of intervals only; they may not take half the picture and are cut.
def curved_axis: (map(.value) | min) as $least | ([(map(low) | min), $least - 2] | max | [., 0] | min) as $from |
	([.[] | high, .value, 1] | max) as $to |
	{log: false, curved: true, cut: $from, range: [($from | asinh - 0.2), ($to | asinh + 0.25)]} |
	.range as [$low, $high] | .ticks = [(0, (range(0; 8) as $d | (1, 2, 5) * pow(10; $d) | ., -.)) |
		[asinh, tick] | select(.[0] >= $low and .[0] <= $high)];
def place($axis): if $axis.curved then [., $axis.cut] | max | asinh else . end;
# The axis for these numbers: logarithmic where they span more than a decade.
def axis($may_log): if $may_log and length > 0 and all(.[]; . > 0) and max / min > 10 then log_axis
	else linear_axis end;
def binary: if . >= 1024 then scaled(1; 1024; ["", "K", "M", "G", "T"]) | "\(.[0] * 100 | round / 100)\(.[1])"
	else "\(.)" end;
# Of the values of an axis those whose names have room beside each other, powers of two first.
def roomy($log): unique | map([., (if $log then log2 else . end)]) |
	((.[-1][1] - .[0][1]) / 15) as $room | reduce sort_by((.[0] | log2 | . != floor), .[0])[] as $value ([];
		if all(.[]; (.[1] - $value[1] | fabs) >= $room) then . + [$value] else . end) | map(.[0]) | sort;

# As many groups as are needed for none to hold more than $most: by guest page, then by what else tells apart.
def split($most):
	def by($parts): if length <= $most then [.]
		elif $parts | length == 0 then . as $all | [range(0; length; $most) as $i | $all[$i:$i + $most]]
		else [group_by(.[$parts[0]])[] | by($parts[1:])[]] end;
	by(["guest_rank", "prealloc", "irqchip", "vcpus", "stride", "backing"]);
