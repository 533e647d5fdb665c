/*
 * Property: the cells of a sweep are the product of its axes, each once, each with a memory that its planner takes and with
 * the command that runs just it; what contradicts itself is a cell with a reason. A combination lost here would never be
 * missed in the report. And each round has all cells, in an order of its own.
 */
#include "test.h"
#include "units.h"
#include "tests/unit/sweep_line.h"
#include "vmm/core/plan/config.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/text.h"

static struct request request_of(const char *words)
{
	struct error e = { .status = STATUS_OK };
	struct request r;
	char line[512];

	(void)snprintf(line, sizeof(line), "sweep %s", words);
	assert_int_equal(parse_line(line, &r, &e), 0);
	return r;
}

static struct matrix plan(const char *words)
{
	struct error e = { .status = STATUS_OK };
	struct matrix m = { .datum_count = 0 };
	struct request r = request_of(words);

	assert_int_equal(sweep_plan(&r.run, &r.sweep, &m, &e), 0);
	return m;
}

static struct error refused(const char *words)
{
	struct error e = { .status = STATUS_OK };
	struct matrix m = { .datum_count = 0 };
	struct request r = request_of(words);

	assert_int_not_equal(sweep_plan(&r.run, &r.sweep, &m, &e), 0);
	assert_int_equal(e.status, STATUS_USAGE);
	matrix_free(&m);
	return e;
}

static const struct matrix_cell *cell(const struct matrix *m, const char *key)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		if (strcmp(m->cells[i].key, key) == 0)
			return &m->cells[i];
	}
	fail_msg("no cell %s", key);
	return NULL;
}

TEST(the_product_of_all_axes)
{
	struct matrix m = plan("--guest-page 4K,2M --backing anon,thp --prealloc on,off --smp 1,2 --native "
			       "--workload packed,chase --working-set 256K,4M");

	assert_int_equal(m.datum_count, 3 * 2 * 2 * 2 * 2 * 2);
	LOOP (uint32_t, i, 0, i < m.datum_count, i++) {
		assert_int_equal(m.cells[i].state, STATE_PENDING);
		assert_ptr_equal(cell(&m, m.cells[i].key), &m.cells[i]);
	}
	/* Those of one workload and set lie together, backings side by side. */
	assert_string_equal(m.cells[0].key,
			    "guest-page=4K,backing=anon,prealloc=on,smp=1,workload=packed,working-set=256K");
	assert_string_equal(m.cells[1].key,
			    "guest-page=4K,backing=thp,prealloc=on,smp=1,workload=packed,working-set=256K");
	assert_string_equal(
		m.cells[4].key,
		"guest-page=native,backing=anon,prealloc=on,smp=1,workload=packed,working-set=256K");
	assert_int_equal(m.cells[1].page_bytes, PAGE_2M);
	matrix_free(&m);
}

/* Sets of fewer pages of the backing than asked for are raised, and those that come to the same are one cell. */
TEST(sets_of_so_many_pages_of_the_backing)
{
	struct matrix m = plan("--guest-page 4K --backing anon,thp --prealloc off --workload mlock,exit "
			       "--working-set 4M,8M,64M --set-pages 16");
	const struct matrix_cell *raised =
		cell(&m, "guest-page=4K,backing=thp,prealloc=off,smp=1,workload=mlock,working-set=32M");

	assert_int_equal(m.datum_count, 3 + 2 + 2);
	assert_int_equal(raised->asked_set_bytes, 4 * MIB);
	assert_int_equal(raised->memory_bytes, 64 * MIB);
	assert_int_equal(
		cell(&m, "guest-page=4K,backing=thp,prealloc=off,smp=1,workload=mlock,working-set=64M")
			->asked_set_bytes,
		0);
	assert_int_equal(
		cell(&m, "guest-page=4K,backing=anon,prealloc=off,smp=1,workload=mlock,working-set=4M")
			->asked_set_bytes,
		0);
	matrix_free(&m);
	/* No more than the memory that is given has. */
	m = plan(
		"--guest-page 4K --backing thp --prealloc off --workload mlock --working-set 4M --memory 64M "
		"--smp 2 --set-pages 64");
	assert_int_equal(m.cells[0].working_set_bytes, 26 * MIB);
	assert_int_equal(m.cells[0].asked_set_bytes, 4 * MIB);
	matrix_free(&m);
}

