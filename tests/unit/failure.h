/*
 * What a failed assertion tells besides its line.
 */
#ifndef TESTS_UNIT_FAILURE_H
#define TESTS_UNIT_FAILURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/*
 * First in the body of a loop over cases: says, as printf() would, which case this turn of the loop is. An assertion that
 * fails before the end of the turn prints it.
 */
#define CASE(...) \
	__attribute__((cleanup(case_end), unused)) const int case_of_this_turn = (case_begin(__VA_ARGS__), 0)

__attribute__((format(printf, 1, 2))) void case_begin(const char *format, ...);
void case_end(const int *of_this_turn);

#endif
