/*
 * Property: the references found by walking tables that were built are those of the published table, in the order in
 * which a CPU reads them, and the formula printed beside every measurement counts as many. A table left out, one shared
 * by two addresses or a leaf one level off would give another count, or the right count of the wrong entries.
 */
#include "test.h"

#include <errno.h>

#include "units.h"
#include "vmm/theory/walk/walk_list.h"

static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };

static struct walk_list make(enum walk_kind kind, uint32_t guest_levels, uint64_t guest_leaf,
			     uint32_t host_levels, uint64_t host_leaf)
{
	const struct walk_plan plan = { kind, guest_levels, host_levels, guest_leaf, host_leaf };
	struct walk_list list;

	assert_int_equal(walk_list_make(&plan, &list), 0);
	assert_int_equal(list.plan.kind, kind);
	assert_int_equal(list.plan.guest_leaf_bytes, guest_leaf);
	assert_int_equal(list.count, refs_count(&plan));
	return list;
}

/* Rows: guest 4-level 4K, 2M, 1G, then 5-level; columns: 4-level host 4K, 2M, 1G, then 5-level, then native. */
TEST(counts_of_the_table)
{
	static const uint32_t expected[6][7] = {
		{ 24, 19, 14, 29, 24, 19, 4 }, { 19, 15, 11, 23, 19, 15, 3 }, { 14, 11, 8, 17, 14, 11, 2 },
		{ 29, 23, 17, 35, 29, 23, 5 }, { 24, 19, 14, 29, 24, 19, 4 }, { 19, 15, 11, 23, 19, 15, 3 },
	};

	LOOP (uint32_t, row, 0, row < 6, row++) {
		uint32_t guest_levels = row < 3 ? 4 : 5;
		uint64_t leaf = leaves[row % 3];

		LOOP (uint32_t, column, 0, column < 6, column++) {
			struct walk_list list =
				make(WALK_NESTED, guest_levels, leaf, column < 3 ? 4 : 5, leaves[column % 3]);

			assert_int_equal(list.count, expected[row][column]);
		}
		assert_int_equal(make(WALK_NATIVE, guest_levels, leaf, 0, 0).count, expected[row][6]);
	}
}

TEST(counts_of_one_dimension)
{
	LOOP (uint32_t, levels, 4, levels <= 5, levels++) {
		LOOP (uint32_t, g, 0, g < 3, g++) {
			LOOP (uint32_t, h, 0, h < 3, h++) {
				uint64_t least = min_u64(leaves[g], leaves[h]);

				assert_int_equal(make(WALK_SHADOW, levels, leaves[g], 0, leaves[h]).count,
						 refs_levels(levels, least));
				assert_int_equal(make(WALK_UNPAGED, 0, 0, levels, leaves[h]).count,
						 refs_levels(levels, leaves[h]));
			}
		}
	}
}

/* Host entries from the root down to the leaf, for the guest's entry of `row`; returns where they end. */
static uint32_t host_entries(const struct walk_list *list, uint32_t at, uint32_t row, uint32_t h)
{
	for (uint32_t i = 0; i < h; i++, at++) {
		const struct walk_reference *r = &list->references[at];

		assert_int_equal(r->dimension, DIMENSION_HOST);
		assert_int_equal(r->level, list->plan.host_levels - i);
		assert_int_equal(r->row, row);
		assert_int_equal(r->low_bit, 12 + 9 * (r->level - 1));
		assert_int_equal(r->high_bit, r->low_bit + 8);
		assert_int_equal(r->leaf, i == h - 1);
	}
	return at;
}

/* Every guest entry comes behind the host's entries that find it, and the host's for the data come last. */
TEST(order_of_nested)
{
	LOOP (uint32_t, cell, 0, cell < 36, cell++) {
		uint32_t guest_levels = cell / 9 % 2 == 0 ? 4 : 5, host_levels = cell < 18 ? 4 : 5, at = 0;
		struct walk_list list =
			make(WALK_NESTED, guest_levels, leaves[cell % 9 / 3], host_levels, leaves[cell % 3]);
		uint32_t g = refs_levels(guest_levels, leaves[cell % 9 / 3]);
		uint32_t h = refs_levels(host_levels, leaves[cell % 3]);

		LOOP (uint32_t, i, 0, i < g, i++) {
			const struct walk_reference *r;

			at = host_entries(&list, at, guest_levels - i, h);
			r = &list.references[at++];
			assert_int_equal(r->dimension, DIMENSION_GUEST);
			assert_int_equal(r->level, guest_levels - i);
			assert_int_equal(r->row, r->level);
			assert_int_equal(r->low_bit, 12 + 9 * (r->level - 1));
			assert_int_equal(r->high_bit, r->low_bit + 8);
			assert_int_equal(r->leaf, i == g - 1);
		}
		assert_int_equal(host_entries(&list, at, 0, h), list.count);
	}
}

