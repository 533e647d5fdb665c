/*
 * exit, tpr and cr8 make exactly the operations they count between begin and end of a phase, of the one kind that the
 * part is called by, prove what they did, and leave the APIC as they found it. They could break by an access more in
 * the phase (the exits an operation would be wrong), by a proof that accepts a dead register, by a mode change that a
 * real APIC answers with #GP, or by a failure on the way that leaves it in x2APIC mode.
 */
#include <cpuid.h>

#include "test.h"
#include "driver.h"
#include "tests/unit/trap_cpu.h"
#include "units.h"

#define OPERATIONS 37
#define SAMPLES 3
#define MAX_PHASES WORKLOAD_MAX_PARTS

struct phase {
	struct guest_result result;
	uint64_t total, counts[TRAP_KINDS];
	uint16_t priorities;
	uint32_t last_tpr;
};

struct run {
	struct gate gate;
	struct guest_result result;
	struct trap_cpu before;
	uint64_t total_before;
	struct phase phases[MAX_PHASES];
	uint32_t count;
	const char *failure;
};

static void on_begin(void *self)
{
	struct run *r = self;

	trap_cpu.priorities = 0;
	r->before = trap_cpu;
	r->total_before = trap_total();
}

static void on_end(void *self)
{
	struct run *r = self;
	struct phase *p = &r->phases[r->count++];

	assert_true(r->count <= MAX_PHASES);
	p->result = r->result;
	p->total = trap_total() - r->total_before;
	for (int i = 0; i < TRAP_KINDS; i++)
		p->counts[i] = trap_cpu.counts[i] - r->before.counts[i];
	p->priorities = trap_cpu.priorities;
	p->last_tpr = trap_cpu.tpr;
}

static int never_stopped(void *self)
{
	(void)self;
	return 0;
}

/* Ring 0 is this process: what it may not do traps. */
static void call(void (*body)(void *), void *argument)
{
	body(argument);
}

static void stay(void)
{
}

static const struct platform whole = { .privileged = call, .leave = stay, .kernel_port = 1 };

static int run_plan(struct run *r, enum workload_id workload, uint64_t accesses,
		    const struct platform *platform)
{
	static unsigned char arena[PAGE_4K] __attribute__((aligned(PAGE_4K)));
	const struct plan_step step = {
		.workload = workload, .working_set_bytes = PAGE_4K, .accesses = accesses, .repeat = SAMPLES
	};
	const struct driver_env env = {
		.steps = &step,
		.step_count = 1,
		.arena = arena,
		.arena_bytes = sizeof(arena),
		.leaf_bytes = PAGE_4K,
		.seed = 9,
		.vcpus = 1,
		.gate = &r->gate,
		.result = &r->result,
		.platform = platform,
		.self = r,
		.begin = on_begin,
		.end = on_end,
		.stopped = never_stopped,
	};

	memset(r, 0, sizeof(*r));
	return driver_run(&env, &r->failure);
}

static bool host_has_x2apic(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(CPUID_FEATURES, &eax, &ebx, &ecx, &edx) != 0 &&
	       (ecx & CPUID_FEATURES_ECX_X2APIC) != 0;
}

/* One kind of operation, as many as counted, and nothing else. */
static void assert_phase(const struct phase *p, enum workload_variant variant, enum trap_kind kind)
{
	assert_int_equal(p->result.variant, variant);
	assert_int_equal(p->result.unavailable, AVAILABLE);
	assert_int_equal(p->result.samples, SAMPLES);
	assert_int_equal(p->result.accesses, OPERATIONS);
	assert_int_equal(p->total, OPERATIONS * SAMPLES);
	assert_int_equal(p->counts[kind], OPERATIONS * SAMPLES);
}

