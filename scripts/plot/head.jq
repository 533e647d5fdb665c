# The top of the report: what was run, what the preset teaches, a summary in words, the host, what was proven.
include "base";
include "page";

def duration: number | if . == null then "an unknown time" elif . < 120 then "\(. * 10 | round / 10) s"
	elif . < 7200 then "\(. / 6 | round / 10) min" else "\(. / 360 | round / 10) h" end;
def state_words: {refused: "refused: contradicts itself, no host could run it",
	unavailable: "unavailable: this host cannot",
	failed: "failed: no run succeeded",
		mismatch: "mismatch: page sizes are not those asked for; figures are not compared",
	pending: "pending: not run yet"}[.] // .;

# "hugetlb:1G" and the like, most frequent first.
def reasons: group_by([.state, .reason]) | sort_by(-length) | (.[:12][] |
	"<li>\(length | plural("cell")) \(.[0].state | state_words | html)\(if .[0].reason then " – " + (.[0].reason | html) else "" end) <span class=\"key\">(\(map(.backing) | unique | .[:6] | join(", ") | html))</span></li>"),
	(if length > 12 then "<li>and \(length - 12) further reasons, in the table of cells</li>" else empty end);

def summary:
	. as $m | ([.cells[] | .state] | group_by(.) | map({key: .[0], value: length}) | from_entries) as $count |
	([.cells[] | select(.state != "ok")]) as $rest | ([.cells[].proof.runs] | add // 0) as $runs |
	([.cells[].figures[] | select(.value != null)] | length) as $figures | ([.cells[].figures[] | select(.n > 0) |
		.n]) as $n |
	"<section id=\"summary\"><h2>Summary</h2>",
	(if .complete == true then empty
		else "<p class=\"warning\">This sweep is not complete: \(($count.pending // 0) | plural("cell")) still to be run.</p>" end),
	"<p>The sweep has \(.cells | length | plural("cell")): \([.cells[] | select(.state == "ok" and any(.figures[]; .value != null))] | length) with figures that may be compared\([.cells[] | select(.state == "ok" and all(.figures[]; .value == null))] | length | if . > 0 then ", \(.) that ran but have counts alone" else "" end)\($count | to_entries | map(select(.key != "ok") | ", \(.value) \(.key)") | join("") | html). It kept \($runs | plural("run")), each a process, a virtual machine and an allocation of its own, which gave \($figures | plural("figure"))\(if $n | length > 0 then ", each over \($n | [min, max] | unique | map(tostring) | join(" to ")) allocations" else "" end).</p>",
	"<p>Asked for were \(.plan.allocations | text | html) allocations a cell in shuffled rounds (seed \(.plan.seed | text | html)), \(.plan.repeat | text | html) repetitions in each. \((.counts.disturbed_runs | number // 0) | if . == 0 then "No run was disturbed" else plural("run") + " \(if . == 1 then "was" else "were" end) disturbed (steal time, involuntary switches, exits in a timed part)" end); up to \(.plan.retries | text | html) repetitions of such a run were allowed, and \(.cells | map(.proof.disturbed) | add // 0) of the runs kept are still disturbed; \((.counts.failed_runs | number // 0) | plural("run")) failed. It took \(.seconds | duration)\(if (.resumed | number // 0) > 0 then ", and was resumed \(.resumed | plural("time"))" else "" end)\(if (.counts.waited_ns | number // 0) >= 5e7 then ", of which it waited \(.counts.waited_ns / 1e9 | duration) for the turn of another sweep on this host" else "" end).</p>",
	(if $rest | length > 0 then "<p>Cells without a figure that may be compared:</p><ul>", ($rest | reasons),
		"</ul>" else empty end),
	"</section>";

def host_value: if . == null then "not known" elif type == "boolean" then (if . then "yes" else "no" end)
	elif type == "object" or type == "array" then tojson else tostring end;
def host_section:
	(.host | object) as $host | "<section id=\"host\"><h2>Host</h2>",
	([$host | to_entries[] | select(.key != "params") | [.key, (if .key == "memory_bytes" then (.value | size) +
		" (\(.value | tojson) bytes)"
		else .value | host_value end)]] | table(["", "value"]; [false, false])),
	"<details class=\"short\"><summary>Module parameters and other settings (\($host.params | object | length))</summary>",
	([$host.params | object | to_entries[] | [.key, (.value | host_value)]] | table(["parameter", "value"]; [false,
		false])),
	"</details></section>";

def proof_rows: group_by([.guest_rank, .backing_rank, (.prealloc | prealloc_rank)])[] | (map(.proof.runs) |
	add) as $runs | select($runs > 0) |
	[.[0].guest, .[0].backing, .[0].prealloc, "\($runs)", (if .[0].asked == null then "not known" else .[0].asked |
		size end),
	 "\(map(.proof.agreed) | add) of \($runs)\(map(.proof.unknown) | add | if . > 0 then " (\(.) mixed or unknown)" else "" end)"] +
	([range(3) as $i | map(.proof.leaves[$i] | select(. != null)) | max | if . == null then "–" else tostring end]) +
	[if .[0].guest == "native" then "–"
		else "\(map(.proof.without_exits) | add) of \(map(.proof.parts) | add)\(map(.proof.exits_unknown) | add | if . > 0 then ", \(.) not counted" else "" end)" end,
	 "\(map(.proof.switches) | add)", "\(map(.proof.steal_ns) | add / 1e6 | figure) ms"];
def proven:
	(.cells | map(.proof) | {runs: (map(.runs) | add // 0), agreed: (map(.agreed) | add // 0), parts: (map(.parts) |
		add // 0),
		quiet: (map(.without_exits) | add // 0), verdicts: (map(.verdicts) | add // 0)}) as $all |
	"<section id=\"proven\"><h2>What was proven</h2>",
	"<p>In \($all.agreed) of \($all.runs | plural("run")) the kernel's smaps showed all memory in pages of the size that was asked for. \($all.quiet) of the \($all.parts) timed parts that may not leave the guest had no exit by KVM's own count. \(if $all.verdicts == 0 then "Every run kept has the verdict ok" else "\($all.verdicts | plural("run")) kept with another verdict than ok" end).</p>",
	([.cells | proof_rows] | if length == 0 then "<p>No run was kept.</p>"
		else table(["guest page", "backing", "prealloc", "runs", "page asked", "observed as asked", "leaves 4K", "2M",
			"1G", "parts without exit", "switches", "steal"];
			[false, false, false, true, true, true, true, true, true, true, true, true]) end),
	"<p>Leaves: the most that KVM had installed in its own tables in any run; switches: involuntary, in those timed parts; steal: taken by a hypervisor below from all CPUs during the runs.</p></section>";

"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\($policy)<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
"<meta name=\"generator\" content=\"minivmm plot.sh\"><title>minivmm sweep: \(.preset // $file | html)</title>\n<style>\n\($style)</style></head><body>",
"<header><h1>\(if .preset then "Sweep \(.preset | html)" else "A sweep" end) on \(.host.cpu_model // "an unknown CPU" | html)</h1>",
"<p>minivmm \(.version | html), started \(.started | html), from <code>\($file | html)</code>. Made by</p><pre>\(.command | command_line | html)</pre></header>",
(if (.teaches | text) == "" then empty
	else "<section id=\"teaches\"><h2>What this preset teaches</h2><p>\(.teaches | html)</p></section>" end),
summary, host_section, proven
