/*
 * The numbers of the references are those of the picture: for each guest entry its host entries first, the data's last, and
 * together what the formula says. They could break where host leaves differ from row to row, where the walk ends early, and
 * where what is derived from an unknown leaf would shift all numbers behind it.
 */
#include "sample_explanation.h"

#include "vmm/lab/explain/write.h"

static struct explanation x;
static const struct explain_references *const r = &x.references;

TEST(counts_are_those_of_the_formula)
{
	static const struct {
		enum sample_name name;
		uint32_t references;
	} known[] = {
		{ SAMPLE_NESTED_4K, 24 },        { SAMPLE_NESTED_2M, 15 },
		{ SAMPLE_NESTED_4K_ON_1G, 14 },  { SAMPLE_NESTED_UNEQUAL, 23 },
		{ SAMPLE_NESTED_1G_5LEVEL, 23 }, { SAMPLE_5_BY_5, 35 },
		{ SAMPLE_SHADOW_4K, 4 },         { SAMPLE_SHADOW_2M_ON_4K, 4 },
		{ SAMPLE_SHADOW_2M, 3 },
	};

	EACH (i, known) {
		sample_make(&x, known[i].name);
		assert_true(r->complete);
		assert_int_equal(r->count, known[i].references);
		LOOP (uint32_t, n, 0, n < r->count, n++)
			assert_int_equal(r->list[n].number, n + 1);
	}
}

TEST(host_entries_come_before_what_they_lead_to)
{
	sample_make(&x, SAMPLE_NESTED_UNEQUAL);
	LOOP (uint32_t, i, 0, i < r->count, i++) {
		const struct explain_reference *one = &r->list[i];
		bool host = one->walk.dimension == DIMENSION_HOST;
		uint32_t row = i < 20 ? 4 - i / 5 : 0;

		assert_int_equal(one->walk.row, row);
		assert_int_equal(host, i % 5 < 4);
		if (host)
			assert_int_equal(one->walk.level, 4 - i % 5);
		else
			assert_int_equal(one->walk.level, row);
	}
	/* Tables on 4K end in a PTE, the data on 2M in a PDE. */
	assert_true(r->list[3].walk.leaf);
	assert_true(r->list[22].walk.leaf);
	assert_int_equal(r->list[22].walk.level, 2);
	assert_int_equal(r->list[22].index, (SAMPLE_DATA_GPA >> 21) & 511);
}

/* Where all host leaves are equal, they are the model's own list, which walks tables that it builds. */
TEST(uniform_walks_are_the_models)
{
	static const enum sample_name uniform[] = { SAMPLE_NESTED_4K,       SAMPLE_NESTED_2M,
						    SAMPLE_NESTED_4K_ON_1G, SAMPLE_NESTED_1G_5LEVEL,
						    SAMPLE_5_BY_5,          SAMPLE_SHADOW_4K };

	EACH (i, uniform) {
		const struct sample_shape *shape = &sample_shapes[uniform[i]];
		const struct walk_plan plan = { shape->kind, shape->guest_levels, shape->host_levels,
						shape->guest_leaf_bytes, shape->data_page_bytes };
		struct walk_list list;

		sample_make(&x, uniform[i]);
		assert_int_equal(walk_list_make(&plan, &list), 0);
		assert_int_equal(r->count, list.count);
		LOOP (uint32_t, n, 0, n < list.count, n++) {
			const struct walk_reference *ours = &r->list[n].walk, *theirs = &list.references[n];

			assert_int_equal(ours->dimension, theirs->dimension);
			assert_int_equal(ours->level, theirs->level);
			assert_int_equal(ours->row, theirs->row);
			assert_int_equal(ours->high_bit, theirs->high_bit);
			assert_int_equal(ours->low_bit, theirs->low_bit);
			assert_int_equal(ours->leaf, theirs->leaf);
		}
	}
}

/* The numbers up to a fault are right, and end with the entry that faults. */
TEST(a_fault_ends_the_list)
{
	sample_make(&x, SAMPLE_NOT_PRESENT);
	assert_false(r->complete);
	assert_int_equal(r->count, 15);
	assert_int_equal(r->list[14].walk.level, 2);
	sample_make(&x, SAMPLE_NOT_CANONICAL);
	assert_false(r->complete);
	assert_int_equal(r->count, 0);
	sample_make(&x, SAMPLE_SHADOW_NOT_PRESENT);
	assert_false(r->complete);
	assert_int_equal(r->count, 0);
}

TEST(an_unknown_leaf_ends_the_list)
{
	sample_make(&x, SAMPLE_NO_SLOT);
	assert_false(r->complete);
	assert_int_equal(r->count, 20);
	sample_make(&x, SAMPLE_NESTED_4K);
	x.walks[EXPLAIN_AFTER_WRITE].places[1].host_entries = 0;
	explain_list_references(&x);
	assert_false(r->complete);
	assert_int_equal(r->count, 5);
	/* More levels than the host has would be a lie. */
	x.walks[EXPLAIN_AFTER_WRITE].places[1].host_entries = 5;
	explain_list_references(&x);
	assert_int_equal(r->count, 5);
}

TEST(without_a_second_dimension_the_guests_entries_are_all)
{
	sample_make(&x, SAMPLE_SHADOW_4K);
	x.kind = WALK_NATIVE;
	explain_list_references(&x);
	assert_true(r->complete);
	assert_int_equal(r->count, 4);
	assert_int_equal(r->list[0].walk.dimension, DIMENSION_GUEST);
}

TEST(formulae_are_written_out)
{
	char words[WORDS_BYTES];

	sample_make(&x, SAMPLE_NESTED_2M);
	assert_string_equal(words_formula(&x, words), "(3+1)(3+1) - 1 = 15");
	sample_make(&x, SAMPLE_NESTED_UNEQUAL);
	assert_string_equal(words_formula(&x, words), "(4+1) + (4+1) + (4+1) + (4+1) + 3 = 23");
	sample_make(&x, SAMPLE_NO_SLOT);
	assert_string_equal(words_formula(&x, words), "");
}

/* A flag that means nothing at its level would be a wrong statement: PS in a PTE is PAT, D counts in leaves. */
TEST(flags_mean_what_they_say)
{
	struct page_walk_step step = { .level = 1, .leaf = true };
	char words[WORDS_BYTES];

	step.entry = PTE_PRESENT | PTE_LEAF | PTE_DIRTY | PTE_GLOBAL | PTE_NX;
	assert_string_equal(words_flags(&step, words), "P D G NX");
	step.level = 2;
	assert_string_equal(words_flags(&step, words), "P D PS G NX");
	step.leaf = false;
	step.entry &= ~PTE_LEAF;
	assert_string_equal(words_flags(&step, words), "P NX");
	step.entry &= ~PTE_PRESENT;
	assert_string_equal(words_flags(&step, words), "P=0");
}

TEST(changes_name_the_moment)
{
	char words[WORDS_BYTES];

	sample_make(&x, SAMPLE_NESTED_4K);
	assert_string_equal(words_changes(&x, 0, words), "+A read");
	assert_string_equal(words_changes(&x, 3, words), "+A read, +D write");
	x.walks[EXPLAIN_AFTER_WRITE].walk.steps[0].entry &= ~(PTE_ACCESSED | PTE_WRITE);
	x.walks[EXPLAIN_AFTER_WRITE].walk.steps[0].entry |= 1 << 9;
	assert_string_equal(words_changes(&x, 0, words), "+A read, +0x200 write, -RW write, -A write");
	sample_make(&x, SAMPLE_NOT_PRESENT);
	assert_string_equal(words_changes(&x, 0, words), "");
}

TEST_WRITES()