TEST(as_little_memory_as_will_do)
{
	struct matrix m = plan("--backing anon --workload chase --working-set 256K,16M,256M --smp 1,4");
	const struct matrix_cell *small =
		cell(&m, "guest-page=4K,backing=anon,prealloc=on,smp=1,workload=chase,working-set=256K");
	const struct matrix_cell *large =
		cell(&m, "guest-page=4K,backing=anon,prealloc=on,smp=4,workload=chase,working-set=256M");

	assert_int_equal(small->memory_bytes, 64 * MIB);
	/* Four slices of 256M, tables and image; and not twice as much. */
	assert_in_range(large->memory_bytes, GIB + 1, 2 * GIB);
	matrix_free(&m);
	m = plan("-m 512M --workload chase --working-set 256K");
	assert_int_equal(m.cells[0].memory_bytes, 512 * MIB);
	matrix_free(&m);
}

TEST(each_command_plans_its_cell)
{
	struct matrix m =
		plan("--guest-page 2M --backing memfd:2M --prealloc off --smp 3 --pin 0,1 --guest-ad on "
		     "--workload touch --working-set 4M --repeat 7 --seed 9 --timeout 33");
	static const char expected[] =
		"minivmm run --memory 64M --backing memfd --page-size 2M --smp 3 --pin 0,1 "
		"--guest-page 2M --guest-ad on --workload touch --working-set 4M --repeat 7 "
		"--seed 9 --timeout 33";
	char words[512] = "";
	size_t index;
	json_t *word;

	json_array_foreach(m.cells[0].command, index, word)
	{
		append(words, sizeof(words), "%s%s", index != 0 ? " " : "", json_string_value(word));
	}
	assert_string_equal(words, expected);
	matrix_free(&m);
}

TEST(contradictions_are_cells_with_a_reason)
{
	struct matrix m = plan("--native --workload exit,chase --working-set 256K --prealloc prefault,on");
	const struct matrix_cell *native_exit =
		cell(&m, "guest-page=native,backing=anon,prealloc=on,smp=1,workload=exit");
	const struct matrix_cell *native_prefault = cell(
		&m, "guest-page=native,backing=anon,prealloc=prefault,smp=1,workload=chase,working-set=256K");

	assert_int_equal(m.datum_count, 8);
	assert_int_equal(native_exit->state, STATE_REFUSED);
	assert_non_null(strstr(native_exit->reason, "exit"));
	assert_int_equal(native_prefault->state, STATE_REFUSED);
	assert_non_null(strstr(native_prefault->reason, "second dimension"));
	matrix_free(&m);
}

TEST(without_a_possible_cell_it_is_refused)
{
	struct error e = refused("--workload shootdown");

	assert_non_null(strstr(e.what, "none of its 1 cells can run"));
	assert_non_null(strstr(e.what, "vCPU"));
	e = refused("-m 64M --workload chase --working-set 1G");
	assert_non_null(strstr(e.what, "none of its 1 cells"));
}

/* Once such a sweep said nothing, did nothing, and ended well. */
TEST(a_path_that_json_cannot_hold_is_refused)
{
	struct error e = refused("--backing anon,path:/tmp/\xff --workload packed --working-set 256K");

	assert_non_null(strstr(e.what, "not UTF-8"));
}

TEST(working_sets_of_workloads_that_name_their_own)
{
	struct matrix m = plan("--workload chase,touch,exit,vpid --smp 2");

	assert_int_equal(m.datum_count, 5 + 1 + 1 + 4);
	(void)cell(&m, "guest-page=4K,backing=anon,prealloc=on,smp=2,workload=chase,working-set=256M");
	(void)cell(&m, "guest-page=4K,backing=anon,prealloc=on,smp=2,workload=touch");
	(void)cell(&m, "guest-page=4K,backing=anon,prealloc=on,smp=2,workload=exit");
	(void)cell(&m, "guest-page=4K,backing=anon,prealloc=on,smp=2,workload=vpid,working-set=64K");
	/* Pictures are told what a figure is the cost of, and what it goes with. */
	LOOP (uint32_t, i, 0, i < m.datum_count, i++) {
		const char *operation = workload_table[workload_find(m.cells[i].workload)].operation;

		assert_string_equal(m.cells[i].operation, operation);
		assert_int_equal(m.cells[i].over_pages, strcmp(m.cells[i].workload, "chase") == 0);
	}
	matrix_free(&m);
}

TEST(the_digest_is_of_what_runs)
{
	static const char *const others[] = {
		"--workload chase --working-set 256K --seed 2",
		"--workload chase --working-set 512K",
		"--workload packed --working-set 256K",
		"--workload chase --working-set 256K --accesses 5",
	};
	struct matrix m = plan("--workload chase --working-set 256K"), same;
	uint64_t digest = sweep_plan_digest(&m);

	EACH (i, others) {
		struct matrix other = plan(others[i]);

		assert_true(sweep_plan_digest(&other) != digest);
		matrix_free(&other);
	}
	/* How long it goes on is another matter. */
	same = plan("--workload chase --working-set 256K --allocations 9 --retries 0");
	assert_true(sweep_plan_digest(&same) == digest);
	matrix_free(&same);
	matrix_free(&m);
}

