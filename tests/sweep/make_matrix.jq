# A file of schema minivmm.sweep/2 that no host measured: for tests of who reads, compares and plots one.
#
#   jq -n -f tests/sweep/make_matrix.jq --argjson cells 1000 --argjson seed 1 --argjson factor 1 --argjson sd 0.003
#
# cells: how many, taken in order from guest page x backing x working set x {packed, chase}, then prealloc and smp; all of
# them whole where cells is a multiple of 32 (from 64 on). Each has 5 rounds of 10 samples. factor multiplies every value,
# so that files of factor 1 and 1.03 differ by 3 %. sd: standard deviation between allocations, relative to the value;
# samples of one allocation lie above its best by at most about as much again. Equal arguments make equal files; seed
# (0 to 65535) makes others with independent noise.
#
# Derived members are made here as minivmm sweep defines them, by the simplest statistics: an allocation stands by its least
# sample up to 1,024 pages and by its median beyond; a value is the median of the five, its interval the least and the
# greatest of them, which is where the percentile bootstrap of a median of five ends. Speed-ups are those of the guest page
# on 4K backing and of the backing below 4K guest pages; knees are where a curve first rises by half of itself.

def rounds: 5;
def samples: 10;
def sizes: { "4K": 4096, "2M": 2097152, "1G": 1073741824, "native": null };
def backings: [
	{ word: "anon", backing: "anon", page: "4K" },
	{ word: "thp", backing: "thp", page: "2M" },
	{ word: "hugetlb:2M", backing: "hugetlb", page: "2M" },
	{ word: "hugetlb:1G", backing: "hugetlb", page: "1G" }
];
def size_word: if . >= 1073741824 then "\(. / 1073741824)G" elif . >= 1048576 then "\(. / 1048576)M" else "\(. / 1024)K" end;

# L'Ecuyer's combined generator (CACM 31, 1988): every product stays below 2^53, which is what jq's numbers hold.
def uniforms($count; $seed):
	[ foreach range($count + 8) as $i (
		{ x: (1 + ($seed * $seed % 2147483562 * 31337 + 12345) % 2147483562),
		  y: (1 + ($seed * 1103515 + 54321) % 2147483398) };
		{ x: (.x * 40014 % 2147483563), y: (.y * 40692 % 2147483399) };
		((.x - .y + 2147483562) % 2147483562 + 0.5) / 2147483562
	) ] | .[8:];

# Box and Muller, one of the two.
def normal($u; $v): (-2 * ($u | log) | sqrt) * (6.283185307179586 * $v | cos);

def middle: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
# Of values of rounds that pair.
def estimate: { value: middle, ci95: [min, max] };
def short: . * 1e6 | round / 1e6;

# Cycles of a load: from L1, L2, L3 and memory, as lines outgrow them; and the walk, as pages outgrow dTLB and STLB.
def beyond($n; $capacity): ($n / $capacity) as $x | $x * $x * $x / (1 + $x * $x * $x);
def data_cycles($lines):
	3.84 + 10 * beyond($lines; 512) + 45 * beyond($lines; 32768) + 150 * beyond($lines; 2097152);
def walk_cycles($leaves; $refs): 7 * beyond($leaves; 96) + $refs * 1.5 * beyond($leaves; 1536);
def levels_of: { "4K": 4, "2M": 3, "1G": 2 }[.];
def refs_of: (.page | levels_of) as $h |
	if .guest == "native" then $h else ((.guest | levels_of) + 1) * ($h + 1) - 1 end;
def leaf_of: [sizes[.page], sizes[if .guest == "native" then .page else .guest end]] | min;
def cycles_of:
	data_cycles(.bytes / 4096) + if .workload == "chase" then walk_cycles(.bytes / leaf_of; refs_of) else 0 end;

# The first $cells of all, and how they are called.
def setups($cells):
	([2, ([15, ($cells / 32 | ceil)] | min)] | max) as $sets |
	($cells / (32 * $sets) / 3 | ceil) as $smps |
	[ limit($cells;
		range(1; $smps + 1) as $smp | ("on", "off", "prefault") as $prealloc |
		("4K", "2M", "1G", "native") as $guest | backings[] as $backing |
		range($sets) as $set | ("packed", "chase") as $workload |
		$backing + { smp: $smp, prealloc: $prealloc, guest: $guest, workload: $workload,
			bytes: (262144 * pow(2; $set)) }) ];