/* A few typed in from the figure of the 24 references, against an error that counts and order have in common. */
TEST(references_of_4k_on_4k)
{
	static const struct {
		uint32_t number;
		struct walk_reference is;
	} expected[] = {
		{ 1, { DIMENSION_HOST, 4, 4, 47, 39, false } },
		{ 4, { DIMENSION_HOST, 1, 4, 20, 12, true } },
		{ 5, { DIMENSION_GUEST, 4, 4, 47, 39, false } },
		{ 6, { DIMENSION_HOST, 4, 3, 47, 39, false } },
		{ 10, { DIMENSION_GUEST, 3, 3, 38, 30, false } },
		{ 15, { DIMENSION_GUEST, 2, 2, 29, 21, false } },
		{ 20, { DIMENSION_GUEST, 1, 1, 20, 12, true } },
		{ 21, { DIMENSION_HOST, 4, 0, 47, 39, false } },
		{ 24, { DIMENSION_HOST, 1, 0, 20, 12, true } },
	};
	struct walk_list list = make(WALK_NESTED, 4, PAGE_4K, 4, PAGE_4K);

	EACH (i, expected) {
		const struct walk_reference *r = &list.references[expected[i].number - 1];

		assert_int_equal(r->dimension, expected[i].is.dimension);
		assert_int_equal(r->level, expected[i].is.level);
		assert_int_equal(r->row, expected[i].is.row);
		assert_int_equal(r->high_bit, expected[i].is.high_bit);
		assert_int_equal(r->low_bit, expected[i].is.low_bit);
		assert_int_equal(r->leaf, expected[i].is.leaf);
	}
}

/* Shadow and native tables are indexed by the GVA, those of a guest without paging by the GPA. */
TEST(one_dimension_in_order)
{
	struct walk_list shadow = make(WALK_SHADOW, 5, PAGE_1G, 0, PAGE_2M);
	struct walk_list native = make(WALK_NATIVE, 4, PAGE_1G, 0, 0);
	struct walk_list unpaged = make(WALK_UNPAGED, 0, 0, 5, PAGE_4K);

	assert_int_equal(shadow.count, 4);
	LOOP (uint32_t, i, 0, i < 4, i++) {
		assert_int_equal(shadow.references[i].dimension, DIMENSION_GUEST);
		assert_int_equal(shadow.references[i].level, 5 - i);
		assert_int_equal(shadow.references[i].row, 5 - i);
		assert_int_equal(shadow.references[i].leaf, i == 3);
	}
	assert_int_equal(shadow.references[0].high_bit, 56);
	assert_int_equal(shadow.references[0].low_bit, 48);
	assert_int_equal(native.count, 2);
	assert_int_equal(native.references[1].level, 3);
	assert_true(native.references[1].leaf);
	assert_int_equal(host_entries(&unpaged, 0, 0, 5), unpaged.count);
}

/* No two addresses of one walk share a table below the root, or a frame: nothing is found by another's entries. */
static void tables_apart_by_levels(struct walk_tables *tables, uint32_t guest_levels, uint32_t host_levels)
{
	const struct walk_plan plan = { WALK_NESTED, guest_levels, host_levels, PAGE_4K, PAGE_4K };
	uint32_t addresses = guest_levels + 1;
	struct page_walk walk;

	assert_int_equal(walk_tables_build(&plan, tables), 0);
	assert_int_equal(tables->frame_count, guest_levels + 1 + addresses * (host_levels - 1));
	LOOP (uint32_t, i, 0, i < tables->frame_count, i++) {
		uint32_t used = 0;

		for (uint32_t k = 0; k < FRAME_ENTRIES; k++)
			used += tables->frames[i].entries[k] != 0;
		assert_int_equal(used, tables->frames[i].pa == tables->host.root_pa ? addresses : 1);
		LOOP (uint32_t, k, 0, k < i, k++)
			assert_true(tables->frames[i].pa != tables->frames[k].pa);
	}
	walk_tables_host(tables, tables->gpa, &walk);
	assert_int_equal(walk.fault, PAGE_FAULT_NONE);
	walk_tables_host(tables, tables->gpa + PAGE_4K, &walk);
	assert_int_equal(walk.fault, PAGE_FAULT_NOT_PRESENT);
}

