/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every unit test uses besides cmocka: allocations that fail when told
 * to, a leak check at teardown and a log of effects.
 *
 * Conventions: unit_<file>.c tests <file>.c of an engine, tests stand in the
 * order of the code and are called function__case. A test program links with
 * the engine files that it refers to; one that needs to see statics includes
 * the engine's .c file instead. MXT(function__case) enters a test in the table
 * of main(), which returns MXT_RUN(table).
 */
#ifndef MXTEST_H
#define MXTEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Setup and teardown clear the knobs and fail a test that leaked. */
#define MXT(test) cmocka_unit_test_setup_teardown(test, mxt_setup, mxt_teardown)
#define MXT_RUN(table) cmocka_run_group_tests(table, NULL, NULL)

int mxt_setup(void **state);
int mxt_teardown(void **state);

/**
 * mxt_fail_nth() - let one allocation fail
 * @n: 1 is the next malloc, calloc or realloc of the test or the code under
 *     test; 0 lets all succeed
 */
void mxt_fail_nth(unsigned int n);

/**
 * mxt_failed() - has the armed failure happened?
 *
 * A test tries n = 1, 2, … until it has not: then every allocation failed once.
 */
bool mxt_failed(void);

/* Blocks allocated since setup and not freed yet. */
size_t mxt_live(void);

/* Effects as text, one after the other with "; " between; cleared by setup. */
void mxt_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The log; compare it with assert_string_equal(). It starts afresh after. */
const char *mxt_log_take(void);

#endif /* MXTEST_H */
