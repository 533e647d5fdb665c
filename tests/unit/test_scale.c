/*
 * Property: what a guest of a size costs is what one counts by hand, at each size up to the largest that a number
 * holds. It could break by a table too few at an edge, by an overflow at exabytes, or by faults of the wrong dimension.
 */
#include "test.h"

#include <errno.h>
#include <math.h>

#include "units.h"
#include "vmm/theory/walk/scale.h"

static struct scale_input plan_of(enum walk_kind kind, uint64_t bytes, uint64_t guest_leaf,
				  uint64_t host_leaf)
{
	return (struct scale_input){ .walk = { kind, 4, 4, guest_leaf, host_leaf },
				     .memory_bytes = bytes,
				     .fault_ns = SCALE_FAULT_NS,
				     .zeroing_bytes_per_s = SCALE_ZEROING_BYTES_PER_S };
}

static struct scale make(enum walk_kind kind, uint64_t bytes, uint64_t guest_leaf, uint64_t host_leaf)
{
	struct scale_input plan = plan_of(kind, bytes, guest_leaf, host_leaf);
	struct scale s;

	assert_int_equal(scale_make(&plan, &s), 0);
	return s;
}

/*
 * By hand: 2^44 bytes are 2^32 PTEs in 2^23 tables, which are 2^14 tables of PDEs, 2^5 of PDPTEs and a root; by 1G they
 * are 2^14 PDPTEs in 2^5 tables, and a root.
 */
TEST(sixteen_terabytes_of_4k_on_1g)
{
	struct scale s = make(WALK_NESTED, 16 * TIB, PAGE_4K, PAGE_1G);

	assert_int_equal(s.guest.leaf_entries, 4294967296);
	assert_int_equal(s.guest.tables[1], 8388608);
	assert_int_equal(s.guest.tables[2], 16384);
	assert_int_equal(s.guest.tables[3], 32);
	assert_int_equal(s.guest.tables[4], 1);
	assert_int_equal(s.guest.tables[5], 0);
	assert_int_equal(s.guest.table_count, 8405025);
	assert_int_equal(s.guest.table_bytes, 34426982400);
	assert_int_equal(s.guest.entries, 4294967296 + 8388608 + 16384 + 32);
	assert_int_equal(s.host.leaf_entries, 16384);
	assert_int_equal(s.host.tables[1], 0);
	assert_int_equal(s.host.tables[2], 0);
	assert_int_equal(s.host.table_count, 33);
	assert_int_equal(s.host.table_bytes, 135168);
	assert_false(s.shadow.present);
	assert_int_equal(s.table_bytes, 34426982400 + 135168);
	assert_int_equal(s.references, 14);
	assert_int_equal(s.leaf_bytes, PAGE_4K);
	assert_int_equal(s.faults, 16384);
	assert_float_equal(s.fault_s, 0.016384, 1e-12);
	assert_float_equal(s.zeroing_s, 1759.2186044416, 1e-6);
	assert_float_equal(s.populate_s, 1759.2349884416, 1e-6);
	assert_false(s.guest.raised || s.host.raised || s.beyond_physical);
}

/* Nested: the backing's page alone decides. Shadow: the smaller of both, and a table of its own beside the guest's. */
TEST(faults_by_kind)
{
	struct scale s = make(WALK_SHADOW, GIB, PAGE_2M, PAGE_4K);

	assert_int_equal(s.faults, 262144);
	assert_int_equal(s.guest.table_count, 3);
	assert_int_equal(s.shadow.table_count, 512 + 1 + 1 + 1);
	assert_int_equal(s.table_bytes, (3 + 515) * 4096);
	assert_false(s.host.present);
	assert_int_equal(s.references, 4);
	assert_int_equal(make(WALK_SHADOW, GIB, PAGE_4K, PAGE_2M).faults, 262144);
	assert_int_equal(make(WALK_NESTED, GIB, PAGE_4K, PAGE_2M).faults, 512);
	assert_int_equal(make(WALK_NESTED, GIB, PAGE_2M, PAGE_4K).faults, 262144);
	assert_int_equal(make(WALK_NATIVE, GIB, PAGE_2M, PAGE_4K).faults, 512);
	assert_int_equal(make(WALK_UNPAGED, GIB, PAGE_4K, PAGE_1G).faults, 1);
	assert_false(make(WALK_UNPAGED, GIB, PAGE_4K, PAGE_1G).guest.present);
}

/* Every leaf begun counts, and so does every table. */
TEST(one_byte_more)
{
	struct scale exact = make(WALK_NESTED, GIB, PAGE_4K, PAGE_2M);
	struct scale more = make(WALK_NESTED, GIB + 1, PAGE_4K, PAGE_2M);

	assert_int_equal(exact.guest.table_count, 512 + 1 + 1 + 1);
	assert_int_equal(more.guest.table_count, 513 + 2 + 1 + 1);
	assert_int_equal(more.guest.leaf_entries, 262145);
	assert_int_equal(exact.host.table_count, 3);
	assert_int_equal(more.host.table_count, 4);
	assert_int_equal(more.faults, 513);
	assert_int_equal(more.populated_bytes, GIB + PAGE_2M);
	assert_int_equal(make(WALK_NESTED, 1, PAGE_4K, PAGE_4K).guest.table_count, 4);
}