TEST(exit_leaves_once_an_operation)
{
	struct run r;

	assert_int_equal(trap_install(), 0);
	assert_int_equal(run_plan(&r, WORKLOAD_exit, OPERATIONS, &whole), 0);
	assert_int_equal(r.count, 3);
	/* CPUID does not trap here: what is left is that nothing else does. */
	assert_int_equal(r.phases[0].result.variant, VARIANT_CPUID);
	assert_int_equal(r.phases[0].total, 0);
	assert_phase(&r.phases[1], VARIANT_PORT_USER, TRAP_PORT_USER);
	assert_phase(&r.phases[2], VARIANT_PORT_KERNEL, TRAP_PORT_KERNEL);
	assert_false(trap_cpu.illegal);
}

TEST(port_of_kvm_needs_kvm)
{
	const struct platform without = { .privileged = call, .leave = stay };
	struct run r;

	assert_int_equal(trap_install(), 0);
	assert_int_equal(run_plan(&r, WORKLOAD_exit, OPERATIONS, &without), 0);
	assert_int_equal(r.count, 3);
	assert_phase(&r.phases[1], VARIANT_PORT_USER, TRAP_PORT_USER);
	assert_int_equal(r.phases[2].result.unavailable, UNAVAILABLE_KERNEL_PORT);
	assert_int_equal(r.phases[2].result.samples, 0);
	assert_int_equal(r.phases[2].total, 0);
}

/* Whatever was written before the end, no priority is left that would hold an interrupt back. */
static void assert_write(const struct phase *p)
{
	assert_int_equal(p->priorities, 0xffff);
	assert_int_equal(p->last_tpr, 0);
}

static void cr8_parts(const struct phase *p)
{
	assert_phase(&p[0], VARIANT_CR8_READ, TRAP_CR8_READ);
	assert_true(p[0].last_tpr != 0);
	assert_phase(&p[1], VARIANT_CR8_WRITE, TRAP_CR8_WRITE);
	assert_write(&p[1]);
}

TEST(cr8_counts_what_it_does)
{
	struct run r;

	assert_int_equal(trap_install(), 0);
	/* As without an APIC in KVM. */
	trap_cpu.base = 0;
	assert_int_equal(run_plan(&r, WORKLOAD_cr8, OPERATIONS, &whole), 0);
	assert_int_equal(r.count, 2);
	cr8_parts(r.phases);
	assert_int_equal(trap_cpu.tpr, 0);
	assert_int_equal(trap_total(), trap_cpu.counts[TRAP_CR8_READ] + trap_cpu.counts[TRAP_CR8_WRITE]);
	assert_false(trap_cpu.illegal);
}

/* From either mode, by the legal ways only, and back. */
TEST(tpr_counts_what_it_does)
{
	const uint64_t bases[] = { APIC_GPA | APIC_BASE_EN, APIC_GPA | APIC_BASE_EN | X86_BIT(8),
				   APIC_GPA | APIC_BASE_EN | APIC_BASE_EXTD };
	bool x2apic = host_has_x2apic();

	EACH (i, bases) {
		struct run r;

		assert_int_equal(trap_install(), 0);
		trap_cpu.base = bases[i];
		assert_int_equal(run_plan(&r, WORKLOAD_tpr, OPERATIONS, &whole), 0);
		assert_int_equal(r.count, 6);
		cr8_parts(r.phases);
		assert_phase(&r.phases[2], VARIANT_XAPIC_READ, TRAP_XAPIC_READ);
		assert_phase(&r.phases[3], VARIANT_XAPIC_WRITE, TRAP_XAPIC_WRITE);
		assert_write(&r.phases[3]);
		if (x2apic) {
			assert_phase(&r.phases[4], VARIANT_X2APIC_READ, TRAP_X2APIC_READ);
			assert_phase(&r.phases[5], VARIANT_X2APIC_WRITE, TRAP_X2APIC_WRITE);
			assert_write(&r.phases[5]);
		} else {
			assert_int_equal(r.phases[4].result.unavailable, UNAVAILABLE_X2APIC);
			assert_int_equal(r.phases[5].result.unavailable, UNAVAILABLE_X2APIC);
			assert_int_equal(r.phases[4].total + r.phases[5].total, 0);
		}
		assert_false(trap_cpu.illegal);
		assert_int_equal(trap_cpu.base, bases[i]);
		assert_int_equal(trap_cpu.tpr, 0);
	}
}

