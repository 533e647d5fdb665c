# A synthetic file of schema minivmm.sweep/2 for the tests of scripts/plot.sh, made by rule and not by any machine:
#   jq -n --arg preset walk-cost|tlb-reach|first-touch|exit-cost|terabyte|smp|failed|many -f plot_sweep.jq
# Figures are a function of the cell, so that a test can ask for them; noise repeats.

def bytes: {"4K": 4096, "2M": 2097152, "1G": 1073741824}[.];
def size:
	if . == null then null
	elif . >= 1099511627776 then "\(. / 1099511627776)T"
	elif . >= 1073741824 then "\(. / 1073741824)G"
	elif . >= 1048576 then "\(. / 1048576)M"
	else "\(. / 1024)K" end;
# A backing as the command line names it -> kind and page.
def backing: (. / ":") as $part | {name: ., of: $part[0], page_bytes: (($part[1] // (if . == "thp" then "2M"
	else "4K" end)) | bytes)};
# Repeatable noise of about 1 %: of round and a number.
def noise($round; $n): 1 + ((($round * 7919 + $n * 104729 + 13) % 997) / 997 - 0.5) / 50;
def levels: {"4096": 4, "2097152": 3, "1073741824": 2}[tostring];
def refs: if .kind == "native" then (.page_bytes | levels)
	else ((.guest_page_bytes | levels) + 1) * ((.page_bytes | levels) + 1) - 1 end;
def misses($pages): if $pages <= 96 then 0 elif $pages <= 1024 then 1 else 2 end;
# Cycles an access of chase; packed is what is left without misses.
def packed_cost($pages): 3.8 + 0.9 * ([($pages | log2) - 8, 0] | max);
def chase_cost($pages): packed_cost($pages) + misses($pages) * 5.5 + (if $pages > 1024 then refs * 1.3 else 0 end);

def operation: {chase: "an access", packed: "an access", scatter: "an access", touch: "a page of 4 KiB",
	exit: "an exit"}[.workload] // "an operation";