def key_of: "guest-page=\(.guest),backing=\(.word),prealloc=\(.prealloc),smp=\(.smp),workload=\(.workload),working-set=\(.bytes | size_word)";

def setup_members: {
	kind: (if .guest == "native" then "native" else "guest" end), guest_page_bytes: sizes[.guest],
	backing: .backing, page_bytes: sizes[.page], prealloc: .prealloc, vcpus: .smp
};

def command_of:
	["minivmm", if .guest == "native" then "native" else "run" end, "--backing", .backing, "--page-size", .page]
	+ (if .guest == "native" then [] else ["--guest-page", .guest] end)
	+ ["--workload", .workload, "--working-set", (.bytes | size_word), "--smp", "\(.smp)"];

# One run, of samples that are given.
def run($setup; $round; $values):
	($setup.guest == "native") as $native |
	{
		round: $round, attempt: 1, verdict: "ok", disturbed: null, wall_ns: 21000000, steal_ns: 0,
		minor_faults: 300, major_faults: 0, host_minor_faults: 5000, host_major_faults: 0,
		numa_hit: 700, numa_miss: 0, observed_page_bytes: sizes[$setup.page],
		leaves_4k: (if $native then null else 64 end), leaves_2m: (if $native then null else 0 end),
		leaves_1g: (if $native then null else 0 end),
		rows: [ {
			variant: null, stride_bytes: null, working_set_bytes: $setup.bytes, pages: ($setup.bytes / 4096),
			accesses: 100000, operations: (100000 * samples), unit: "core cycles/access",
			refs_theory: ($setup | refs_of), may_exit: false, exits: (if $native then null else 0 end),
			page_faults: 0, interrupts: (if $native then null else 0 end), involuntary_switches: 0,
			samples: $values, note: null
		} ]
	};

# One cell; u: uniforms, two for each allocation, then one for each sample.
def cell($index; $u; $factor; $sd):
	. as $setup | (cycles_of * $factor) as $cycles | ($index * rounds * (samples + 2)) as $from |
	(.bytes / 4096 <= 1024) as $least |
	[ range(rounds) as $round | ($from + $round * (samples + 2)) as $at |
		($cycles * (1 + $sd * normal($u[$at]; $u[$at + 1]))) as $best |
		[ range(samples) as $i | $best * (1 + $sd * $u[$at + 2 + $i]) | short ] ] as $measured |
	($measured | map(if $least then min else middle end)) as $values | ($values | estimate) as $e |
	setup_members as $members |
	{ key: key_of, kind: $members.kind, guest_page_bytes: $members.guest_page_bytes, backing: .backing,
	  page_bytes: $members.page_bytes, path: null, prealloc: .prealloc, vcpus: .smp, kernel_irqchip: "default",
	  workload: .workload, operation: "an access", over_pages: true, working_set_bytes: .bytes,
	  memory_bytes: (.bytes * 2), command: command_of,
	  state: "ok", reason: null, disturbed_runs: 0, failed_runs: 0,
	  figures: [ {
		variant: null, stride_bytes: null, working_set_bytes: .bytes, pages: (.bytes / 4096),
		unit: "core cycles/access", refs_theory: refs_of, statistic: (if $least then "min" else "median" end),
		allocations: rounds, values: $values, rounds: [range(rounds)], value: $e.value, ci95: $e.ci95,
		least: ($measured | map(min) | min), exits: (if .guest == "native" then null else 0 end),
		exits_per_operation: null, page_faults: 0, faults_per_operation: null, note: null,
		baseline: null, ratio: null, ratio_ci95: null } ],
	  runs: [ range(rounds) as $round | run($setup; $round; $measured[$round]) ] };

def pairs($a; $b; f): [ range(rounds) as $i | [$a[$i], $b[$i]] | f ];

# The values of the setup $s as altered, or null where there is no such cell.
def values_at($values): $values[key_of];

def with_ratio($setup; $values):
	($setup | .guest = "4K" | .word = "anon" | key_of) as $base |
	if $base == .key or $values[$base] == null then . else
		(pairs($values[.key]; $values[$base]; .[0] / .[1]) | estimate) as $e |
		.figures[0] += { baseline: $base, ratio: $e.value, ratio_ci95: $e.ci95 }
	end;

