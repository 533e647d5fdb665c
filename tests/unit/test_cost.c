/*
 * Property: what KVM's tables cost is the peak above what was there before the VM, never negative, read once a part
 * when no vCPU is in a phase, and not known where the kernel does not count it; the faults are those of all vCPUs, or
 * not known. It could break where other VMs come and go, or a kernel lacks the line.
 */
#include <errno.h>

#include "test.h"
#include "vmm/lab/measure/phases.h"

#define VCPUS 3

static int64_t host_bytes; /* -1: no such line */
static uint32_t reads, settled;
static int refusal; /* of stat_refresh */
static int64_t faults[VCPUS];
static struct record rec;
static struct kvm_vcpu vcpus[VCPUS];
static struct phases phases;
static const struct machine_view view = { .vcpus = vcpus };

int __wrap_meminfo_kvm_tables(const char *root, uint64_t *bytes);
int __wrap_meminfo_refresh(const char *root);
void __wrap_stats_read(const struct kvm_stats *stats, int64_t *values);

int __wrap_meminfo_refresh(const char *root)
{
	(void)root;
	settled++;
	return refusal;
}

int __wrap_meminfo_kvm_tables(const char *root, uint64_t *bytes)
{
	(void)root;
	reads++;
	*bytes = host_bytes < 0 ? 0 : (uint64_t)host_bytes;
	return host_bytes < 0 ? -ENOENT : 0;
}

void __wrap_stats_read(const struct kvm_stats *stats, int64_t *values)
{
	for (uint32_t i = 0; i < VCPU_STAT_COUNT; i++)
		values[i] = -1;
	values[VCPU_PF_FIXED] = faults[stats->fd];
}

static int setup(void **state)
{
	(void)state;
	reads = settled = 0;
	record_init(&rec);
	rec.config.vcpus = VCPUS;
	rec.config.step_count = 1;
	phases.rec = &rec;
	for (uint32_t i = 0; i < VCPUS; i++) {
		vcpus[i].stats.fd = (int)i;
		faults[i] = 100 << i;
	}
	host_bytes = 4096;
	cost_start(&phases);
	return 0;
}

static void end_part(int64_t part)
{
	for (uint32_t i = 0; i < VCPUS; i++)
		cost_sample(&phases, part);
}

/* Whom the kernel does not let bring the count up to date, that one is told of it. */
TEST_WITH(a_count_that_is_late_is_marked, setup, NULL)
{
	assert_false(rec.kvm_tables_late);
	refusal = -EACCES;
	end_part(0);
	refusal = 0;
	assert_true(rec.kvm_tables_late);
}

TEST_WITH(the_peak_above_the_start_is_kept, setup, NULL)
{
	host_bytes = 4096 * 11;
	end_part(0);
	assert_int_equal(rec.kvm_tables_bytes, 40960);
	host_bytes = 4096 * 6;
	end_part(1);
	assert_int_equal(rec.kvm_tables_bytes, 40960);
	host_bytes = 4096 * 21;
	cost_finish(&phases, &view);
	assert_int_equal(rec.kvm_tables_bytes, 81920);
	assert_int_equal(rec.kvm_page_faults, 700);
}

/* Before that another vCPU is still in its phase, and would be disturbed. */
TEST_WITH(only_the_last_end_of_a_part_samples, setup, NULL)
{
	cost_sample(&phases, 5);
	cost_sample(&phases, 5);
	assert_int_equal(reads, 1);
	cost_sample(&phases, 5);
	assert_int_equal(reads, 2);
	cost_sample(&phases, 6);
	cost_sample(&phases, 6);
	assert_int_equal(reads, 2);
	cost_sample(&phases, 6);
	assert_int_equal(reads, 3);
	assert_int_equal(settled, 3);
}

TEST_WITH(a_run_without_steps_is_not_held_up, setup, NULL)
{
	rec.config.step_count = settled = 0;
	cost_start(&phases);
	cost_finish(&phases, &view);
	assert_int_equal(settled, 0);
	assert_int_equal(rec.kvm_tables_bytes, 0);
}

TEST_WITH(less_than_before_is_none, setup, NULL)
{
	host_bytes = 0;
	cost_finish(&phases, &view);
	assert_int_equal(rec.kvm_tables_bytes, 0);
}

TEST_WITH(a_kernel_without_the_line_leaves_it_unknown, setup, NULL)
{
	host_bytes = -1;
	cost_start(&phases);
	host_bytes = 4096;
	end_part(0);
	cost_finish(&phases, &view);
	assert_int_equal(rec.kvm_tables_bytes, -1);
	assert_int_equal(rec.kvm_page_faults, 700);
}

TEST_WITH(one_unknown_count_of_faults_makes_the_sum_unknown, setup, NULL)
{
	faults[1] = -1;
	cost_finish(&phases, &view);
	assert_int_equal(rec.kvm_page_faults, -1);
}