/* A second side: each cell twice, side by side, the same but for the program and its options. */
TEST(each_cell_has_its_other_side)
{
	struct error e = { .status = STATUS_OK };
	struct matrix one = plan("--guest-page 4K,2M --workload chase --working-set 1M"), m = { 0 };
	struct request r = request_of("--guest-page 4K,2M --workload chase --working-set 1M");
	uint64_t digest;

	m.versus = json_pack("{s:[s,s], s:s, s:s, s:s}", "options", "--guest-ad", "on", "binary",
			     "/b/minivmm", "minivmm_version", "0.0.9", "fingerprint", "0123456789abcdef");
	assert_non_null(m.versus);
	assert_int_equal(sweep_plan(&r.run, &r.sweep, &m, &e), 0);
	assert_int_equal(m.datum_count, 2 * one.datum_count);
	LOOP (uint32_t, i, 0, i < one.datum_count, i++) {
		const struct matrix_cell *a = &m.cells[2 * i], *b = &m.cells[2 * i + 1];
		size_t words = json_array_size(a->command);
		char key[MATRIX_KEY_BYTES + 16];

		assert_false(a->is_b);
		assert_string_equal(a->key, one.cells[i].key);
		assert_int_equal(json_equal(a->command, one.cells[i].command), 1);
		assert_true(b->is_b);
		(void)snprintf(key, sizeof(key), "%s,versus=b", a->key);
		assert_string_equal(b->key, key);
		assert_int_equal(json_array_size(b->command), words + 2);
		assert_string_equal(json_string_value(json_array_get(b->command, 0)), "/b/minivmm");
		assert_string_equal(json_string_value(json_array_get(b->command, words)), "--guest-ad");
		assert_int_equal(b->memory_bytes, a->memory_bytes);
	}
	/* A rebuilt program is another one. */
	digest = sweep_plan_digest(&m);
	assert_int_equal(json_object_set_new(m.versus, "fingerprint", json_string("0123456789abcdee")), 0);
	assert_int_not_equal(sweep_plan_digest(&m), digest);
	matrix_free(&m);
	matrix_free(&one);
}

/* Both sides of a cell stand next to each other, and each is the first one about as often. */
TEST(each_round_has_pairs_in_both_orders)
{
	enum { PAIRS = 50, ROUNDS = 40 };
	uint32_t order[2 * PAIRS], a_first = 0;

	LOOP (uint32_t, round, 0, round < ROUNDS, round++) {
		bool seen[PAIRS] = { false };

		sweep_order_pairs(1, round, PAIRS, order);
		LOOP (uint32_t, i, 0, i < PAIRS, i++) {
			assert_int_equal(order[2 * i] / 2, order[2 * i + 1] / 2);
			assert_int_not_equal(order[2 * i], order[2 * i + 1]);
			assert_in_range(order[2 * i], 0, 2 * PAIRS - 1);
			assert_false(seen[order[2 * i] / 2]);
			seen[order[2 * i] / 2] = true;
			a_first += order[2 * i] % 2 == 0;
		}
	}
	/* Of 2000 tosses; 4 standard deviations either way. */
	assert_in_range(a_first, 910, 1090);
}

TEST(each_round_has_all_cells_in_another_order)
{
	enum { CELLS = 100, ROUNDS = 50 };
	uint32_t order[CELLS], before[CELLS] = { 0 }, first[CELLS] = { 0 };

	LOOP (uint32_t, round, 0, round < ROUNDS, round++) {
		bool seen[CELLS] = { false };

		sweep_order(1, round, CELLS, order);
		LOOP (int, i, 0, i < CELLS, i++) {
			assert_in_range(order[i], 0, CELLS - 1);
			assert_false(seen[order[i]]);
			seen[order[i]] = true;
		}
		assert_memory_not_equal(order, before, sizeof(order));
		memcpy(before, order, sizeof(order));
		first[order[0]]++;
	}
	/* Nobody is always the first. */
	LOOP (int, i, 0, i < CELLS, i++)
		assert_in_range(first[i], 0, 6);
	sweep_order(1, ROUNDS - 1, CELLS, before);
	assert_memory_equal(order, before, sizeof(order));
	sweep_order(2, ROUNDS - 1, CELLS, before);
	assert_memory_not_equal(order, before, sizeof(order));
	sweep_order(1, 0, 1, order);
	assert_int_equal(order[0], 0);
}
