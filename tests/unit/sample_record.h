/*
 * A record made by hand, as a run on a shadow-paging host with one vCPU would leave it: for golden files and judges.
 */
#ifndef TESTS_UNIT_SAMPLE_RECORD_H
#define TESTS_UNIT_SAMPLE_RECORD_H

#include "test.h"
#include "units.h"
#include "vmm/lab/record/record.h"

#define SAMPLE_TSC_KHZ 2000000

static char *sample_argv[] = { (char *)"minivmm", (char *)"--mem-path", (char *)"/dev/hugepages",
			       (char *)"--prealloc" };

/* `count` samples of so many TSC cycles, on a quiet core: its cycles are half as long as those of the TSC. */
static inline struct guest_result *sample_result(const uint64_t *cycles, uint32_t count)
{
	static struct guest_result g;

	memset(&g, 0, sizeof(g));
	for (uint32_t i = 0; i <= count && i <= RESULT_MAX_SAMPLES; i++) {
		if (i < count && i < RESULT_MAX_SAMPLES)
			g.samples_cycles[i] = cycles[i];
		g.clock[i] = (struct core_clock){ 2048 + 40, 4096 + 40 };
	}
	return &g;
}

/* Add a row with these samples in cycles; the counts are clean, the part logs no dirty pages. */
static inline void sample_row(struct record *rec, const struct result *r, const uint64_t *cycles,
			      uint32_t count)
{
	struct result row = *r;

	row.sample_count = count;
	row.guest_page_bytes = rec->config.guest_page_bytes;
	row.refs_theory = 4;
	row.checksum = UINT64_C(0x1234abcd);
	row.leaves_4k = 30300;
	row.leaves_2m = 3;
	row.dirty_pages = row.faults_least = row.faults_most = -1;
	assert_int_equal(record_add(rec, &row, sample_result(cycles, count), SAMPLE_TSC_KHZ), 0);
}

static inline void sample_chase(struct record *rec, enum workload_id workload, uint32_t step, int32_t vcpu,
				uint64_t pages, uint64_t cycles)
{
	const uint64_t samples[] = { cycles, cycles + 2000, cycles + 1000, cycles + 9000, cycles };
	struct result r = { .step = step,
			    .workload = workload,
			    .vcpu = vcpu,
			    .working_set_bytes = pages * PAGE_4K,
			    .chains = 1,
			    .pages = pages,
			    .accesses = 100000 };

	sample_row(rec, &r, samples, 5);
}

static inline void sample_touch(struct record *rec, uint64_t bytes)
{
	const uint64_t first[] = { 67000 * (bytes / PAGE_4K) }, second[] = { 20 * (bytes / PAGE_4K) };
	struct result r = { .workload = WORKLOAD_touch,
			    .variant = VARIANT_FIRST,
			    .working_set_bytes = bytes,
			    .pages = bytes / PAGE_4K,
			    .touched_pages = bytes / PAGE_4K,
			    .accesses = bytes / PAGE_4K,
			    .operations = bytes / PAGE_4K,
			    .may_exit = true };

	r.counts.exits = 3;
	r.counts.page_faults = (int64_t)(bytes / PAGE_4K);
	sample_row(rec, &r, first, 1);
	r.variant = VARIANT_SECOND;
	r.may_exit = false;
	memset(&r.counts, 0, sizeof(r.counts));
	sample_row(rec, &r, second, 1);
}

static const struct guest_image sample_guest = {
	.bytes = 150000, .sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
};

static inline void sample_sandbox(struct record *rec)
{
	rec->machine.sandbox = (struct sandbox_report){ .entered = true,
							.seccomp_main = true,
							.seccomp_vcpus = true,
							.no_new_privs = true,
							.landlock_abi = 2,
							.uid = 65534,
							.gid = 65533 };
}

