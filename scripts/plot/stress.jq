# Pictures of a matrix of Linux guests (stress-matrix.sh): operations a second by the host's THP and the kind of memory, a bar for
# each THP of the guest; a picture for each stressor and number of instances. Only proven results are drawn.
include "base";
include "panel";
include "emit";

def orders: ["anon", "vh", "pvh", "hpvh", "hppvh", "shmem-thp"];
def results: [inputs | select(startswith("#") | not) | . / "\t" | select(length == 12) | {backing: .[1], host: .[2], guest: .[3],
	stressor: .[4], instances: .[5], rate: (.[6] | tonumber? // null), verdict: .[7]}];
def cluster: [.host != "never", .host, (.backing as $b | orders | index($b) // 99), .backing];
# The results of one cell: the middle one, and least to greatest.
def cell: map(select(.verdict == "proven" and .rate != null) | .rate) | sort | length as $n | {n: $n, low: .[0], high: .[-1],
	value: (if $n == 0 then null else (.[($n - 1) / 2 | floor] + .[$n / 2 | floor]) / 2 end)};

def panel:
	("\(.[0].stressor) x \(.[0].instances)" | plain) as $title | group_by(cluster) as $clusters | (map(.guest) | unique | sort_by(. != "never")) as $kinds |
	[range($clusters | length) as $x | $clusters[$x] | .[0] as $first | group_by(.guest)[] | (.[0].guest) as $guest | cell +
		{x: ($x + (($kinds | index($guest)) - ($kinds | length - 1) / 2) * 0.84 / ($kinds | length)), $guest,
		why: (map(.verdict) | unique | join(", "))}] as $cells |
	[$cells[] | select(.value != null)] as $bars | ([$bars[].high] | axis(false)) as $axis |
	($clusters | map(.[0].host)) as $hosts |
	{kind: "bars", title: $title, text: [$title, "", "operations a second"],
	 par: {width: 760, height: 470, kinds: ($kinds | length), style: [range($kinds | length) + 1], groups: ($clusters | length),
		half: (0.42 / ($kinds | length)), ylog: 0, ymin: 0, ymax: ($axis.range[1] * 1.1), absent: ($cells - $bars | length),
		steps: ($hosts | unique | length - 1)},
	 files: {bars: [$kinds[] as $k | ["guest THP \($k)" | plain], ($bars[] | select(.guest == $k) | [.x, .value, .low, .high, .n]), [], []],
		xt: [range($clusters | length) as $x | [$x, ($clusters[$x][0].backing | narrow)]],
		heads: ($hosts | to_entries | group_by(.value) | map([(map(.key) | add / length), ("host THP \(.[0].value)" | plain)])),
		steps: ($hosts | to_entries | group_by(.value) | map((map(.key) | max) + 0.5) | sort | .[:-1] | map([.])),
		absent: [$cells - $bars | .[] | [.x, (.why | plain)]], yt: $axis.ticks},
	 caption: "<b>\($title | html).</b> A bar is the median of the repeats, the number on top how many they are; the thin bar is from the least to the greatest: \($bars | interval_words | html). A cell that is not proven has no bar, but its verdict."};

[results | group_by([.stressor, (.instances | tonumber? // 0)])[] | select(any(.rate != null and .verdict == "proven")) | panel] |
	to_entries[] | (.key + 1) as $n | .value | emit("p\($n)")
