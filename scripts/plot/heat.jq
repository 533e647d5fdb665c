# The matrix as a heat map: rows are guest pages, columns backings, figures in the cells, theory below them.
include "base";
include "panel";

def most_heats: 8;
def shade($from; $to): if $to > $from then (log - ($from | log)) / (($to | log) - ($from | log)) else 0.3 end;

# Entries: identity, and value, ci, refs, or a state that is not ok.
def panel($title; $caption; $columns_are; $rows_are):
	(map([.guest_rank, .guest]) | unique | map(.[1])) as $rows | (map([.backing_rank, .backing]) | unique |
		map(.[1])) as $columns |
	(map(select(.state == "ok") | .value | select(. > 0))) as $values | ($values | min) as $from | ($values |
		max) as $to |
	map(. + {x: (.backing as $b | $columns | index($b)), y: (.guest as $g | ($rows | length) - 1 - ($rows |
		index($g)))}) |
	map(select(.state == "ok")) as $full | map(select(.state != "ok")) as $empty |
	{kind: "heat", title: $title, text: [$title, $columns_are, $rows_are],
	 par: {width: ([($title | length * 8.4 + 130), ([760, 110 + 125 * ($columns | length)] | min)] | max),
		height: (100 + 72 * ($rows | length)), columns: ($columns | length), rows: ($rows | length), full: ($full |
		length), empty: ($empty | length)},
	 files: {full: ($full | map([.x, .y, (if .value > 0 then .value | shade($from; $to) else 0 end), (.value |
		figure),
			(.ci | brief_span),
			(if .refs == null then "" else "\(.refs) refs" end)])),
		empty: ($empty | map([.x, .y, (.state | plain), (if .value == null then "" else .value | figure end)])),
		xt: ($columns | to_entries | map([.key, (.value | narrow)])), yt: ($rows | reverse | to_entries | map([.key,
			(.value | plain)]))},
	 caption: "<b>\($title | html).</b> \($caption) Darker is dearer, on a logarithmic scale. Below a figure: \($full | interval_words | if . == "no interval" then "no interval, of one allocation" else "its \(.), from low to high" end), and the page-table references of one TLB miss in theory, without caches.\(if $empty | length > 0 then " Hatched: cells without a figure that may be compared, with their state; the reasons are in the table of cells." else "" end)"};

# One heat map for each combination of what is neither a row nor a column; a single row or column is no matrix.
def panels($what; $set; $cycles; $caption):
	select((map(.guest) | unique | length > 1) and (map(.backing) | unique | length > 1)) | varying as $varying | group_by([(.prealloc | prealloc_rank), .vcpus, .irqchip]) | map(select(any(.[];
		.state == "ok")) |
		([.[0] | ("prealloc", "vcpus", "irqchip") as $part | select($varying | index($part)) | name_of($part)] |
			map(", " + .) | join("")) as $more |
		panel("\($what), working set \($set | size)\($more): \($cycles) an access"; $caption; "backing, host"; "guest page"));

# Twin: the largest working set of each backing; rows are guest leaves, columns leaves of the second dimension.
def leaf_rank: . as $leaf | ["4K", "2M", "1G"] | index($leaf) // 3;
def twin_panels($cycles):
	group_by([.guest_rank, .backing_rank, .prealloc, .vcpus, .irqchip]) | map((map(.set) | max) as $set | map(select(.set == $set)) |
		(.[0] | "\(.backing), working set \($set | size)") as $where |
		[(.[] | select(.what == "translation" and .value != null) | (.window / "/") as $leaves | . + {state: "ok", refs: null,
			guest: ($leaves[0] | text), guest_rank: ($leaves[0] | leaf_rank), backing: ($leaves[1] | text),
			backing_rank: ($leaves[1] | leaf_rank)}),
		 (.[0] | (.less / "/") as $leaves | . + {state: "the baseline", value: 0, guest: ($leaves[0] | text),
			guest_rank: ($leaves[0] | leaf_rank), backing: ($leaves[1] | text), backing_rank: ($leaves[1] | leaf_rank)})] |
		select(length > 1) |
		panel("twin: translation on \($where): \($cycles) an access"; "The same lines through each pair of leaves, less the pair with the largest ones.";
			"leaf of the second dimension"; "guest leaf"));

# One figure a cell: chase has one part, unless asked for several strides; then the first.
def heat: . as $model |
	[.cells[] | select(.workload == "chase") | . as $cell | (.figures | map(select(.value != null))) as $figures |
		if .state == "ok" or .state == "mismatch" then $figures[] | . as $f | $cell + $f
		else $cell + {value: null, ci: null, refs: null} end] as $chase |
	([$chase[] | select(.state == "ok") | .set | select(. != null)] | max) as $set |
	([.translation[] | select(.value != null) | .set] | max) as $cost_set |
	[(if $set == null then empty else [$chase[] | select(.set == $set)] | group_by([.guest_rank, .backing_rank,
		.prealloc, .vcpus, .irqchip]) | map(.[0]) |
		panels("chase"; $set; ($chase | cycles); "One line a page in a random cycle.")[] end),
	 (if $cost_set == null then empty
		else ([.translation[] | select(.set == $cost_set and .value != null) | . + {state: "ok"}]) as $costs | ($costs |
			map([.guest, .backing, .prealloc, .vcpus, .irqchip])) as $there |
		([$chase[] | select(.set == $cost_set and .state != "ok" and ([.guest, .backing, .prealloc, .vcpus,
			.irqchip] as $k | $there | index([$k]) | not)) | .value = null]) as $rest |
		[$costs[], $rest[]] | panels("translation: chase - packed"; $cost_set; ($chase | cycles);
			"What translation adds to an access.")[] end),
	 (.twins | twin_panels($model | points | cycles)[])] | .[:most_heats * 2];
