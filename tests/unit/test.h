/*
 * What every unit test includes: cmocka with the headers that it asks for, tests that list themselves, and loops that tell
 * which of their cases failed.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* TEST(name) { ... } is a test of this file. It may read its `state`, which a setup function wrote. */
#define TEST(name) TEST_WITH(name, NULL, NULL)
#define TEST_WITH(name, setup, teardown)                                \
	static void name(void **state);                                 \
	__attribute__((constructor)) static void name##_is_a_test(void) \
	{                                                               \
		test_add(#name, name, setup, teardown);                 \
	}                                                               \
	static void name(__attribute__((unused)) void **state)

/* Run before the first test of this file and after the last; at most once in a file. */
#define TEST_GROUP(setup, teardown)                                      \
	__attribute__((constructor)) static void tests_are_a_group(void) \
	{                                                                \
		test_group(setup, teardown);                             \
	}

/*
 * Loops over cases: EACH over the entries of an array, LOOP over an integer as for (type i = from; condition; next) is. An
 * assertion that fails in one prints where the loops around it stand, as in "cases[3]" or "pages = 64".
 */
#define EACH(i, table) LOOP_OF(#table, size_t, i, 0, (i) < sizeof(table) / sizeof((table)[0]), (i)++)
#define LOOP(type, i, from, condition, next) LOOP_OF(NULL, type, i, from, condition, next)
#define LOOP_OF(table, type, i, from, condition, next)                                   \
	for (struct test_loop i##_loop                                                   \
	     __attribute__((cleanup(test_loop_leave))) = { test_loop_enter(table, #i) }, \
	     *i##_once = &i##_loop;                                                      \
	     i##_once != NULL; i##_once = NULL)                                          \
		for (type i = (from); (condition) && (*i##_loop.at = (long long)(i), true); next)

struct test_loop {
	long long *at;
};

long long *test_loop_enter(const char *table, const char *name);
void test_loop_leave(const struct test_loop *loop);

void test_add(const char *name, CMUnitTestFunction test, CMFixtureFunction setup, CMFixtureFunction teardown);
void test_group(CMFixtureFunction setup, CMFixtureFunction teardown);

/*
 * Whatever a file's tests let the program write is as it was: TEST_WRITES() at the file's end adds a last test, which compares
 * lengths and digests of the texts that went through test_wrote() with tests/golden/wrote/FILE.txt. MINIVMM_UPDATE_GOLDEN=1 writes
 * that; MINIVMM_DOCUMENTS=DIRECTORY keeps the texts themselves, to see by diff(1) what has changed.
 */
#define TEST_WRITES()                         \
	TEST(what_was_written_is_as_it_was)   \
	{                                     \
		test_compare_wrote(__FILE__); \
	}
void test_wrote(const char *text);
void test_compare_wrote(const char *file);

/* No line is wider than a screen of 100 columns. */
void assert_fits_screen(const char *text);

#endif
