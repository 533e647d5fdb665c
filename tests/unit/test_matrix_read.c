/*
 * Property: whatever is handed to a comparison as a sweep, it is either a sweep or refused with a message that says what is
 * wrong and where, and nothing stays allocated. A reader that believes its file compares nonsense in good faith, waits for a
 * FIFO for ever, or cuts a name so that two cells become one.
 */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sample_matrix.h"
#include "vmm/lab/compare/compare.h"

static char dir[64], path[96];
static json_t *root; /* of a good file, for each test to spoil */

static int setup(void **state)
{
	struct matrix m;
	char *data;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/minivmm-read-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sweep.json", dir);
	sample_matrix(&m);
	data = render_matrix(&m, matrix_json);
	root = json_loads(data, 0, NULL);
	free(data);
	matrix_free(&m);
	return root != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(root);
	(void)unlink(path);
	return rmdir(dir);
}

/* The file at `path` is refused so, and *m is as good as never used. */
static void assert_refused(int expected, const char *what)
{
	static const struct matrix nothing;
	struct matrix m;
	struct error e = { 0 };

	memset(&m, 0xa5, sizeof(m));
	assert_int_equal(matrix_read(path, &m, &e), expected);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_string_equal(e.where, path);
	if (strstr(e.what, what) == NULL)
		(void)fprintf(stderr, "\"%s\" does not say \"%s\"\n", e.what, what);
	assert_non_null(strstr(e.what, what));
	for (const char *c = e.what; *c != '\0'; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
	assert_memory_equal(&m, &nothing, sizeof(m));
}

static void write_bytes(const char *data, size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static void assert_text_refused(const char *text, const char *what)
{
	write_bytes(text, strlen(text));
	assert_refused(-EINVAL, what);
}

static void write_root(void)
{
	assert_int_equal(json_dump_file(root, path, 0), 0);
}

static void assert_good(void)
{
	struct matrix m;
	struct error e = { 0 };

	write_root();
	assert_int_equal(matrix_read(path, &m, &e), 0);
	assert_string_equal(e.what, "");
	matrix_free(&m);
}

/* What is at "cells.0.runs", from the root. */
static json_t *at(const char *place)
{
	char copy[128], *rest = NULL;
	json_t *json = root;

	(void)snprintf(copy, sizeof(copy), "%s", place);
	for (char *word = strtok_r(copy, ".", &rest); word != NULL; word = strtok_r(NULL, ".", &rest)) {
		json = json_is_array(json) ? json_array_get(json, (size_t)strtoul(word, NULL, 10))
					   : json_object_get(json, word);
		assert_non_null(json);
	}
	return json;
}

/* One member of the object at `place` becomes `value` (NULL: goes away), the reader says `what`, and all is as before. */
static void spoil(const char *place, const char *key, json_t *value, const char *what)
{
	json_t *object = at(place), *good = json_incref(json_object_get(object, key));

	if (value == NULL)
		assert_int_equal(json_object_del(object, key), 0);
	else
		assert_int_equal(json_object_set_new(object, key, value), 0);
	write_root();
	assert_refused(-EINVAL, what);
	assert_int_equal(json_object_set_new(object, key, good), 0);
}

TEST_WITH(what_is_no_file, setup, teardown)
{
	assert_good();
	assert_int_equal(unlink(path), 0);
	assert_refused(-ENOENT, "cannot be opened");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(-EISDIR, "is a directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(-EINVAL, "not a regular file");
}

TEST_WITH(too_much_and_too_little, setup, teardown)
{
	write_bytes("", 0);
	assert_refused(-EINVAL, "is empty");
	/* Sparse: it is never written, and may not be read. */
	assert_int_equal(truncate(path, (INT64_C(256) << 20) + 1), 0);
	assert_refused(-EFBIG, "has 268435457 bytes; a sweep of at most 268435456 is read");
}

/* Small in a file, twenty times as large in memory. */
TEST_WITH(too_many_values, setup, teardown)
{
	const size_t bytes = 16 << 20;
	char *commas = malloc(bytes);

	assert_non_null(commas);
	memset(commas, ',', bytes);
	write_bytes(commas, bytes - 1);
	assert_refused(-EINVAL, "not JSON");
	write_bytes(commas, bytes);
	assert_refused(-EFBIG, "has more than 16777216 values, which no sweep has");
	free(commas);
}

TEST_WITH(what_is_no_json, setup, teardown)
{
	char *whole = json_dumps(root, JSON_INDENT(2));

	assert_non_null(whole);
	assert_text_refused("{\n \"schema\": }", "not JSON: line 2, column 12: ");
	assert_text_refused("{\"schema\": \"minivmm.sweep/2\", \"schema\": 1}", "duplicate object key");
	assert_text_refused("{\"seconds\": 1e999}", "line 1, column 17: real number overflow");
	assert_text_refused("{\"seconds\": NaN}", "not JSON: line 1");
	assert_text_refused("{\"seconds\": 99999999999999999999}", "too big integer");
	assert_text_refused("{\"a\": \"x\\u0000y\"}", "\\u0000 is not allowed");
	assert_text_refused("{\"a\": \033[31m}", "near '?'");
	assert_text_refused("{\"a\": \"\xff\"}", "unable to decode byte 0xff");
	assert_text_refused("{} {}", "end of file expected");
	/* As a full disk or a crash would leave it. */
	write_bytes(whole, strlen(whole) / 2);
	assert_refused(-EINVAL, "not JSON: line ");
	write_bytes("{\"a\": 1}\0", 9);
	assert_refused(-EINVAL, "not JSON: line 1");
	free(whole);
}

TEST_WITH(nested_too_deep, setup, teardown)
{
	static char deep[100000];

	memset(deep, '[', sizeof(deep));
	write_bytes(deep, sizeof(deep));
	assert_refused(-EINVAL, "maximum parsing depth reached");
}

TEST_WITH(another_schema, setup, teardown)
{
	assert_text_refused("[1, 2]", "is JSON, but not an object: not a sweep (minivmm.sweep/2)");
	assert_text_refused("{\"cells\": []}", "has no member schema: not a sweep (minivmm.sweep/2)");
	assert_text_refused("{\"schema\": 1}", "schema is not a string");
	assert_text_refused("{\"schema\": \"minivmm.run/2\"}",
			    "not a sweep: minivmm.run/2 is a record of one run, expected: minivmm.sweep/2");
	assert_text_refused("{\"schema\": \"minivmm.check/1\"}", "minivmm.check/1 is a report of a host");
	assert_text_refused("{\"schema\": \"other\"}", "other is something else, expected: minivmm.sweep/2");
	assert_text_refused("{\"schema\": \"minivmm.sweep/3\"}",
			    "is a sweep of minivmm.sweep/3: this minivmm reads minivmm.sweep/2 and /1");
}

/* A file of schema /1 has TSC cycles and calls them cycles: they are read as what they are, and compared with no others. */
TEST(a_file_of_the_schema_before)
{
	struct error e = { .status = STATUS_OK };
	const char *const names[SIDES] = { "a", "b" };
	struct comparison c;
	struct matrix old, now;

	assert_int_equal(matrix_read(TESTS_DIR "/fixtures/sweep-1.json", &old, &e), 0);
	assert_int_equal(matrix_read(TESTS_DIR "/golden/sweep.json", &now, &e), 0);
	assert_string_equal(matrix_latency_words(&old), "TSC cycles");
	assert_string_equal(matrix_latency_words(&now), "core cycles");
	assert_int_equal(matrix_derive(&old), 0);
	assert_int_equal(matrix_derive(&now), 0);
	assert_int_equal(comparison_make(&old, &now, names, 0.01, &c, &e), -EINVAL);
	assert_non_null(strstr(e.what, "latencies are in TSC cycles and in core cycles"));
	matrix_free(&now);
	matrix_free(&old);
}

/* Members that came later: a file without one is read all the same. */
static bool is_optional(const char *key)
{
	return strcmp(key, "operation") == 0 || strcmp(key, "over_pages") == 0 || strcmp(key, "marks") == 0 ||
	       strcmp(key, "median_ns") == 0 || strcmp(key, "core_per_tsc") == 0 ||
	       strcmp(key, "in_core_bytes") == 0 || strcmp(key, "tlb_leaves") == 0;
}

static void do_without(const char *place, const char *key)
{
	json_t *object = at(place), *good = json_incref(json_object_get(object, key));

	assert_int_equal(json_object_del(object, key), 0);
	assert_good();
	assert_int_equal(json_object_set_new(object, key, good), 0);
}

/* Every other member of every kind of object, taken away, is missed by its path. */
TEST_WITH(each_member_is_missed, setup, teardown)
{
	static const char *const places[] = { "",        "plan",           "host",
					      "cells.0", "cells.4.runs.2", "cells.4.runs.2.rows.0" };
	static const char *const paths[] = {
		"", "plan.", "host.", "cells[0].", "cells[4].runs[2].", "cells[4].runs[2].rows[0]."
	};
	char what[128];

	EACH (i, places) {
		json_t *members = json_copy(at(places[i]));
		const char *key;
		json_t *value;

		assert_true(json_object_size(members) > 5);
		json_object_foreach(members, key, value)
		{
			/* Derived, and not in files of before there was such a thing. */
			if (strcmp(key, "predictions") == 0)
				continue;
			(void)snprintf(what, sizeof(what), "%s%s%s", paths[i],
				       strcmp(key, "schema") == 0 ? "has no member " : key,
				       strcmp(key, "schema") == 0 ? key : " is missing");
			if (is_optional(key))
				do_without(places[i], key);
			else
				spoil(places[i], key, NULL, what);
			/* No member is an object of one true. */
			if (strcmp(key, "params") != 0 && strcmp(key, "axes") != 0 &&
			    strcmp(key, "counts") != 0)
				spoil(places[i], key, json_pack("{sb}", "x", 1), key);
		}
		json_decref(members);
	}
	spoil("counts", "waited_ns", NULL, "counts.waited_ns is missing");
	assert_good();
}

TEST_WITH(numbers_out_of_range, setup, teardown)
{
	spoil("", "seconds", json_integer(-1), "seconds is -1, expected: a finite number from 0 on");
	spoil("plan", "seed", json_string("-1"), "plan.seed is not a 64-bit number");
	spoil("plan", "seed", json_string("18446744073709551616"), "plan.seed is not a 64-bit number");
	spoil("plan", "allocations", json_integer(0), "plan.allocations is 0, expected: 1 to 4294967295");
	spoil("cells.0", "vcpus", json_integer(1025), "cells[0].vcpus is 1025, expected: 1 to 1024");
	spoil("cells.0", "vcpus", json_real(1.5), "cells[0].vcpus is a number, expected: an integer");
	spoil("cells.0", "guest_page_bytes", json_integer(8192),
	      "cells[0].guest_page_bytes is 8192, expected: 4096, 2097152 or 1073741824");
	spoil("cells.0", "guest_page_bytes", json_null(), "is null in a guest, expected: a page size");
	spoil("cells.3", "guest_page_bytes", json_integer(4096), "is 4096 natively, expected: null");
	spoil("cells.0.runs.1", "attempt", json_integer(0), "cells[0].runs[1].attempt is 0");
	spoil("cells.0.runs.1", "round", json_integer(INT64_MAX), "cells[0].runs[1].round is 92233");
	spoil("cells.0.runs.1", "wall_ns", json_integer(-1), "cells[0].runs[1].wall_ns is -1");
	spoil("cells.0.runs.0.rows.0", "stride_bytes", json_integer(0), "rows[0].stride_bytes is 0");
	spoil("cells.0.runs.0.rows.0", "refs_theory", json_integer(INT64_C(1) << 32),
	      "refs_theory is 4294967296, expected: 1 to 4294967295");
	spoil("cells.0.runs.0.rows.0", "samples", json_pack("[ff]", 1.0, -2.0),
	      "cells[0].runs[0].rows[0].samples[1] is -2, expected: a finite number from 0 on");
	spoil("cells.0.runs.0.rows.0", "samples", json_pack("[fn]", 1.0),
	      "cells[0].runs[0].rows[0].samples[1] is null, expected: a number");
	spoil("cells.0", "runs", json_array(), "cells[0].runs is empty, though the cell is ok");
}

static json_t *many(json_t *item, size_t count)
{
	json_t *array = json_array();

	LOOP (size_t, i, 0, i < count, i++)
		assert_int_equal(json_array_append(array, item), 0);
	json_decref(item);
	return array;
}

/* Refused before memory is taken for them. */
TEST_WITH(absurd_counts, setup, teardown)
{
	spoil("", "cells", many(json_object(), 100001), "cells has 100001 cells, expected: at most 100000");
	spoil("cells.0.runs.0", "rows", many(json_object(), 4097),
	      "cells[0].runs[0].rows has 4097 rows, expected: at most 4096");
	spoil("cells.0.runs.2", "round", json_integer(100),
	      "cells[0].runs[2].round is 100, expected: 0 to 99");
}

static json_t *letters(size_t count)
{
	char text[4096];

	assert_true(count < sizeof(text));
	memset(text, 'x', count);
	return json_stringn(text, count);
}

TEST_WITH(text_that_does_not_fit, setup, teardown)
{
	spoil("", "minivmm_version", letters(24), "minivmm_version is 24 bytes long, expected: at most 23");
	spoil("", "teaches", letters(1024), "teaches is 1024 bytes long");
	spoil("cells.0", "path", letters(128), "cells[0].path is 128 bytes long");
	spoil("cells.0", "workload", letters(24), "cells[0].workload is 24 bytes long");
	spoil("cells.0", "key", letters(320), "cells[0].key is 320 bytes long");
	spoil("cells.5", "reason", letters(1024), "cells[5].reason is 1024 bytes long");
	spoil("cells.0.runs.0", "disturbed", letters(160), "cells[0].runs[0].disturbed is 160 bytes long");
	spoil("cells.0.runs.0.rows.0", "variant", letters(24), "rows[0].variant is 24 bytes long");
	spoil("cells.0.runs.0.rows.0", "note", letters(160), "rows[0].note is 160 bytes long");
	assert_int_equal(json_object_set_new(at("cells.5"), "reason", letters(1023)), 0);
	assert_int_equal(json_object_set_new(at(""), "teaches", letters(1023)), 0);
	assert_good();
}

TEST_WITH(unknown_words, setup, teardown)
{
	spoil("cells.0", "kind", json_string("run"), "cells[0].kind is \"run\", expected: guest or native");
	spoil("cells.0", "backing", json_string("rom"),
	      "cells[0].backing is \"rom\", expected: anon, thp, hugetlb, memfd or file");
	spoil("cells.0", "prealloc", json_string("no"),
	      "is \"no\", expected: off, on, near, far, nodes or prefault");
	spoil("cells.0", "kernel_irqchip", json_string("\033[1m"),
	      "is \"?[1m\", expected: default, on or off");
	spoil("cells.0", "state", json_string("good"),
	      "expected: pending, ok, refused, unavailable, failed or");
	spoil("cells.0.runs.0", "verdict", json_string("fine"),
	      "runs[0].verdict is \"fine\", expected: ok, ");
	spoil("cells.0.runs.0.rows.0", "unit", json_string("ns"),
	      "is \"ns\", expected: core cycles/access, bytes/s, updates/s or TSC cycles/access");
	spoil("host", "params", json_pack("{si}", "a", 1), "host.params.a is not a string");
	spoil("", "axes", json_pack("{s[sb]}", "smp", "1", 1), "axes.smp[1] is not a string");
	spoil("", "axes", json_pack("{si}", "smp", 1), "axes.smp is a number, expected: an array");
	spoil("cells.0", "command", json_pack("[si]", "minivmm", 1), "cells[0].command[1] is not a string");
}

TEST_WITH(keys_are_what_cells_are, setup, teardown)
{
	json_t *copy;

	spoil("cells.0", "working_set_bytes", json_integer(131072),
	      "smp=1,workload=chase,working-set=256K\", but the cell is \"guest-page=4K,backing=anon,"
	      "prealloc=on,smp=1,workload=chase,working-set=128K\": the file was edited");
	spoil("cells.0", "workload", json_string("packed"), "cells[0].key is");
	copy = json_deep_copy(at("cells"));
	assert_int_equal(json_array_append(copy, at("cells.1")), 0);
	spoil("", "cells", copy,
	      "cells[6].key is "
	      "\"guest-page=2M,backing=anon,prealloc=on,smp=1,workload=chase,working-set=256K\" "
	      "a second time");
}

TEST_WITH(each_round_once_and_in_order, setup, teardown)
{
	spoil("cells.0.runs.1", "round", json_integer(0),
	      "cells[0].runs[1] is of round 0, expected: rounds in");
	spoil("cells.0.runs.1", "round", json_integer(2),
	      "cells[0].runs[2] is of round 2, expected: rounds in");
}

/* Least CPU time of three, in seconds, to read a file of so many refused cells. */
static double seconds_to_read(uint32_t count)
{
	json_t *cells = json_array();
	double least = 1e9;
	char key[128];

	LOOP (uint32_t, i, 0, i < count, i++) {
		json_t *cell = json_copy(at("cells.5"));

		(void)snprintf(
			key, sizeof(key),
			"guest-page=1G,backing=hugetlb:1G,prealloc=on,smp=1,workload=chase,working-set=%u",
			2 * i + 1);
		assert_int_equal(json_object_set_new(cell, "key", json_string(key)), 0);
		assert_int_equal(json_object_set_new(cell, "working_set_bytes", json_integer(2 * i + 1)), 0);
		assert_int_equal(json_array_append_new(cells, cell), 0);
	}
	assert_int_equal(json_object_set_new(root, "cells", cells), 0);
	LOOP (int, i, 0, i < 3, i++) {
		clock_t start = clock();
		double seconds;

		assert_good();
		seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
		least = seconds < least ? seconds : least;
	}
	return least;
}

/* Four times the cells take four times as long; comparing each key with each, 13 times. */
TEST_WITH(many_cells_in_linear_time, setup, teardown)
{
	json_t *few = json_incref(at("cells"));
	double quarter = seconds_to_read(2500), all;

	assert_int_equal(json_object_set_new(root, "cells", few), 0);
	all = seconds_to_read(10000);
	if (all >= 9 * quarter)
		(void)fprintf(stderr, "2,500 cells: %.3f s; 10,000 cells: %.3f s\n", quarter, all);
	assert_true(all < 9 * quarter);
}

TEST_WRITES()