# chase - packed; a reference costs what a packed load over an eighth of the lines does.
def translation($values):
	(.workload = "packed") as $packed | ($packed | values_at($values)) as $baseline | values_at($values) as $own |
	select($baseline != null) | (pairs($own; $baseline; .[0] - .[1])) as $costs | ($costs | estimate) as $e |
	($packed | .bytes /= 8 | values_at($values)) as $reference |
	(if $reference == null then null else $reference | middle end) as $one |
	(if $one == null then null else [ $costs[] / $one ] | estimate end) as $loads |
	setup_members + {
		working_set_bytes: .bytes, pages: (.bytes / 4096), chase: key_of, packed: ($packed | key_of),
		cost: $e.value, ci95: $e.ci95, allocations: rounds, refs_theory: refs_of,
		reference_cycles: $one,
		loads_worth: $loads.value, loads_worth_ci95: $loads.ci95
	};

def speed_up($values; $dimension; $larger):
	($larger | values_at($values)) as $to | select($to != null) |
	(pairs(values_at($values); $to; .[0] / .[1]) | estimate) as $e |
	{ dimension: $dimension, workload: .workload, variant: null, stride_bytes: null, working_set_bytes: .bytes,
	  from: key_of, to: ($larger | key_of), speed_up: $e.value, ci95: $e.ci95, allocations: rounds };
def speed_ups($values):
	. as $s | select(.guest == "4K" and .word == "anon") |
	speed_up($values; "guest"; $s | .guest = ("2M", "1G")),
	speed_up($values; "backing"; $s + (backings[1:] | .[]));

# Each chase beside the next larger one, where the curve first rises by half.
def knees($values):
	(.bytes *= 2) as $next | ($next | values_at($values)) as $above | (.bytes /= 2 | values_at($values)) as $before |
	(values_at($values) | middle) as $here |
	select($above != null and ($above | middle) > 1.5 * $here
		and ($before == null or $here <= 1.5 * ($before | middle))) |
	setup_members + { of: "chase", below: key_of, above: ($next | key_of), pages_below: (.bytes / 4096),
		pages_above: (.bytes / 2048), value_below: $here, value_above: ($above | middle) };

def unique_in_order: reduce .[] as $x ([]; if index([$x]) == null then . + [$x] else . end);

setups($cells) as $setups | ($setups | length) as $count |
uniforms($count * rounds * (samples + 2); $seed) as $u |
[ range($count) as $i | $setups[$i] | cell($i; $u; $factor; $sd) ] as $bare |
(reduce $bare[] as $c ({}; .[$c.key] = $c.figures[0].values)) as $values |
{
	schema: "minivmm.sweep/2", minivmm_version: "0.1.0",
	command: ["make_matrix.jq", "\($cells)", "\($seed)", "\($factor)", "\($sd)"],
	preset: null, teaches: null, started: "2026-01-01T00:00:00Z", seconds: ($count * rounds * 0.021),
	complete: true, resumed: 0,
	plan: { seed: $seed, allocations: rounds, retries: 2, repeat: samples, accesses: null, memory_bytes: null,
		alias_bytes: null, accessed_dirty: false },
	axes: {
		guest_page: ($setups | map(.guest) | unique_in_order), backing: ($setups | map(.word) | unique_in_order),
		prealloc: ($setups | map(.prealloc) | unique_in_order), smp: ($setups | map(.smp) | unique_in_order),
		kernel_irqchip: ["default"], workload: ($setups | map(.workload) | unique_in_order),
		working_set: ($setups | map(.bytes) | unique_in_order | map(size_word))
	},
	baseline: "guest-page=4K,backing=anon",
	host: {
		kernel: "none: these are no measurements", cpu_model: "tests/sweep/make_matrix.jq", cpus: 2,
		hypervisor: false, tsc_khz: 2000000, kvm_module: "kvm_intel", second_dimension: "ept",
		second_dimension_levels: 4, params: { "kvm.tdp_mmu": "Y" }, thp: "madvise", shmem_thp: "never",
		ksm: "0", nx_huge_pages: "N", numa_nodes: 1, pmu: false, memory_bytes: 25769803776
	},
	counts: { cells: $count, pending: 0, ok: $count, refused: 0, unavailable: 0, failed: 0, mismatch: 0,
		runs: ($count * rounds), disturbed_runs: 0, failed_runs: 0, waited_ns: 0 },
	cells: [ range($count) as $i | $bare[$i] | with_ratio($setups[$i]; $values) ],
	translation: [ $setups[] | select(.workload == "chase") | translation($values) ],
	speed_ups: [ $setups[] | speed_ups($values) ],
	knees: [ $setups[] | select(.workload == "chase") | knees($values) ],
	twins: []
}
