/*
 * Property: a phase's row holds what the vCPU itself caused between its two doorbells, and a figure only where it means
 * something: exits less the host's interrupts and the doorbell's own, no cycles of an interpreted ring 0, no result
 * out of order. It could break by one exit, which reads as "the workload exits once" in a row of thousands.
 */
#include <errno.h>

#include "test.h"
#include "driver.h"
#include "units.h"
#include "vmm/lab/measure/phases.h"

static const struct workload_part part_plain = { .variant = VARIANT_ONLY };
static const struct workload_part part_ring0 = { .variant = VARIANT_INVLPG, .ring0 = 1 };

static int64_t exits, irq_exits, fixed, pages_2m;
static struct record rec;
static struct kvm_vm vm;
static struct kvm_vcpu vcpu;
static struct phases phases;
static const struct machine_view view = {
	.config = &rec.config, .vm = &vm, .vcpus = &vcpu, .tsc_khz = 1000000
};
static struct vcpu_block block;
static struct error e;

void __wrap_stats_read(const struct kvm_stats *stats, int64_t *values);
int __wrap_machine_read(struct machine *m, uint64_t gpa, void *to, uint64_t bytes, struct error *error);
const struct workload_part *__wrap_driver_part(uint32_t workload, uint32_t variant);

void __wrap_stats_read(const struct kvm_stats *stats, int64_t *values)
{
	if (stats == &vm.stats) {
		values[VM_PAGES_4K] = 7;
		values[VM_PAGES_2M] = pages_2m;
		values[VM_PAGES_1G] = 0;
		return;
	}
	values[VCPU_EXITS] = exits;
	values[VCPU_IRQ_EXITS] = irq_exits;
	values[VCPU_PF_FIXED] = fixed;
}

int __wrap_machine_read(struct machine *m, uint64_t gpa, void *to, uint64_t bytes, struct error *error)
{
	(void)m;
	(void)error;
	assert_int_equal(gpa, VCPU_BLOCKS_GPA);
	assert_int_equal(bytes, sizeof(block));
	memcpy(to, &block, sizeof(block));
	return 0;
}

const struct workload_part *__wrap_driver_part(uint32_t workload, uint32_t variant)
{
	(void)workload;
	return variant == VARIANT_ONLY ? &part_plain : variant == VARIANT_INVLPG ? &part_ring0 : NULL;
}

static int setup(void **state)
{
	(void)state;
	record_init(&rec);
	rec.config.vcpus = rec.config.step_count = 1;
	rec.config.steps[0] =
		(struct plan_step){ .workload = WORKLOAD_chase, .working_set_bytes = MIB, .repeat = 3 };
	memset(&e, 0, sizeof(e));
	assert_int_equal(phases_init(&phases, &rec, &e), 0);
	phases.cost.before_bytes = -1;
	memset(&block, 0, sizeof(block));
	block.magic = VCPU_BLOCK_MAGIC;
	block.abi_version = MINIVMM_ABI_VERSION;
	block.result = (struct guest_result){ .workload = WORKLOAD_chase,
					      .samples = 2,
					      .working_set_bytes = MIB,
					      .pages = 256,
					      .accesses = 100,
					      .samples_cycles = { 100, 200 } };
	exits = irq_exits = fixed = 1000;
	pages_2m = 5;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	record_free(&rec);
	phases_free(&phases);
	return 0;
}

static int doorbell(uint32_t number)
{
	return phases.observer.doorbell(phases.observer.self, &view, 0, number, &e);
}

static void ring(uint32_t number)
{
	exits++;
	assert_int_equal(doorbell(number), 0);
}

static const struct result *run_phase(int64_t own, int64_t interrupts)
{
	ring(DOORBELL_BEGIN);
	exits += own + interrupts;
	irq_exits += interrupts;
	ring(DOORBELL_END);
	return &rec.results[rec.result_count - 1];
}

TEST_WITH(exits_are_the_workloads_own, setup, teardown)
{
	const struct result *r = run_phase(20000, 17);

	assert_int_equal(r->counts.exits, 20000);
	assert_int_equal(r->counts.interrupts, 17);
	assert_int_equal(r->operations, 200);
	assert_int_equal(r->sample_count, 2);
	assert_int_equal(r->dirty_pages, -1);
}

TEST_WITH(what_a_doorbell_costs_is_measured, setup, teardown)
{
	/* Three exits each here, and once an interrupt and something else among them. */
	ring(DOORBELL_EMPTY);
	exits += 2;
	ring(DOORBELL_EMPTY);
	exits += 9;
	irq_exits += 3;
	ring(DOORBELL_EMPTY);
	exits += 2;
	assert_int_equal(run_phase(5, 0)->counts.exits, 3);
	assert_int_equal(phases.vcpus[0].doorbell_exits, 3);
	/* No fewer than none: a doorbell may cost less than it was seen to. */
	rec.results[0].step = 9;
	block.result.step = 0;
	phases.vcpus[0].last_result = -1;
	assert_int_equal(run_phase(0, 0)->counts.exits, 0);
}

TEST_WITH(what_kvm_does_not_count_is_not_known, setup, teardown)
{
	const struct result *r;

	ring(DOORBELL_BEGIN);
	exits = irq_exits = fixed = -1;
	assert_int_equal(doorbell(DOORBELL_END), 0);
	r = &rec.results[0];
	assert_int_equal(r->counts.exits, -1);
	assert_int_equal(r->counts.interrupts, -1);
	assert_int_equal(r->counts.page_faults, -1);
}

