/*
 * Property: each workload is simulated over each working set that was asked for, alias at each stride that fits, as the
 * workload itself would run; what is too large is refused by its option. It could break by a row of another plan or set,
 * by a stride below the guest's page, or by a refusal that comes after the rows before it have taken their minutes.
 */
#include "test.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/simulate/simulate.h"

static const struct walk_plan nested = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_2M };

static struct work_spec asked(enum workload_id workload, uint64_t set_bytes)
{
	struct work_spec r;

	memset(&r, 0, sizeof(r));
	r.workload_count = 1;
	r.workloads[0] = workload;
	r.set_count = set_bytes != 0;
	r.sets_bytes[0] = set_bytes;
	r.seed = 1;
	return r;
}

static struct simulation_series make(const struct work_spec *r, const struct walk_plan *plan,
				     const struct cpu_model *cpu)
{
	struct error e = { .status = STATUS_OK };
	struct simulation_series s;

	assert_int_equal(simulation_series_make(r, plan, cpu, &s, &e), 0);
	assert_ptr_equal(s.cpu, cpu);
	return s;
}

TEST(each_workload_over_each_set)
{
	struct cpu_model cpu = bare_cpu();
	struct work_spec r = asked(WORKLOAD_packed, 256 * KIB);
	struct simulation_series s;

	r.workload_count = r.set_count = 2;
	r.workloads[1] = WORKLOAD_chase;
	r.sets_bytes[1] = MIB + 1;
	s = make(&r, &nested, &cpu);
	assert_int_equal(s.count, 4);
	LOOP (uint32_t, i, 0, i < s.count, i++) {
		const struct simulation_row *row = &s.rows[i];

		assert_int_equal(row->input.workload, i < 2 ? WORKLOAD_packed : WORKLOAD_chase);
		/* In whole pages. */
		assert_int_equal(row->input.working_set_bytes, i % 2 == 0 ? 256 * KIB : MIB + PAGE_4K);
		assert_int_equal(row->counts.accesses, row->input.working_set_bytes / PAGE_4K);
		assert_memory_equal(&row->input.plan, &nested, sizeof(nested));
		/* Without a cache every reference is made: (4+1)(3+1)-1. */
		assert_true(row->counts.references_per_walk == 19 && row->have_closed);
	}
	simulation_series_free(&s);
	assert_null(s.rows);
}

/* The accesses asked for are those that are counted: the passes before them are not. */
TEST(as_many_accesses_as_asked)
{
	struct cpu_model cpu = bare_cpu();
	struct work_spec r = asked(WORKLOAD_chase, 256 * KIB);
	struct simulation_series s;

	/* All 64 pages are in the TLB after the first pass. */
	give_tlb(&cpu, false, 1, 64);
	r.accesses = 1000;
	s = make(&r, &nested, &cpu);
	assert_true(s.count == 1 && s.rows[0].counts.accesses == 1000 && s.rows[0].counts.dtlb_hits == 1000);
	simulation_series_free(&s);
}

TEST(the_series_where_no_set_is_named)
{
	static const uint64_t pages[] = { 64, 128, 1024, 4096, 65536 };
	struct cpu_model cpu = bare_cpu();
	struct work_spec r = asked(WORKLOAD_chase, 0);
	struct simulation_series s = make(&r, &nested, &cpu);

	assert_int_equal(s.count, 5);
	LOOP (uint32_t, i, 0, i < s.count, i++)
		assert_int_equal(s.rows[i].counts.pages, pages[i]);
	simulation_series_free(&s);
}

static void check_strides(const struct walk_plan *plan, uint64_t set_bytes, const uint64_t *strides,
			  uint32_t count)
{
	struct cpu_model cpu = bare_cpu();
	struct work_spec r = asked(WORKLOAD_alias, set_bytes);
	struct simulation_series s;

	r.accesses = 100;
	s = make(&r, plan, &cpu);
	assert_int_equal(s.count, count);
	LOOP (uint32_t, i, 0, i < s.count, i++)
		assert_int_equal(s.rows[i].input.stride_bytes, strides[i]);
	simulation_series_free(&s);
}

TEST(alias_at_strides_that_fit)
{
	static const uint64_t all[] = { CACHE_LINE_BYTES, PAGE_4K, PAGE_2M, PAGE_1G, 512 * PAGE_1G };
	static const uint64_t large[] = { CACHE_LINE_BYTES, PAGE_2M, PAGE_1G, 512 * PAGE_1G };
	const struct walk_plan guest_2m = { WALK_SHADOW, 4, 4, PAGE_2M, PAGE_4K };

	check_strides(&nested, 256 * KIB, all, 5);
	/* No stride below the guest's page. */
	check_strides(&guest_2m, 256 * KIB, large, 4);
	/* 16384 pages 512G apart have no addresses. */
	check_strides(&nested, 64 * MIB, all, 4);
}

static void check_refused(const struct work_spec *r, const struct walk_plan *plan, const char *where)
{
	struct cpu_model cpu = bare_cpu();
	struct error e = { .status = STATUS_OK };
	struct simulation_series s;

	assert_true(simulation_series_make(r, plan, &cpu, &s, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.where, where);
	assert_true(s.rows == NULL && s.count == 0);
}

/* By the option, which only what comes before the first simulation names; that says "simulation". */
TEST(refused_before_the_first_row)
{
	static const struct walk_plan unpaged = { WALK_UNPAGED, 4, 4, PAGE_4K, PAGE_4K };
	struct work_spec r = asked(WORKLOAD_chase, 64 * KIB);

	r.set_count = 2;
	r.sets_bytes[1] = SIMULATE_MOST_BYTES + 1;
	check_refused(&r, &nested, "--working-set");
	r.sets_bytes[1] = UINT64_MAX;
	check_refused(&r, &nested, "--working-set");
	/* Two passes over 16G are half of all; together with these they are too many. */
	r.sets_bytes[1] = SIMULATE_MOST_BYTES;
	r.accesses = SIMULATE_MOST_ACCESSES / 2 + 1;
	check_refused(&r, &nested, "--accesses");
	r.accesses = UINT64_MAX;
	check_refused(&r, &nested, "--accesses");
	r = asked(WORKLOAD_chase, 64 * KIB);
	r.workload_count = 2;
	r.workloads[1] = WORKLOAD_alias;
	check_refused(&r, &unpaged, "--workload");
}
