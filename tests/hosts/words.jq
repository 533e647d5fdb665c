# Words that the expectations of cases.tsv may use, each about the record at hand.

# What the second dimension does to leaves: EPT and NPT follow the backing, shadow paging the smaller page.
def two_dimensional: .host.second_dimension != "shadow";
def leaf: if two_dimensional then .requested.page_bytes
	else [.requested.page_bytes, .requested.guest_page_bytes] | min end;
def level: leaf as $leaf | [4096, 2097152, 1073741824] | index($leaf);
def leaves: .observed.second_dimension | [.pages_4k, .pages_2m, .pages_1g];

# Rows of vCPUs, not of all of them together; vCPU by vCPU in the order of the plan.
def rows: .results | map(select(.vcpu != null)) | sort_by(.vcpu) | .[];
def part($workload; $variant): rows | select(.workload == $workload and .variant == $variant);
def faults($variant): [rows | select(.variant == $variant) | .page_faults];

# KVM's names of exit reasons. Those for interrupts of the host are not the guest's.
def host_reasons: ["EXTERNAL_INTERRUPT", "interrupt"];
def of_host: [.[host_reasons[]] // 0] | add;
def named($what): (.host.kvm_module == "kvm_intel") as $intel | {
		cpuid: ["CPUID", "cpuid"], io: ["IO_INSTRUCTION", "io"], fault: ["EXCEPTION_NMI", "PF_excp"],
		second_fault: ["EPT_VIOLATION", "npf"], invlpg: ["INVLPG", "invlpg"], msr: ["MSR_WRITE", "msr"]
	}[$what][if $intel then 0 else 1 end];

# In cases of kind "exits" each row also has .seen: what left the guest, {reason: count}, without those of the host.
# Faults of the second dimension are exits of their own.
def faults_exit: (two_dimensional | not) or (named("second_fault") as $name |
	[rows | .seen[$name] // 0] == [rows | .page_faults]);
# A part that makes one exit an operation, for that reason, and no other.
def each($workload; $variant; $what): named($what) as $name | [part($workload; $variant)] |
	length > 0 and all(.operations > 0 and .exits == .operations and .exits_per_operation == 1 and
		.seen == {($name): .operations});
# A part that never leaves the guest.
def quiet($workload; $variant): [part($workload; $variant)] |
	length > 0 and all(.exits == 0 and .page_faults == 0 and .seen == {});
def quiet($workload): [rows | select(.workload == $workload)] |
	length > 0 and all(.exits == 0 and .page_faults == 0 and .seen == {});