/* A CPU that does not do what is counted is told, and its APIC's mode put back all the same. */
TEST(defects_are_found)
{
	static const struct {
		enum workload_id workload;
		enum trap_defect defect;
	} cases[] = {
		{ WORKLOAD_cr8, DEFECT_CR8_STUCK },    { WORKLOAD_cr8, DEFECT_ODD_READ },
		{ WORKLOAD_cr8, DEFECT_LAST_WRITE },   { WORKLOAD_tpr, DEFECT_CR8_STUCK },
		{ WORKLOAD_tpr, DEFECT_XAPIC_APART },  { WORKLOAD_tpr, DEFECT_ODD_READ },
		{ WORKLOAD_tpr, DEFECT_X2APIC_APART },
	};

	EACH (i, cases) {
		struct run r;

		if (cases[i].defect == DEFECT_X2APIC_APART && !host_has_x2apic())
			continue;
		assert_int_equal(trap_install(), 0);
		trap_cpu.defect = cases[i].defect;
		assert_int_equal(run_plan(&r, cases[i].workload, OPERATIONS, &whole), -1);
		assert_non_null(r.failure);
		assert_int_equal(trap_cpu.base, APIC_GPA | APIC_BASE_EN);
		assert_false(trap_cpu.illegal);
		if (cases[i].defect == DEFECT_ODD_READ)
			assert_int_equal(trap_cpu.tpr, 0);
	}
}

/* The loops themselves: proofs before and after them could pass while they do nothing. */
TEST(loops_are_proven)
{
	static const uint32_t late[] = { DEFECT_ODD_READ, DEFECT_LAST_WRITE };

	LOOP (size_t, i, 0, i < 2, i++) {
		struct run r;

		assert_int_equal(trap_install(), 0);
		/* What comes before the first phase is still right (TRAP_LATE), so what fails is inside one or after it. */
		trap_cpu.defect = (enum trap_defect)late[i];
		assert_int_equal(run_plan(&r, WORKLOAD_cr8, OPERATIONS, &whole), -1);
		assert_true(r.count >= 1);
	}
}

TEST(impossible_machines_are_refused)
{
	static const uint64_t bases[] = { 0, APIC_GPA, 0xfed00000 | APIC_BASE_EN };
	const struct platform native = { .leave = stay };
	struct run r;

	EACH (i, bases) {
		assert_int_equal(trap_install(), 0);
		trap_cpu.base = bases[i];
		assert_int_equal(run_plan(&r, WORKLOAD_tpr, OPERATIONS, &whole), -1);
		assert_non_null(r.failure);
		assert_int_equal(r.count, 0);
		assert_int_equal(trap_cpu.counts[TRAP_BASE_WRITE], 0);
		assert_int_equal(trap_cpu.base, bases[i]);
	}
	assert_int_equal(run_plan(&r, WORKLOAD_tpr, OPERATIONS, &native), -1);
	assert_non_null(r.failure);
	assert_int_equal(run_plan(&r, WORKLOAD_cr8, OPERATIONS, &native), -1);
	assert_int_equal(run_plan(&r, WORKLOAD_cr8, OPERATIONS, NULL), -1);
	assert_non_null(r.failure);
}

/* The own choice is bounded (an exit may cost 100 us), and the checksum knows it. */
TEST(inputs_alone_decide)
{
	static const enum workload_id workloads[] = { WORKLOAD_exit, WORKLOAD_cr8, WORKLOAD_tpr };

	EACH (i, workloads) {
		struct run own, asked, again;

		assert_int_equal(trap_install(), 0);
		assert_int_equal(run_plan(&own, workloads[i], 0, &whole), 0);
		assert_in_range(own.phases[0].result.accesses, 1000, 4000);
		assert_int_equal(run_plan(&asked, workloads[i], OPERATIONS, &whole), 0);
		assert_int_equal(run_plan(&again, workloads[i], OPERATIONS, &whole), 0);
		assert_int_equal(asked.phases[0].result.checksum, again.phases[1].result.checksum);
		assert_int_not_equal(asked.phases[0].result.checksum, own.phases[0].result.checksum);
	}
}