TEST_WITH(cycles_of_an_interpreted_ring_are_withheld, setup, teardown)
{
	const struct result *r;

	block.result.variant = VARIANT_INVLPG;
	block.ring3_loop_cycles = 1000;
	block.ring0_loop_cycles = 17000;
	r = run_phase(3, 0);
	assert_int_equal(r->sample_count, 0);
	assert_null(r->samples);
	assert_non_null(strstr(r->note, "interprets ring 0"));
	/* The counts hold all the same. */
	assert_int_equal(r->counts.exits, 3);
	assert_int_equal(r->operations, 200);
	assert_true(rec.ring0_slowdown > 16.9 && rec.ring0_slowdown < 17.1);
}

TEST_WITH(cycles_of_a_ring_that_runs_are_not, setup, teardown)
{
	block.result.variant = VARIANT_INVLPG;
	block.ring3_loop_cycles = 1000;
	block.ring0_loop_cycles = 1900;
	assert_int_equal(run_phase(0, 0)->sample_count, 2);
	/* Not measured: another payload. */
	rec.results[0].step = 9;
	phases.vcpus[0].last_result = -1;
	block.ring3_loop_cycles = 0;
	assert_int_equal(run_phase(0, 0)->sample_count, 2);
	/* What runs in ring 3 is not touched by it. */
	phases.vcpus[0].last_result = -1;
	block.result.variant = VARIANT_ONLY;
	block.ring3_loop_cycles = 1;
	assert_int_equal(run_phase(0, 0)->sample_count, 2);
	assert_string_equal(rec.results[rec.result_count - 1].note, "");
}

TEST_WITH(a_part_without_a_figure_says_why, setup, teardown)
{
	const struct result *r;

	block.result.samples = 0;
	block.result.unavailable = UNAVAILABLE_X2APIC;
	r = run_phase(0, 0);
	assert_int_equal(r->sample_count, 0);
	assert_non_null(strstr(r->note, "x2APIC"));
}

TEST_WITH(leaves_are_those_at_the_end, setup, teardown)
{
	const struct result *r;

	ring(DOORBELL_BEGIN);
	pages_2m = 9;
	ring(DOORBELL_END);
	pages_2m = 2;
	r = &rec.results[0];
	assert_int_equal(r->leaves_2m, 9);
	assert_int_equal(rec.kvm_pages_2m, 9);
	phases_keep_peak_pages(&phases, &view);
	assert_int_equal(rec.kvm_pages_2m, 9);
}

/* A count that a later kernel calls otherwise would be a proof that vanishes in silence. */
TEST_WITH(a_count_that_kvm_lacks_is_told, setup, teardown)
{
	static const char *const vm_counts[] = { "pages_4k", "pages_2m" }, *const vcpu_counts[] = { "exits" };

	run_phase(0, 0);
	(void)phases.observer.ended(phases.observer.self, &view, 0, &e);
	assert_int_equal(rec.reason_count, 0);
	vm.stats = (struct kvm_stats){ .count = 2, .names = vm_counts, .offsets_bytes = { 8, STATS_ABSENT } };
	vcpu.stats =
		(struct kvm_stats){ .count = 1, .names = vcpu_counts, .offsets_bytes = { STATS_ABSENT } };
	(void)phases.observer.ended(phases.observer.self, &view, 0, &e);
	assert_int_equal(rec.reason_count, 1);
	assert_non_null(strstr(rec.reasons[0], "does not count pages_2m, exits:"));
	assert_int_equal(rec.verdict, VERDICT_OK);
	vm.stats = vcpu.stats = (struct kvm_stats){ .count = 0 };
}

TEST_WITH(doorbells_out_of_order_are_refused, setup, teardown)
{
	assert_true(doorbell(DOORBELL_END) < 0);
	assert_non_null(strstr(e.what, "never began"));
	memset(&e, 0, sizeof(e));
	(void)run_phase(0, 0);
	ring(DOORBELL_BEGIN);
	assert_true(doorbell(DOORBELL_END) < 0);
	assert_non_null(strstr(e.what, "came again"));
	assert_int_equal(rec.result_count, 1);
}

static uint32_t looks[8], look_count, seen_in_phase;
static int look_answer;

static int look(void *self, const struct machine_view *seen, uint32_t index, uint32_t number,
		struct error *error)
{
	assert_ptr_equal(self, looks);
	assert_ptr_equal(seen, &view);
	assert_int_equal(index, 0);
	assert_true(look_count < 8);
	looks[look_count++] = number;
	seen_in_phase += phases.vcpus[0].in_phase;
	exits += 100; /* what looking costs is no part's */
	if (look_answer != 0)
		(void)error_set(error, STATUS_FAILED, -look_answer, "look", "seen enough");
	return look_answer;
}

/* An observer beside the measurement is never inside what is counted, and may end the run. */
TEST_WITH(an_observer_beside_disturbs_nothing, setup, teardown)
{
	static const uint32_t expected[] = { DOORBELL_MAIN, DOORBELL_BEGIN, DOORBELL_END };
	const struct machine_observer observer = { .self = looks, .doorbell = look };

	look_count = seen_in_phase = 0;
	look_answer = 0;
	phases.beside = &observer;
	ring(DOORBELL_EMPTY);
	ring(DOORBELL_MAIN);
	assert_int_equal(run_phase(5, 0)->counts.exits, 5);
	assert_int_equal(look_count, 3);
	assert_memory_equal(looks, expected, sizeof(expected));
	assert_int_equal(seen_in_phase, 0);
	look_answer = -EIO;
	assert_int_equal(doorbell(DOORBELL_BEGIN), -EIO);
	assert_false(phases.vcpus[0].in_phase);
	assert_int_equal(e.status, STATUS_FAILED);
}
