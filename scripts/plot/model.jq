# A sweep without its samples: what pictures and tables are made of, with every name made fit to be shown.
include "base";

def median: map(number | select(. != null)) | sort | if length == 0 then null else (.[(length - 1) / 2 | floor] +
	.[length / 2 | floor]) / 2 end;
def most: map(number | select(. != null)) | max;

# What the runs of a cell prove: page sizes, and exits of the parts that may have none; natively there is nothing to leave.
def proof:
	(.page_bytes | number) as $asked | .runs as $runs | (if .kind == "native" then [] else [$runs[] | .rows | list[] |
		object | select(.may_exit == false)] end) as $quiet |
	{runs: ($runs | length), agreed: ($runs | map(select($asked != null and .observed_page_bytes == $asked)) |
		length),
	 unknown: ($runs | map(select(.observed_page_bytes == null)) | length),
	 leaves: [$runs | (map(.leaves_4k), map(.leaves_2m), map(.leaves_1g)) | most],
	 parts: ($quiet | length), without_exits: ($quiet | map(select(.exits == 0)) | length),
	 exits_unknown: ($quiet | map(select(.exits == null)) | length),
	 switches: ($quiet | map(.involuntary_switches | number // 0) | add // 0), steal_ns: ($runs | map(.steal_ns |
		number // 0) | add // 0),
	 verdicts: ($runs | map(select(.verdict != "ok")) | length),
	 disturbed: ($runs | map(select(.disturbed != null)) | length)};
def medians: .runs as $runs | {minor: "host_minor_faults", major: "host_major_faults", numa_hit: "numa_hit",
	numa_miss: "numa_miss"} |
	map_values(. as $name | $runs | map(.[$name]) | median);

def identity: {guest: guest_name, guest_rank: guest_rank, backing: backing_name, backing_rank: backing_rank,
	prealloc: (.prealloc | text),
	vcpus: (.vcpus | number // 1), irqchip: (.kernel_irqchip // "default" | text)};
def point:
	{variant: (.variant | text), stride: (.stride_bytes | number), set: (.working_set_bytes | number // 0),
		pages: (.pages | number // 0),
	 unit: (.unit | text | if . == "cycles/access" then "TSC cycles/access" else . end), refs: (.refs_theory | number), statistic: (.statistic | text), n: (.allocations |
		number // 0),
	 value: (.value | number), ci: (.interval // .ci95 | interval), least: (.least | number), exits: (.exits_per_operation |
		number),
	 faults: (.faults_per_operation | number), note: (.note | text), baseline: .baseline, ratio: (.ratio | number),
	 ratio_ci: (.ratio_interval // .ratio_ci95 | interval)} |
	if .value == null or .n < 2 then .ci = null else . end | if .n < 2 then .ratio_ci = null else . end;
def derived: identity + {set: (.working_set_bytes | number // 0), pages: (.pages | number // 0), refs: (.refs_theory |
	number),
	n: (.allocations | number // 0)} + {ci: (if (.allocations | number // 0) < 2 then null else .interval // .ci95 |
		interval end)};

# Of a sweep with two sides A is drawn: the command that compares them says how B differs.
(.cells, .translation, .knees) |= map(select(.side != "b")) |
.twins = [.twins | list[] | object | select(.side != "b")] |
.speed_ups |= map(select(.from | text | endswith(",versus=b") | not)) |
(.cells | map({key, value: (.kernel_irqchip // "default")}) | from_entries) as $irqchip |
{version: .minivmm_version, command, preset, teaches, started, seconds, complete, resumed, plan, axes, baseline, host,
	counts,
 cells: [.cells[] | identity + {key, workload, operation: (.operation // "an operation" | text),
	over_pages: (.over_pages == true), set: (.working_set_bytes | number), asked: (.page_bytes | number),
	state, reason, command,
	disturbed: (.disturbed_runs | number // 0), failed: (.failed_runs | number // 0), figures: [.figures[] | point],
	proof: proof, host: medians}],
 translation: [.translation[] | .kernel_irqchip = $irqchip[.chase | text] | derived + {value: (.cost | number), chase,
	packed, reference: (.reference_cycles | number),
	loads: (.loads_worth | number), loads_ci: (.loads_worth_interval // .loads_worth_ci95 | interval)}],
 twins: [.twins | list[] | object | .kernel_irqchip = $irqchip[.cell | text] | derived + {value: (.difference | number),
	what: (.what | text), window: (.window | text), less: (.less | text)}],
 speed_ups: [.speed_ups[] | {dimension, workload, variant, stride: (.stride_bytes | number),
	set: (.working_set_bytes | number), from, to,
	value: (.speed_up | number), ci: (.interval // .ci95 | interval), n: (.allocations | number // 0)}],
 knees: [.knees[] | .kernel_irqchip = $irqchip[.below | text] | identity + {of, pages_below: (.pages_below | number),
	pages_above: (.pages_above | number),
	value_below: (.value_below | number), value_above: (.value_above | number)}]}
