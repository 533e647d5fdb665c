# Words that the expectations of cases.tsv may use, each about the record at hand.

# What the second dimension does to leaves: EPT and NPT follow the backing, shadow paging the smaller page.
def two_dimensional: .host.second_dimension != "shadow";
def leaf: if two_dimensional then .requested.page_bytes
	else [.requested.page_bytes, .requested.guest_page_bytes] | min end;
def level: leaf as $leaf | [4096, 2097152, 1073741824] | index($leaf);
def leaves: .observed.second_dimension | [.pages_4k, .pages_2m, .pages_1g];

# Rows of vCPUs, not of all of them together; vCPU by vCPU in the order of the plan.
# A window of twin has no phase of its own: it is sampled in the one of its blocks.
def rows: .results | map(select(.vcpu != null and (.workload != "twin" or .exits != null))) | sort_by(.vcpu) | .[];
def part($workload; $variant): rows | select(.workload == $workload and .variant == $variant);
def faults($variant): [rows | select(.variant == $variant) | .page_faults];

# In cases of kind "exits" each row also has what the kernel's tracepoints saw of its phase: .seen_faults, .seen_exits,
# .seen_interrupts, and the rest of the exits by reason: .seen, {reason: count}.
def host_reasons: ["EXTERNAL_INTERRUPT", "interrupt"];
def with_phases($phases): .results = (.results | map(select(.vcpu == null))) + ([rows] | to_entries | map(.value +
	($phases[.key] | {seen_faults: .faults, seen_exits: .exits, seen: (.reasons | del(.[host_reasons[]])),
		seen_interrupts: ([.reasons[host_reasons[]] // 0] | add)})));

# Faults at the APIC, and at page tables that KVM protects under shadow paging, are taken but not fixed: it carries out
# the access itself.
# A page of KSM is met shared, copied, and met again.
# A fault at a guest page of 1G over leaves that one of 2M has made already fixes no leaf.
def emulates_faults: (.variant | startswith("xapic-") or . == "first-1G/4K" or . == "merge") or .workload == "remap" or .workload == "shootdown";

# The record with its last step alone: where two vCPUs fault in the guest's own code at once, the first is not theirs.
def last_step: ([.results[].step] | max) as $last | .results |= map(select(.step == $last));

# KVM's names of exit reasons, on Intel and on AMD.
def named($what): (.host.kvm_module == "kvm_intel") as $intel | {
		cpuid: ["CPUID", "cpuid"], io: ["IO_INSTRUCTION", "io"], cr8_write: ["CR_ACCESS", "write_cr8"],
		invlpg: ["INVLPG", "invlpg"], msr: ["MSR_WRITE", "msr"],
		second_fault: ["EPT_VIOLATION", "npf"], shadow_fault: ["EXCEPTION_NMI", "PF_excp"]
	}[$what][if $intel then 0 else 1 end];
def named_fault: named(if two_dimensional then "second_fault" else "shadow_fault" end);

# Faults of the second dimension are exits of their own.
def faults_exit: (two_dimensional | not) or (named("second_fault") as $name |
	[rows | .seen[$name] // 0] == [rows | .page_faults]);

# A part that makes `count` exits an operation for that reason of KVM's, and no other.
def exits_are($workload; $variant; $reason; $count): [part($workload; $variant)] |
	length > 0 and all(.operations > 0 and .exits == $count * .operations and .exits_per_operation == $count and
		.seen == {($reason): .exits});
def one_each($workload; $variant; $what): exits_are($workload; $variant; named($what); 1);

def exit_exits: one_each("exit"; "cpuid"; "cpuid") and one_each("exit"; "port-user"; "io") and
	one_each("exit"; "port-kernel"; "io");

# A part, or a workload, that never leaves the guest.
def stays: .exits == 0 and .page_faults == 0 and .seen == {};
def stays($workload; $variant): [part($workload; $variant)] | length > 0 and all(stays);
def stays($workload): [rows | select(.workload == $workload)] | length > 0 and all(stays);

# One exit a round, and a round is one walk over the hot pages.
def one_a_round: named("io") as $io | [part("vpid"; "after-exit")] |
	length > 0 and all(.exits == .operations / .pages and .seen == {($io): .exits});

# Without an APIC in KVM there is no TPR shadow: CR8 exits, but AMD lets reads alone.
def cr8_exits: one_each("cr8"; "cr8-write"; "cr8_write") and
	if .host.kvm_module == "kvm_intel" then one_each("cr8"; "cr8-read"; "cr8_write") else stays("cr8"; "cr8-read") end;

# No APICv and no AVIC here. With FlexPriority the APIC's page is real, and KVM lets it fault; it tries a read once more
# before it carries it out, so that reads exit twice. Without, it is known to be no memory at the first exit.
# The x2APIC's TPR needs no APICv, only a CPU that knows that mode; those with EPT do.
def tpr_exits($switches): stays("tpr"; "cr8-read") and stays("tpr"; "cr8-write") and
	if .host.kvm_module != "kvm_intel" then
		one_each("tpr"; "x2apic-read"; "msr") and one_each("tpr"; "x2apic-write"; "msr") and
		exits_are("tpr"; "xapic-read"; named_fault; 1) and exits_are("tpr"; "xapic-write"; named_fault; 1)
	else
		if $switches.ept_cpu then stays("tpr"; "x2apic-read") and stays("tpr"; "x2apic-write")
		else exits_are("tpr"; "x2apic-read"; "MSR_READ"; 1) and exits_are("tpr"; "x2apic-write"; "MSR_WRITE"; 1) end and
		if $switches.flexpriority then
			exits_are("tpr"; "xapic-read"; named_fault; 2) and exits_are("tpr"; "xapic-write"; named_fault; 1)
		else exits_are("tpr"; "xapic-read"; "EPT_MISCONFIG"; 1) and
			exits_are("tpr"; "xapic-write"; "EPT_MISCONFIG"; 1) end
	end;

# A guest that changes its own tables: no exit under EPT and NPT. Under shadow paging each invlpg and each
# load of CR3 exits (so does the one reading of it in each sample). KVM protects the table, so that the write faults, and
# drops the leaf, so that the touch does; but not where it lets a table of 4K entries run out of step until an invlpg.
# Two vCPUs also fault on what the other's change dropped, again and again where that one is faster: of two CPUs of an emulator
# one may be, by far.
def remap_exits: if two_dimensional then stays("remap") else
	named("invlpg") as $invlpg | named("shadow_fault") as $fault | (.requested.guest_page_bytes > 4096) as $large |
	(if .requested.vcpus == 1 then 2 else 8 end) as $most | (if .requested.vcpus == 1 then 2 else 32 end) as $strays |
	def twice: .seen[$fault] >= 2 * .operations - 2 and .seen[$fault] <= $most * .operations;
	([part("remap"; "invlpg")] | length > 0 and all(.operations > 0 and .seen[$invlpg] == .operations and
		(.seen | keys) - [$invlpg, $fault] == [] and if $large then twice else (.seen[$fault] // 0) <= $strays end)) and
	([part("remap"; "cr3")] | length > 0 and all(.operations > 0 and twice and
		([.seen[("CR_ACCESS", "read_cr3", "write_cr3")] // 0] | add) == .operations + (.samples | length))) end;

# Each vCPU invalidates once a round; a sample has an opening and a closing round beside the timed ones.
def shootdown_exits: if two_dimensional then stays("shootdown") else
	named("invlpg") as $invlpg | named("shadow_fault") as $fault | [rows] | length > 0 and
		all(.operations > 0 and .seen[$invlpg] == .operations + 2 * (.samples | length) and
			(.seen | keys) - [$invlpg, $fault] == [] and (.seen[$fault] // 0) <= .operations) end;

# Faults beside those of the arena while KVM logs: stack, page tables and result block lie in the same slot.
def about($least): . >= $least and . <= $least + 16;

# KVM's log knows the pages that were written, no other; 2M leaves split for it and each page's first write faults once.
# The A and D bits cost nothing under EPT and NPT, and under shadow paging one fault a guest entry each.
def dirty_counts($pages): .requested.guest_page_bytes as $guest | .requested.page_bytes as $backing |
	two_dimensional as $two | named_fault as $fault | ([$guest, $backing] | min) as $shadow_leaf |
	(if $two then $backing else $shadow_leaf end) as $leaf | ($pages * 4096 / $leaf) as $large |
	part("dirty"; "read") as $read | part("dirty"; "write") as $write |
	part("dirty"; "read-logged") as $read_logged | part("dirty"; "write-logged") as $write_logged |
	([$read, $write, $read_logged, $write_logged] | all(.pages == $pages and .operations == $pages and
		.exits == .page_faults and (.seen[$fault] // 0) == .exits)) and
	if $two then [$read, $write] | all(stays) else
		[$read, $write] | all(.page_faults == $pages * 4096 / $guest) end and
	if $two then $read_logged.page_faults | about(0) else $read_logged.page_faults <= $pages + 16 end and
	($write_logged.page_faults | about($pages)) and
	$read.dirty_pages == null and $read_logged.dirty_pages == 0 and $write_logged.dirty_pages == $pages and
	if $leaf == 2097152 then $write.leaves_2m - $read_logged.leaves_2m >= $large and
		$read_logged.leaves_4k - $write.leaves_4k >= $pages else true end;

# First touches fault, as the tracepoint saw them; what is there stays there.
def held($first; $after): named_fault as $fault | all(part($first; "first"); .first_touch == "seen" and .page_faults > 0 and
	.exits == .page_faults and .seen == {($fault): .exits}) and stays($first; $after);

# Cells of a sweep that ran, each with the leaf that the second dimension has to give it; and all that counts in one.
def ran: two_dimensional as $two | .cells[] | select(.state == "ok") |
	.leaf = if $two then .page_bytes else [.page_bytes, .guest_page_bytes] | min end;
def counted: .figures[], .runs[].rows[];
def size_index: . as $bytes | [4096, 2097152, 1073741824] | index($bytes);

# A 1G guest page cannot be where the CPU has none; all else ran, in each round.
def sweep_states($guest_1g): .plan.allocations as $rounds | [.cells[] |
	if .guest_page_bytes == 1073741824 and ($guest_1g | not) then
		.state == "unavailable" and (.reason | test("pdpe1gb|CPUID")) and .runs == [] and .figures == []
	else .state == "ok" and .reason == null and [.runs[].round] == [range($rounds)] and
		all(.runs[]; .verdict == "ok") end] | length > 0 and all;

# A first touch exits once for each leaf (a 1G page may hold the guest's image too), malloc's not in all of them; what is
# there stays there.
def sweep_faults: [ran | .leaf as $leaf | (.working_set_bytes / $leaf) as $leaves | .workload as $workload | counted |
	.exits == .page_faults and .exits >= 0 and
	if .variant != "first" then .exits == 0
	elif $leaf == 1073741824 then .exits <= 1 and (.samples == null or (.first_touch == "void") == (.exits == 0))
	elif $workload == "malloc" then .exits > 0 and .exits < $leaves and (.samples == null or .first_touch == "seen")
	else .exits == $leaves and (.samples == null or .first_touch == "seen") end] | length > 0 and all;

# Leaves of each run: enough of the expected size, none larger, and under EPT and NPT none smaller, but for
# others'. Packed lines fill one page of 64; malloc leaves some of the set alone, remap most.
def sweep_leaves($others): two_dimensional as $two | [ran | (.leaf | size_index) as $at |
	(.working_set_bytes / if .workload | IN("packed", "malloc", "remap") then 64 else 1 end) as $bytes |
	([$bytes / .leaf, 1] | max) as $least | .page_bytes as $backing | .runs[] |
	.observed_page_bytes == $backing and ([.leaves_4k, .leaves_2m, .leaves_1g] | all(. != null) and .[$at] >= $least and
		all(.[$at + 1:][]; . <= $others) and (($two | not) or all(.[:$at][]; . <= $others)))] | length > 0 and all;

# hypervisor-matrix, by hand. The first touches of mlock are all leaves of its set. malloc works upwards from page 0, which
# set-up touches with the last one: over leaves of 4K it meets pages 1 to n, the same in all cells; over larger ones, the
# leaves of those pages but the first and the last. Preallocation leaves that as it is, and changes who brings pages in:
# the kernel's count of the process's faults has all memory then, and else no more than what was touched.
def first_faults: .runs[0].rows[] | select(.variant == "first") | .page_faults;
def malloc_4k_faults: [ran | select(.workload == "malloc" and .leaf == 4096) | .leaves = .working_set_bytes / 4096 |
	first_faults as $n | if .leaves / 2 < $n and $n < .leaves then $n else null end] | unique;
def matrix_faults: malloc_4k_faults as $n | ($n | length) <= 1 and $n != [null] and
	([ran | (.working_set_bytes / .leaf) as $leaves | (($n[0] // infinite) / (.leaf / 4096) | floor) as $last |
		.workload as $workload | first_faults | . == if $workload == "mlock" then $leaves
		else [$last, ([$leaves - 2, 0] | max)] | min end] | all) and
	([ran | select(.page_bytes == 4096) | (.runs[0].minor_faults >= .memory_bytes / 4096) == (.prealloc == "on")] | all) and
	([ran | .leaf as $leaf | .runs[].rows[] | .first_touch != "void" or ($leaf == 1073741824 and .page_faults == 0)] | all);

# References of a walk without caches, as the literature has them: by levels, guest leaf, backing leaf; shadow: by leaf.
def sweep_refs($levels): {"ept4": [[24, 19, 14], [19, 15, 11], [14, 11, 8]], "ept5": [[29, 24, 19], [23, 19, 15], [17, 14, 11]]}
	as $two_walks | two_dimensional as $two | [ran | (if $two then
		$two_walks["ept\($levels)"][.guest_page_bytes | size_index][.page_bytes | size_index]
	else [4, 3, 2][.leaf | size_index] end) as $refs | counted | .refs_theory == $refs] | length > 0 and all;

# Explanations of addresses, and a walk's moments.
def explained: .explanations | if length == 0 then error("nothing is explained") else . end;
def moments: [.walks[].moment];
def leaf_at($moment): .walks[$moment].steps[-1];

# Bits 5 and 6 of an entry, of which the value is a string in hex: its last digit but one says.
def has_a: .value[-2:-1] as $digit | ["2", "3", "6", "7", "a", "b", "e", "f"] | any(. == $digit);
def has_d: .value[-2:-1] as $digit | ["4", "5", "6", "7", "c", "d", "e", "f"] | any(. == $digit);

# Hardware walks to the leaf that the window names, although the host's page is larger: the slot is shifted by one.
def window_is_as_asked: .window.host_leaf_bytes as $leaf | .walks[-1].data | .slot > 0 and .hva_less_gpa_bytes == $leaf % .page_bytes and
	(.host_leaf_bytes == null or .host_leaf_bytes == $leaf);

# Once it is written, the address lies in a guest page and in a host page of the sizes asked for.
def pages_as_asked: .requested as $asked | all(.walks[]; .leaf_bytes == $asked.guest_page_bytes) and
	(.walks[-1].data | .present and .page_bytes == $asked.page_bytes) and
	all(.walks[-1].steps[].place; .page_bytes == $asked.page_bytes);

# Every entry that was read lies in a slot, in a page that the host has; this runs as root, so frames are told.
def places_are_sound: all(.walks[].steps[].place; .slot != null and .present and .frame != null) and
	all(.walks[].data | select(. != null); .slot != null and (.present == (.frame != null))) and .host.frames_refused == false;

def agrees_with_kvm: .walks[-1] as $last | .kvm_translate | if $last.fault == "not canonical" then .asked == false
	else .asked and .errno == null and .agrees and .valid == ($last.fault == "none") and .gpa == $last.gpa end;

# References of a walk without caches, for the guest's leaf and the page asked for, as sweep_refs has them. A window's data has
# the second dimension's leaf of its view, while the tables lie elsewhere, in leaves as large as the page.
def theory_of($levels): (.requested.guest_page_bytes | size_index) as $guest | (.requested.page_bytes | size_index) as $page |
	(.window.host_leaf_bytes // .requested.page_bytes | size_index) as $data |
	if .host.second_dimension == "shadow" then [4, 3, 2][[$guest, $data] | min]
	else $page - $data + {"4": [[24, 19, 14], [19, 15, 11], [14, 11, 8]], "5": [[29, 24, 19], [23, 19, 15], [17, 14, 11]]}["\($levels)"][$guest][$page] end;

# An explanation of an address that must not be touched: one moment, the fault and the exception that a CPU would raise.
def faults_as($fault; $exception): .explanations | length == 1 and (.[0] | .touched == false and moments == ["before"] and
	.references_total == null and (.walks[0] | .fault == $fault and .exception == $exception and .gpa == null));

# twin: what meeting all pages of a set through each window costs in faults. EPT and NPT: one for each leaf of the second
# dimension, paid by the first guest leaf to come. Shadow: for each guest page and window of its own, but a guest page that
# is larger than its leaf has eight leaves of 4K made at once, and those are the same for pages of 2M and of 1G.
def twin_faults: two_dimensional as $two | .twin | length > 0 and all(.[]; .working_set_bytes as $bytes |
	[.windows[] | select(.unavailable == null)] | length > 1 and all(.[];
		([$bytes / .leaf_bytes, 1] | max) as $leaves |
		if $two then .first_faults == (if .guest_leaf_bytes == 4096 then $leaves else 0 end)
		elif .leaf_bytes == 4096 and .guest_leaf_bytes == 1073741824 then .first_faults == 0
		elif .leaf_bytes == 4096 and .guest_leaf_bytes > 4096 then .first_faults | . >= $leaves / 8 and . <= $leaves / 8 + 2
		else .first_faults == $leaves end));

# Its leaves, of the whole VM: those of the windows, and few others.
def twin_leaves($others): two_dimensional as $two | leaves as $leaves | .twin[-1] | .working_set_bytes as $bytes |
	[.windows[] | select(.unavailable == null and if $two then .guest_leaf_bytes == 4096
			else .leaf_bytes > 4096 or .guest_leaf_bytes < 1073741824 end) |
		{leaf: .leaf_bytes, count: ([$bytes / .leaf_bytes, 1] | max)}] | group_by(.leaf) |
	length > 0 and all(.[]; (map(.count) | add) as $due | $leaves[.[0].leaf | size_index] | . >= $due and . <= $due + $others);

# So many windows, all of them with the same bytes, and no exit while they are walked.
def twin_is($windows): [.twin[].windows[] | select(.unavailable == null)] | length == $windows;
def twin_content: [rows | select(.variant | startswith("first-")) | select(.samples != []) | .checksum] | unique | length == 1;

# overcommit: what each act gave back, in bytes, how many faults the return took, and how many pages came back zeroed.
def act_is($variant; $given; $faults; $zeroed): part("overcommit"; $variant) |
	.given_back_bytes == $given and .page_faults == $faults and .zero_pages == $zeroed;
def pages: [rows | .pages] | max;
def regions: [rows | .working_set_bytes] | max / 2097152;
def lost_2m(f): f as $variant | part("overcommit"; $variant) | .act.before.leaves_2m - .act.after.leaves_2m;
# KSM keeps one page for 256 that are equal, and goes on merging meanwhile.
def merged: part("overcommit"; "merge") | .page_faults >= .pages and .page_faults < 2 * .pages and
	.given_back_bytes == .working_set_bytes - 4096 * (.pages / 256) and .act.after.merged_pages == .pages;
def acts_on_thp: regions as $regions | pages as $pages |
	stays("overcommit"; "held") and
	act_is("balloon-leaf"; $pages * 4096; $regions; $pages) and act_is("balloon-4k"; $regions * 4096; $pages; $regions) and
	act_is("split"; 0; $pages; 0) and act_is("collapse"; 0; $regions; 0) and
	act_is("page-out"; $pages * 4096; $pages; 0) and (part("overcommit"; "page-out") | .major_faults == .pages) and merged and
	([lost_2m("balloon-leaf", "balloon-4k", "split", "page-out", "merge")] | all(. == $regions));
# The calls succeed, and nothing happens: but for whole pages, hugetlb memory can be neither swapped nor ballooned nor merged.
def acts_on_hugetlb: regions as $regions | pages as $pages |
	act_is("balloon-leaf"; $pages * 4096; $regions; $pages) and
	([rows | select(.variant != "balloon-leaf")] | length == 6 and all(.page_faults == 0 and (.given_back_bytes // 0) == 0));
def acts_on_4k: regions as $regions | pages as $pages |
	act_is("balloon-leaf"; $pages * 4096; $pages; $pages) and act_is("balloon-4k"; $regions * 4096; $regions; $regions) and
	act_is("page-out"; $pages * 4096; $pages; 0) and (part("overcommit"; "page-out") | .major_faults == .pages) and merged;
# Under shadow paging faults follow the guest's tables as well; what the host has back does not.
def acts_give_back: regions as $regions | pages as $pages | [rows | {(.variant): [.given_back_bytes, .zero_pages]}] | add |
	.["balloon-leaf"] == [$pages * 4096, $pages] and .["balloon-4k"] == [$regions * 4096, $regions] and
	.split == [0, 0] and .collapse == [0, 0] and .["page-out"] == [$pages * 4096, 0];