/* 128M preallocated on 2M hugetlbfs pages, guest pages of 4K, under shadow paging. No rows yet. */
static inline void sample_machine(struct record *rec)
{
	static const struct pool_counts idle = { 64, 64, 0, 0 }, mapped = { 64, 64, 64, 0 },
					taken = { 64, 0, 0, 0 };

	record_init(rec);
	rec->argc = 4;
	rec->argv = sample_argv;
	rec->spec.machine.memory_bytes = 128 * MIB;
	rec->spec.machine.backing = BACKING_FILE;
	rec->spec.machine.mem_path = "/dev/hugepages";
	rec->spec.machine.populate = POPULATE_PREALLOC;
	rec->config.ram_bytes = 128 * MIB;
	rec->config.page_bytes = PAGE_2M;
	rec->config.guest_page_bytes = PAGE_4K;
	rec->config.vcpus = 1;
	rec->config.seed = 1;
	rec->config.map.tables_gpa = 8 * MIB;
	rec->config.map.tables_bytes = 2 * MIB;
	rec->config.map.arena_gpa = 10 * MIB;
	rec->config.map.arena_bytes = 118 * MIB;
	rec->machine.share = rec->machine.reserve = true;
	(void)snprintf(rec->host.kernel, sizeof(rec->host.kernel), "6.1.0-test #1 SMP");
	(void)snprintf(rec->host.cpu_model, sizeof(rec->host.cpu_model), "A CPU of the tests @ 2.00GHz");
	rec->host.cpus = 2;
	rec->host.hypervisor = KNOWN_YES;
	rec->host.pmu = KNOWN_NO;
	rec->host.tsc_khz = SAMPLE_TSC_KHZ;
	(void)snprintf(rec->host.kvm_module, sizeof(rec->host.kvm_module), "kvm_pvm");
	rec->host.second_dimension = SECOND_SHADOW;
	rec->host.param_count = 1;
	(void)snprintf(rec->host.params[0].name, sizeof(rec->host.params[0].name), "kvm.tdp_mmu");
	(void)snprintf(rec->host.params[0].value, sizeof(rec->host.params[0].value), "N");
	(void)snprintf(rec->host.thp, sizeof(rec->host.thp), "madvise");
	(void)snprintf(rec->host.shmem_thp, sizeof(rec->host.shmem_thp), "never");
	(void)snprintf(rec->host.ksm, sizeof(rec->host.ksm), "0");
	(void)snprintf(rec->host.nx_huge_pages, sizeof(rec->host.nx_huge_pages), "N");
	rec->host.numa_nodes = 1;
	rec->host.memory_bytes = 24 * GIB;
	rec->machine.observed.kernel_page_bytes = rec->machine.observed.page_bytes = PAGE_2M;
	rec->machine.observed.rss_bytes = rec->machine.observed.huge_bytes = 128 * MIB;
	rec->machine.observed.node_pages[0] = 64;
	rec->have_kvm_pages = true;
	rec->kvm_pages_4k = 30300;
	rec->kvm_pages_2m = 3;
	rec->machine.gpa_hva_congruent = true;
	rec->machine.pool_page_bytes = PAGE_2M;
	rec->machine.pool[POOL_BEFORE] = rec->machine.pool[POOL_CLOSED] = idle;
	rec->machine.pool[POOL_MAPPED] = mapped;
	rec->machine.pool[POOL_POPULATED] = rec->machine.pool[POOL_RAN] = taken;
	rec->machine.prealloc_threads = 2;
	rec->machine.minor_faults = 300;
	rec->machine.timing =
		(struct timing_ns){ 1000000, 20000, 30000000, 50000, 12300000, 2500000000, 2600000000 };
	rec->machine.vmm_rss_bytes = 2 * MIB;
	rec->machine.memory_slots = 1;
	rec->machine.guest = sample_guest;
	sample_sandbox(rec);
	rec->kvm_page_faults = 30400;
	rec->kvm_tables_bytes = 256 * KIB;
}

static inline void sample_rows(struct record *rec)
{
	const uint64_t seq[] = { 40000000, 42000000, 41000000 }, gups[] = { 9000000, 9100000, 9300000 };
	struct result r = { .step = 5, .workload = WORKLOAD_seq, .variant = VARIANT_READ };

	sample_touch(rec, 118 * MIB);
	sample_chase(rec, WORKLOAD_packed, 1, 0, 64, 384000);
	sample_chase(rec, WORKLOAD_packed, 2, 0, 4096, 1600000);
	sample_chase(rec, WORKLOAD_chase, 3, 0, 64, 384000);
	sample_chase(rec, WORKLOAD_chase, 4, 0, 4096, 5400000);
	r.working_set_bytes = r.accesses = 64 * MIB;
	r.pages = 16384;
	sample_row(rec, &r, seq, 3);
	r.step = 6;
	r.workload = WORKLOAD_gups;
	r.variant = VARIANT_ONLY;
	r.accesses = 100000;
	r.counts.interrupts = 2;
	r.counts.switches = 1;
	sample_row(rec, &r, gups, 3);
}

#endif
