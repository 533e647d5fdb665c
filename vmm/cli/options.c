#include "vmm/cli/options.h"

#include "abi.h"

const struct option_spec option_table[OPTION_COUNT] = {
	[OPTION_MEMORY] = { "memory", NULL, 'm', "SIZE", FOR_BOTH | FOR_POOL_PLAN,
			    "guest RAM; K, M, G or T behind a whole number, a bare number is MiB;\n"
			    "rounded up to the backing's page (default 1G)",
			    set_memory },
	[OPTION_ALIAS_MEMORY] = { "alias-memory", NULL, 0, "SIZE", FOR_RUN,
				  "of --memory, make only SIZE of host memory, which repeats: one memory "
				  "slot\n"
				  "for each repetition, plus a little for the guest itself (default: all of "
				  "it)",
				  set_alias_memory },
	[OPTION_MEM_PATH] = { "mem-path", NULL, 0, "PATH", FOR_BOTH,
			      "back RAM with an unlinked file on this hugetlbfs or tmpfs mount;\n"
			      "the page size is the mount's",
			      set_mem_path },
	[OPTION_BACKING] = { "backing", NULL, 0, "KIND", FOR_BOTH,
			     "without --mem-path: anon (4K pages only), thp, hugetlb or memfd\n"
			     "(default anon)",
			     set_backing },
	[OPTION_PAGE_SIZE] = { "page-size", NULL, 0, "SIZE", FOR_BOTH | FOR_POOL_PLAN,
			       "page of the backing: 4K, 2M or 1G (default 2M for thp, hugetlb, pools;\n"
			       "4K for anon and memfd, the mount's for a path)",
			       set_page_size },
	[OPTION_PREALLOC] = { "prealloc", "mem-prealloc", 0, NULL, FOR_BOTH,
			      "populate all RAM before the workloads start (default: at first touch)",
			      set_prealloc },
	[OPTION_PREALLOC_THREADS] = { "prealloc-threads", NULL, 0, "N", FOR_BOTH,
				      "threads that populate, 1 to 1024; needs --prealloc (default: as many "
				      "as\n"
				      "are useful)",
				      set_prealloc_threads },
	[OPTION_PREFAULT] = { "prefault", NULL, 0, NULL, FOR_RUN,
			      "also fill the second dimension's tables beforehand; implies --prealloc",
			      set_prefault },
	[OPTION_SHARE] = { "share", NULL, 0, "on|off", FOR_BOTH,
			   "shared or private mapping (default on for files and memfd, else off)",
			   set_share },
	[OPTION_RESERVE] = { "reserve", NULL, 0, "on|off", FOR_BOTH,
			     "reserve memory when it is mapped (default on)", set_reserve },
	[OPTION_HOST_NODES] = { "host-nodes", NULL, 0, "LIST", FOR_BOTH | FOR_POOL_PLAN,
				"NUMA nodes for RAM, as in 0-1,3 (default: not bound)", set_host_nodes },
	[OPTION_POLICY] = { "policy", NULL, 0, "POLICY", FOR_BOTH,
			    "bind, preferred or interleave; needs --host-nodes (default bind then)",
			    set_policy },
	[OPTION_SMP] = { "smp", NULL, 0, "N", FOR_BOTH, "vCPUs, or threads of native (default 1)", set_smp },
	[OPTION_PIN] = { "pin", NULL, 0, "LIST", FOR_BOTH,
			 "host CPUs of the threads, in order, as in 0-3,8 (default: not pinned)", set_pin },
	[OPTION_KERNEL_IRQCHIP] = { "kernel-irqchip", NULL, 0, "on|off", FOR_RUN,
				    "an APIC inside KVM for each vCPU (default: where a workload needs it)",
				    set_kernel_irqchip },
	[OPTION_GUEST_PAGE] = { "guest-page", NULL, 0, "SIZE", FOR_RUN,
				"leaf of the guest's own page tables: 4K, 2M or 1G (default 4K)",
				set_guest_page },
	[OPTION_GUEST_AD] = { "guest-ad", NULL, 0, "on|off", FOR_RUN,
			      "accessed and dirty bits of those page tables set beforehand (default off)",
			      set_guest_ad },
	[OPTION_WORKLOAD] = { "workload", NULL, 0, "LIST", FOR_BOTH,
			      "what to run, in this order: see --workload help; none boots and ends\n"
			      "(default touch,packed,chase)",
			      set_workload },
	[OPTION_WORKING_SET] = { "working-set", NULL, 0, "LIST", FOR_BOTH,
				 "bytes for each vCPU, as in 64K,1M or 256K..4G, which doubles\n"
				 "(default: each workload's own)",
				 set_working_set },
	[OPTION_ACCESSES] = { "accesses", NULL, 0, "N", FOR_BOTH,
			      "timed operations in a sample (default 0: the workload chooses)",
			      set_accesses },
	[OPTION_REPEAT] = { "repeat", NULL, 0, "N", FOR_BOTH, "samples of each result, 1 to 896 (default 10)",
			    set_repeat },
	[OPTION_SEED] = { "seed", NULL, 0, "N", FOR_BOTH,
			  "seed of the access patterns, fixed for repeatable runs "
			  "(default 1)",
			  set_seed },
	[OPTION_GUEST] = { "guest", NULL, 0, "ELF", FOR_RUN,
			   "boot another PVH ELF (default: the guest inside this program)", set_guest },
	[OPTION_TIMEOUT] = { "timeout", NULL, 0, "SEC", FOR_BOTH,
			     "stop a run that takes longer, 1 to 86400 seconds (default 600)", set_timeout },
	[OPTION_PMU] = { "pmu", NULL, 0, "LIST", FOR_BOTH,
			 "count the CPU's events: default, roles, or libpfm4's names, with commas;\n"
			 "see --pmu help (default off)",
			 set_pmu },
	[OPTION_JSON] = { "json", NULL, 0, "FILE", FOR_ALL,
			  "write all of it as JSON; - is stdout, all else goes to stderr then", set_json },
	[OPTION_CSV] = { "csv", NULL, 0, "FILE", FOR_BOTH, "write the results as CSV; - is stdout", set_csv },
	[OPTION_QUIET] = { "quiet", NULL, 0, NULL, FOR_ALL, "no text but errors", set_quiet },
	[OPTION_VERBOSE] = { "verbose", NULL, 0, NULL, FOR_BOTH,
			     "show what the guest wrote on its serial port, too", set_verbose },
	[OPTION_PROGRESS] = { "progress", NULL, 0, NULL, FOR_BOTH,
			      "progress on stderr even where that is no terminal", set_progress },
	[OPTION_DUMP_CONFIG] = { "dump-config", NULL, 0, NULL, FOR_BOTH, "say what would run, and stop",
				 set_dump_config },
	[OPTION_DUMP_FDT] = { "dump-fdt", NULL, 0, "FILE", FOR_RUN,
			      "write the device tree that the guest would get, and stop", set_dump_fdt },
	[OPTION_REQUIRE] = { "require", NULL, 0, "LIST", FOR_CHECK,
			     "what a job needs, as in ept,hugepages=2M:512; exit status 6 where that is\n"
			     "not met; see --require help (default: nothing)",
			     set_require },
	[OPTION_TAP] = { "tap", NULL, 0, NULL, FOR_CHECK,
			 "instead of the text: a TAP line for each requirement, facts as comments", set_tap },
	[OPTION_ROOT] = { "root", NULL, 0, "DIR", FOR_HOST,
			  "read the host recorded below DIR, a copy of another one's /proc and /sys;\n"
			  "/dev/kvm is not asked then (default: this host)",
			  set_root },
	[OPTION_HELP] = { "help", NULL, 0, NULL, FOR_ALL, "print this and stop", set_help },
	[OPTION_VERSION] = { "version", NULL, 0, NULL, FOR_ALL,
			     "print the versions of program, guest ABI and record, and stop", set_version },
};

_Static_assert(RESULT_MAX_SAMPLES == 896 && GUEST_MAX_VCPUS == 128, "the help text names these limits");