/* Against a count that steps through memory leaf by leaf. */
TEST(tables_as_counted_one_by_one)
{
	static const uint64_t sizes[] = { 1, PAGE_4K, 3 * MIB, GIB - 1, 2 * GIB + PAGE_2M, 5 * GIB };
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };

	EACH (i, sizes) {
		LOOP (uint32_t, l, 0, l < 3, l++) {
			struct scale s = make(WALK_NATIVE, sizes[i], leaves[l], 0);
			uint64_t tables = 0, entries = 0;

			for (uint64_t at = 0; at < sizes[i]; at += leaves[l]) {
				for (uint32_t level = l + 1; level <= 4; level++) {
					tables += at % page_walk_span_bytes(level + 1) == 0;
					entries += at % page_walk_span_bytes(level) == 0;
				}
			}
			assert_int_equal(s.guest.table_count, tables);
			assert_int_equal(s.guest.entries, entries);
		}
	}
}

TEST(five_levels_where_four_do_not_reach)
{
	struct scale s = make(WALK_NESTED, 128 * TIB, PAGE_1G, PAGE_1G);

	assert_false(s.guest.raised || s.host.raised);
	assert_int_equal(s.references, 8);
	s = make(WALK_NESTED, 128 * TIB + 1, PAGE_1G, PAGE_1G);
	assert_true(s.guest.raised && !s.host.raised);
	assert_int_equal(s.guest.levels, 5);
	assert_int_equal(s.guest.tables[5], 1);
	assert_int_equal(s.references, 11);
	s = make(WALK_NESTED, 256 * TIB, PAGE_1G, PAGE_1G);
	assert_false(s.host.raised);
	s = make(WALK_NESTED, 256 * TIB + 1, PAGE_1G, PAGE_1G);
	assert_true(s.guest.raised && s.host.raised);
	assert_int_equal(s.host.tables[4], 2);
	assert_int_equal(s.references, 15);
	assert_true(make(WALK_SHADOW, 129 * TIB, PAGE_4K, PAGE_4K).shadow.raised);
	assert_int_equal(make(WALK_SHADOW, 129 * TIB, PAGE_4K, PAGE_4K).references, 5);
}

/* Up to the last multiple of 1T that 64 bits hold: no count wraps. */
TEST(exabytes)
{
	struct scale s = make(WALK_SHADOW, UINT64_C(16777215) * TIB, PAGE_4K, PAGE_1G);
	struct scale_input plan = plan_of(WALK_NESTED, UINT64_MAX, PAGE_4K, PAGE_4K);

	assert_true(s.beyond_physical && s.guest.beyond && s.guest.raised);
	assert_int_equal(s.faults, UINT64_C(16777215) << 28);
	/* 2^64 bytes of 2^57 each. */
	assert_int_equal(s.guest.tables[5], 128);
	assert_int_equal(s.guest.table_bytes, s.guest.table_count * 4096);
	assert_true(s.table_bytes > s.guest.table_bytes);
	assert_int_equal(s.populated_bytes, s.input.memory_bytes);
	assert_int_equal(scale_make(&plan, &s), -ERANGE);
	assert_false(make(WALK_NESTED, 4096 * TIB, PAGE_4K, PAGE_4K).beyond_physical);
	assert_true(make(WALK_NESTED, 4096 * TIB + 1, PAGE_4K, PAGE_4K).beyond_physical);
	assert_false(make(WALK_UNPAGED, 4 * GIB, 0, PAGE_4K).beyond_unpaged);
	assert_true(make(WALK_UNPAGED, 4 * GIB + 1, 0, PAGE_4K).beyond_unpaged);
	assert_false(make(WALK_NATIVE, 5 * GIB, PAGE_4K, 0).beyond_unpaged);
}

TEST(reach_of_the_smaller_leaf)
{
	struct scale_input plan = plan_of(WALK_NESTED, GIB, PAGE_1G, PAGE_2M);
	struct scale s;

	plan.tlb_l1_entries = 64;
	plan.tlb_l2_entries = 2048;
	assert_int_equal(scale_make(&plan, &s), 0);
	assert_int_equal(s.leaf_bytes, PAGE_2M);
	assert_int_equal(s.tlb_l1_bytes, 128 * MIB);
	assert_int_equal(s.tlb_l2_bytes, 4 * GIB);
	plan.walk.kind = WALK_NATIVE;
	assert_int_equal(walk_leaf_bytes(&plan.walk), PAGE_1G);
	plan.walk.kind = WALK_UNPAGED;
	assert_int_equal(walk_leaf_bytes(&plan.walk), PAGE_2M);
	assert_int_equal(make(WALK_NESTED, GIB, PAGE_1G, PAGE_2M).tlb_l1_bytes, 0);
}

TEST(refused_plans)
{
	struct scale_input plan = plan_of(WALK_NESTED, 0, PAGE_4K, PAGE_4K);
	struct scale s;

	assert_int_equal(scale_make(&plan, &s), -EINVAL);
	plan = plan_of(WALK_NESTED, GIB, PAGE_4K, 64 * KIB);
	assert_int_equal(scale_make(&plan, &s), -EINVAL);
	plan = plan_of(WALK_NESTED, GIB, PAGE_4K, PAGE_4K);
	plan.fault_ns = 0;
	assert_int_equal(scale_make(&plan, &s), -EINVAL);
	plan.fault_ns = SCALE_FAULT_NS;
	plan.zeroing_bytes_per_s = NAN;
	assert_int_equal(scale_make(&plan, &s), -EINVAL);
}