def parts:
	. as $c | ($c.working_set_bytes // 4096) as $set | ($set / 4096) as $pages |
	if .workload == "chase" then [{variant: null, x: chase_cost($pages)}]
	elif .workload == "packed" then [{variant: null, x: packed_cost($pages)}]
	elif .workload == "scatter" then [{variant: null, x: (9 + refs * (($set | log2) - 29) / 3)}]
	elif .workload == "touch" then
		[{variant: "first", x: (if .prealloc == "off" then 66000 / (.page_bytes / 4096 | sqrt)
			elif .prealloc == "on" then 2600 / ((.guest_page_bytes // 4096) / 4096 | sqrt) + 20 else 18 end),
		  faults: (if .prealloc == "off" then 4096 / .page_bytes elif .prealloc == "on" then 0.125 else 0 end)},
		 {variant: "second", x: 9.5, faults: 0}]
	elif .workload == "exit" then
		[{variant: "cpuid", x: 71, exits: 0}, {variant: "port-user", x: 190321, exits: 1},
		 {variant: "port-kernel", x: 17042, exits: 1}]
	elif .workload == "tpr" then
		[{variant: "cr8", x: 34, exits: 0}, {variant: "memory-write", x: 9200, exits: 1}]
	elif .workload == "remap" then
		[{variant: "invlpg", x: (4100 * (1 + .vcpus / 9)), exits: 1}, {variant: "cr3", x: (13100 * (1 + .vcpus / 9)),
			exits: 3}]
	elif .workload == "malloc" then
		[{variant: "first", x: (900 * .vcpus / (.page_bytes / 4096 | log2 + 1)), faults: 0.03},
		 {variant: "second", x: (60 + 9 * .vcpus), faults: 0}]
	elif .workload == "shootdown" then [{variant: null, x: (5200 * (.vcpus + 0.5)), exits: (2 * .vcpus)}]
	elif .workload == "seq" then [{variant: "read", x: 7.1e9, unit: "bytes/s"}, {variant: "write", x: 4.4e9,
		unit: "bytes/s"}]
	else [{variant: null, x: 500}] end |
	map({stride_bytes: null, working_set_bytes: ($c.working_set_bytes // 4096), pages: $pages, exits: 0, faults: null,
		unit: "core cycles/access"} + .);

def figure($rounds; $salt):
	. as $part | [range($rounds) as $r | $part.x * noise($r; $salt)] as $values | ($values | sort) as $s |
	{variant, stride_bytes, working_set_bytes, pages, unit, refs_theory: $part.refs,
	 statistic: (if .pages <= 1024 then "min" else "median" end), allocations: $rounds, values: $values,
	 rounds: [range($rounds)], value: $s[$rounds / 2 | floor], interval: [$s[0], $s[-1]],
	 coverage: (1 - pow(2; 1 - $rounds)), ci95: null, least: ($s[0] * 0.995),
	 exits: (.exits * 1000), exits_per_operation: .exits, page_faults: (if .faults then .faults * 1000 else null end),
	 faults_per_operation: .faults, note: null, baseline: null, ratio: null, ratio_interval: null, ratio_ci95: null};

def run($round; $salt):
	. as $c | {round: $round, attempt: 1, verdict: "ok", disturbed: null, wall_ns: 91000000, steal_ns: 0,
	minor_faults: 300, major_faults: 0, host_minor_faults: 4100, host_major_faults: 0, numa_hit: 5200, numa_miss: 0,
	observed_page_bytes: .page_bytes, leaves_4k: (if .page_bytes == 4096 then 1024 else 40 end),
	leaves_2m: (if .page_bytes == 2097152 then 64 else 0 end), leaves_1g: 0,
	rows: [parts[] | . as $p | {variant, stride_bytes, working_set_bytes, pages, accesses: 100000, operations: 1000,
		unit,
		refs_theory: ($c | refs), may_exit: ($p.exits > 0), exits: ($p.exits * 1000), page_faults: 0, interrupts: 0,
		involuntary_switches: 0, samples: [range(10) as $i | $p.x * noise($round * 17 + $i; $salt)], note: null}]};

def cell($rounds; $salt; $lacks):
	.key = "guest-page=\(if .kind == "native" then "native" else .guest_page_bytes | size end),backing=\(.name),prealloc=\(.prealloc),smp=\(.vcpus),workload=\(.workload)\(if .working_set_bytes then ",working-set=\(.working_set_bytes | size)" else "" end)" |
	(refs) as $refs |
	(.name as $name | if $lacks | index($name) then "unavailable" else "ok" end) as $state |
	{key, kind, guest_page_bytes, backing: .of, page_bytes, path: null, prealloc, vcpus, kernel_irqchip: "default",
	 workload, operation: operation, over_pages: (.workload == "chase" or .workload == "packed"), working_set_bytes,
	 memory_bytes: 1073741824,
	 command: ["minivmm", "-m", "1G", "--backing", .name, "--workload", .workload], state: $state,
	 reason: (if $state == "ok" then null else "the pool of \(.name) pages is empty: needed 1, free 0" end),
	 disturbed_runs: (if $salt % 7 == 0 then 1 else 0 end), failed_runs: 0,
	 figures: (if $state != "ok" then []
		else [parts[] | .refs = $refs | figure($rounds; $salt)] end),
	 runs: (if $state != "ok" then [] else . as $c | [range($rounds) as $r | $c | run($r; $salt)] end)};

def plan:
	{guests: ["4K", "2M"], backings: ["anon", "hugetlb:2M", "hugetlb:1G"], native: true, prealloc: ["on"], smp: [1],
	 workloads: ["packed", "chase"], sets: [262144, 4194304, 67108864, 268435456], lacks: ["hugetlb:1G"], rounds: 5} +
	({"walk-cost": {guests: ["4K", "2M", "1G"], backings: ["anon", "thp", "hugetlb:2M", "hugetlb:1G"],
		sets: [262144, 524288, 4194304, 16777216, 67108864]},
	  "tlb-reach": {backings: ["thp"], lacks: [],
		sets: [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384,
			65536] | map(. * 4096)},
	  "first-touch": {guests: ["4K", "2M", "1G"], prealloc: ["off", "on", "prefault"], workloads: ["touch"],
		sets: [67108864], native: false,
		backings: ["anon", "thp", "hugetlb:2M", "hugetlb:1G"]},
	  "exit-cost": {workloads: ["exit", "tpr", "seq"], sets: [null], native: false, lacks: []},
	  "terabyte": {workloads: ["scatter"], native: false, lacks: [], backings: ["hugetlb:2M", "memfd:2M"],
		sets: [range(30; 41) | . as $n | reduce range($n) as $i (1; . * 2)]},
	  "smp": {workloads: ["malloc", "remap", "shootdown", "touch"], smp: [1, 4, 8, 16], prealloc: ["off", "on"],
		native: false, lacks: [],
		sets: [null], backings: ["anon", "thp", "hugetlb:2M"]},
	  "failed": {lacks: ["anon", "hugetlb:2M", "hugetlb:1G"]},
	  "many": {prealloc: ["off", "on"], backings: ["anon", "thp", "memfd:4K", "memfd:2M", "hugetlb:2M"],
		lacks: [], workloads: ["packed", "chase", "touch", "remap", "exit"],
		sets: [64, 512, 1024, 4096, 16384, 65536, 131072] | map(. * 4096)}}[$preset] // error("no such preset"));

def configurations:
	. as $p | [($p.guests[] | {kind: "guest", guest_page_bytes: bytes}),
		(if $p.native then {kind: "native", guest_page_bytes: null} else empty end)][] as $guest |
	$p.backings[] as $b | $p.prealloc[] as $pre | $p.smp[] as $smp | $p.workloads[] as $w | $p.sets[] as $set |
	$guest + ($b | backing) + {prealloc: $pre, vcpus: $smp, workload: $w, working_set_bytes: $set};

def same($a): .kind == $a.kind and .guest_page_bytes == $a.guest_page_bytes and .backing == $a.backing and
	.page_bytes == $a.page_bytes and .prealloc == $a.prealloc and .vcpus == $a.vcpus;
def identity: {kind, guest_page_bytes, backing, page_bytes, prealloc, vcpus};
def interval: sort | [.[0], .[-1]];

# chase - packed, pair by pair.
def translations:
	(map(select(.workload == "packed" and .state == "ok") | {key: ([identity, .working_set_bytes] | tojson),
		value: .}) | from_entries) as $packed |
	[.[] | select(.workload == "chase" and .state == "ok") | . as $c |
	$packed[[identity, .working_set_bytes] | tojson] | select(.) | . as $p | $c.figures[0] as $f |
		$p.figures[0] as $g |
	[range($f.values | length) as $i | $f.values[$i] - $g.values[$i]] as $d |
	$c | identity + {working_set_bytes, pages: $f.pages, chase: $c.key, packed: $p.key, cost: ($d | add / length),
	 interval: ($d | interval), ci95: null, allocations: ($d | length), refs_theory: $f.refs_theory, reference_cycles: 4.1,
	 loads_worth: (($d | add / length) / 4.1), loads_worth_interval: ($d | interval | map(. / 4.1)), loads_worth_ci95: null}];
def knees:
	group_by(identity) | map(sort_by(.pages) | . as $t | range(length - 1) as $i | $t[$i] as $a | $t[$i + 1] as $b |
	select(misses($a.pages) != misses($b.pages)) | $a | identity + {of: "translation", below: .chase, above: $b.chase,
	 pages_below: $a.pages, pages_above: $b.pages, value_below: $a.cost, value_above: $b.cost});
def speed_ups:
	map(select(.state == "ok" and .workload == "chase")) | . as $all |
	[$all[] | select(.kind == "guest" and .guest_page_bytes == 4096) | . as $a | $all[] |
	select(.kind == "guest" and .guest_page_bytes == 2097152 and .backing == $a.backing and
		.page_bytes == $a.page_bytes and
		.working_set_bytes == $a.working_set_bytes and .prealloc == $a.prealloc and .vcpus == $a.vcpus) |
	{dimension: "guest", workload, variant: null, stride_bytes: null, working_set_bytes, from: $a.key, to: .key,
	 speed_up: ($a.figures[0].value / .figures[0].value), interval: [0.98, 1.02], ci95: null, allocations: 5}];
def count($state): map(select(.state == $state)) | length;

plan as $p | ([$p | configurations] | to_entries | map(.key as $i | .value | cell($p.rounds; $i;
	$p.lacks))) as $cells |
($cells | translations) as $translation |
{schema: "minivmm.sweep/2", minivmm_version: "0.1.0", command: ["minivmm", "sweep", "--preset", $preset, "--json",
	"s.json"],
 preset: $preset, teaches: "What the preset \($preset) teaches, as a paragraph.", started: "2026-11-26T11:20:00Z",
	seconds: 103.2, complete: true,
 resumed: 0, plan: {seed: 1, allocations: $p.rounds, retries: 2, repeat: 10, accesses: null, memory_bytes: null,
	alias_bytes: null,
 accessed_dirty: false},
 axes: {guest_page: ($p.guests + (if $p.native then ["native"] else [] end)), backing: $p.backings,
	prealloc: $p.prealloc, smp: $p.smp,
 kernel_irqchip: ["default"], workload: $p.workloads, working_set: ($p.sets | map(size | select(.)))},
	baseline: "guest-page=4K,backing=anon",
 host: {kernel: "6.1.0-test #1 SMP", cpu_model: "A CPU of the tests @ 2.00GHz", cpus: 2, hypervisor: true,
	tsc_khz: 2000000,
 kvm_module: "kvm_pvm", second_dimension: "shadow", second_dimension_levels: null, params: {"kvm.tdp_mmu": "N",
	"kvm.halt_poll_ns": "200000"},
 thp: "madvise", shmem_thp: "never", ksm: "0", nx_huge_pages: "N", numa_nodes: 1, pmu: false,
	memory_bytes: 25769803776},
 counts: {cells: ($cells | length), pending: 0, ok: ($cells | count("ok")), refused: 0, unavailable: ($cells |
	count("unavailable")), failed: 0,
 mismatch: 0, runs: ($cells | map(.runs | length) | add), disturbed_runs: ($cells | map(.disturbed_runs) | add),
	failed_runs: 0,
 waited_ns: 0},
 cells: $cells, translation: $translation, speed_ups: ($cells | speed_ups), knees: ($translation | knees), twins: []}