TEST(tables_are_apart)
{
	struct walk_tables *tables = malloc(sizeof(*tables));

	assert_non_null(tables);
	LOOP (uint32_t, guest_levels, 4, guest_levels <= 5, guest_levels++) {
		tables_apart_by_levels(tables, guest_levels, 4);
		tables_apart_by_levels(tables, guest_levels, 5);
	}
	free(tables);
}

static void refused(enum walk_kind kind, uint32_t guest_levels, uint64_t guest_leaf, uint32_t host_levels,
		    uint64_t host_leaf)
{
	const struct walk_plan plan = { kind, guest_levels, host_levels, guest_leaf, host_leaf };
	struct walk_list list;

	assert_int_equal(walk_list_make(&plan, &list), -EINVAL);
	assert_int_equal(list.count, 0);
	assert_false(walk_plan_is_valid(&plan));
}

TEST(plans_that_there_are_not)
{
	refused(WALK_NESTED, 3, PAGE_4K, 4, PAGE_4K);
	refused(WALK_NESTED, 4, PAGE_4K, 6, PAGE_4K);
	refused(WALK_NESTED, 4, PAGE_4K, 4, 64 * KIB);
	refused(WALK_NESTED, 4, 0, 4, PAGE_4K);
	refused(WALK_NESTED, 4, 512 * GIB, 4, PAGE_4K);
	refused(WALK_SHADOW, 0, PAGE_4K, 4, PAGE_4K);
	refused(WALK_SHADOW, 4, PAGE_4K, 4, 0);
	refused(WALK_NATIVE, 4, 4 * MIB, 4, PAGE_4K);
	refused(WALK_UNPAGED, 4, PAGE_4K, 0, PAGE_4K);
	refused(WALK_KIND_COUNT, 4, PAGE_4K, 4, PAGE_4K);
}

TEST(levels_of_no_leaf)
{
	assert_int_equal(refs_levels(4, 0), 0);
	assert_int_equal(refs_levels(4, 64 * KIB), 0);
	assert_int_equal(refs_levels(3, PAGE_4K), 0);
	assert_int_equal(refs_levels(6, PAGE_4K), 0);
}

TEST(theory_by_second_dimension)
{
	assert_int_equal(refs_theory(SECOND_EPT, 4, PAGE_4K, PAGE_2M), 19);
	assert_int_equal(refs_theory(SECOND_NPT, 4, PAGE_1G, PAGE_4K), 14);
	assert_int_equal(refs_theory(SECOND_EPT, 5, PAGE_4K, PAGE_4K), 29);
	assert_int_equal(refs_theory(SECOND_NPT, 5, PAGE_1G, PAGE_2M), 14);
	assert_int_equal(refs_theory(SECOND_EPT, 0, PAGE_4K, PAGE_4K), 0);
	assert_int_equal(refs_theory(SECOND_SHADOW, 0, PAGE_4K, PAGE_1G), 4);
	assert_int_equal(refs_theory(SECOND_SHADOW, 0, PAGE_2M, PAGE_1G), 3);
	assert_int_equal(refs_theory(SECOND_SHADOW, 0, PAGE_1G, PAGE_4K), 4);
	assert_int_equal(refs_theory(SECOND_NONE, 0, PAGE_2M, PAGE_2M), 3);
	assert_int_equal(refs_theory(SECOND_UNKNOWN, 0, PAGE_4K, PAGE_4K), 0);
	assert_int_equal(refs_theory(SECOND_EPT, 4, PAGE_4K, 64 * KIB), 0);
	assert_int_equal(refs_theory(SECOND_SHADOW, 0, 0, PAGE_4K), 0);
}
