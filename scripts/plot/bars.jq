# First touch as bars: what the first write to a page costs, by backing and guest page, lazily, preallocated, prefaulted.
include "base";
include "panel";

def most_groups: 12;
def orders: ["off", "on", "prefault"];
def order_name: {off: "prealloc off: memory comes in as it is touched", on: "prealloc on: the host has it before",
	prefault: "prefault: in both dimensions before"}[.];
# Faults an operation, short enough for the top of a bar.
def few: if . >= 0.01 or . == 0 then . * 100 | round / 100 | tostring elif . >= 0.0001 then . * 1e4 | round / 1e4 |
	tostring else "<0.0001" end;
def cluster: [.guest_rank, .backing_rank, .vcpus, .irqchip];

# Over three numbers of vCPUs or more it is a curve instead.
def first_touch: [points[] | select(.workload == "touch" and .variant == "first" and .set > 0 and .value > 0)] |
	(map(.set) | max) as $largest | if (map(.vcpus) | unique | length) >= 3 then []
		else map(select(.set == $largest)) end;
# Cells that were to give a bar and did not.
def without_bar: [.cells[] | select(.workload == "touch" and .state != "ok")];

def panel($axis; $title; $varying; $absent):
	([.[], $absent[]] | group_by(cluster)) as $clusters | . as $points | ([orders[] as $o | select(any($points[];
		.prealloc == $o)) | $o]) as $kinds | ([$absent[] | select(.prealloc as $p | $kinds | index($p) | not) |
		.prealloc] | unique) as $nowhere | ([$clusters[] | select(all(.[]; .value == null)) | .[0] | .prealloc = null] +
		[$absent[] | . as $a | select((.prealloc as $p | $kinds | index($p)) and any($points[];
			cluster == ($a | cluster)))]) as $absent |
	($kinds | length) as $n | ($clusters | map([.[0].guest, .[0].guest_rank])) as $guests |
	def place($p): [$clusters | to_entries[] | select(.value[0] | cluster == ($p | cluster)) | .key][0];
	def offset($prealloc): (if $prealloc == null then ($n - 1) / 2 else $kinds | index($prealloc) end) - ($n - 1) / 2 | . * (0.84 / ([$n, 1] | max));
	{kind: "bars", title: $title, text: [$title, "", "\($points | cycles) a page of 4 KiB"],
	 par: {width: 760, height: 470, kinds: $n, style: [$kinds[] as $k | orders | index($k) + 1], groups: ($clusters |
		length), half: (0.42 / ([$n, 1] | max)),
		ylog: ($axis.log | bool), ymin: $axis.range[0], ymax: $axis.range[1], absent: ($absent | length),
			steps: ([$guests | unique | length - 1, 0] | max)},
	 files: {bars: ([$kinds[] as $k | [$k | order_name], ($points[] | select(.prealloc == $k) |
			[place(.) + offset($k), .value, ([low, (if $axis.log then $axis.range[0] else low end)] | max), high,
				(.faults | if . == null then "" else few end)]), [], []]),
		xt: ($clusters | to_entries | map([.key, (.value[0] | [(.backing | narrow), (("vcpus", "irqchip") as $part |
			select($varying | index($part)) | name_of($part))] | join(", ") | plain)])),
		heads: ($guests | to_entries | group_by(.value[1]) | map([(map(.key) | add / length), (.[0].value[0] |
			if . == "native" then . else "guest page \(.)" end | plain)])),
		steps: ($guests | to_entries | group_by(.value[1]) | map(.[-1].key + 0.5) | .[:-1] | map([.])),
		absent: ($absent | map([place(.) + offset(.prealloc), (.state | plain)])), yt: $axis.ticks},
	 caption: "<b>\($title | html).</b> A bar is the first write to each page of the working set, a page of 4 KiB; \($points | interval_words | if . == "no interval" then "of one allocation, so without interval;" else "the thin bar is its \(.)," end) the number on top the page faults for each that KVM counted.\(if $nowhere | length > 0 then " Without any figure, and so without bars: \($nowhere | map(if . == "prefault" then . else "prealloc \(.)" end) | join(", ") | html); the reasons are in the table of cells." else "" end) \(if $axis.log then "The upright axis is logarithmic: heights compare as ratios, and the foot of a bar is no zero." else "" end)"};

def bars:
	first_touch as $points | if $points | length < 2 then {pictures: [], drawn: []}
		else (without_bar) as $absent | ([$points[] | low, high] | axis(true) | if .log then .range[1] *= 4
			else .range[1] *= 1.2 end) as $axis | ($points | varying) as $varying |
		([$points[], $absent[]] | group_by(cluster) | length) as $groups |
		{drawn: $points, pictures: (if $groups <= most_groups then [$points | panel($axis; "first touch"; $varying;
			$absent)]
			else [$points | group_by(.guest_rank)[] | .[0] as $first | panel($axis;
				"first touch, \(if $first.guest == "native" then "native" else "guest page \($first.guest)" end)";
					$varying;
				[$absent[] | select(.guest_rank == $first.guest_rank)])] end)}
	end;
