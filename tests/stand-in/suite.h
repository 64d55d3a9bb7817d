/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * As much of libcheck's interface as the tests use, but for how a test is run: that is of the
 * check.h that includes this, in stand-in/ or windows/, which says by STAND_IN_LINKAGE how it
 * defines the two functions that are declared here.
 */
#ifndef STAND_IN_SUITE_H
#define STAND_IN_SUITE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAND_IN_MOST 64
#define STAND_IN_SECONDS 120
#define CK_ENV 0

typedef struct {
        void (*function)(int _i);
        const char *name;
        int first, end;
} stand_in_test;

typedef struct {
        const char *name;
        stand_in_test tests[STAND_IN_MOST];
        int count, seconds;
        void (*setup)(void), (*teardown)(void);
} TCase;

typedef struct {
        const char *name;
        TCase *cases[STAND_IN_MOST];
        int count;
} Suite;

typedef struct {
        Suite *suite;
        int checks, failures, errors;
} SRunner;

/* ---- of the check.h that includes this */

/* Ends a test that failed. */
STAND_IN_LINKAGE _Noreturn void stand_in_end_test(void);

/* Runs one test; counts in runner if it failed. */
STAND_IN_LINKAGE void stand_in_run_test(SRunner *runner, const TCase *tcase,
                                        const stand_in_test *test, int i);

/* ---- assertions */

__attribute__((__noreturn__, __format__(__printf__, 3, 4))) static inline void
stand_in_fail(const char *file, int line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        printf("%s:%d: ", file, line);
        vprintf(format, arguments);
        printf("\n");
        fflush(stdout);
        va_end(arguments);
        stand_in_end_test();
}

#define ck_abort_msg(...) stand_in_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert_msg(condition, ...)                                                              \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        stand_in_fail(__FILE__, __LINE__, __VA_ARGS__);                            \
        } while (0)
#define ck_assert(condition) ck_assert_msg(condition, "%s", #condition)

#define STAND_IN_COMPARE(type, format, a, operator, b)                                             \
        do {                                                                                       \
                type stand_in_a = (type)(a);                                                       \
                type stand_in_b = (type)(b);                                                       \
                ck_assert_msg(stand_in_a operator stand_in_b,                                      \
                              "%s " #operator" %s: %" format ", %" format, #a, #b, stand_in_a,     \
                              stand_in_b);                                                         \
        } while (0)
#define ck_assert_int_eq(a, b) STAND_IN_COMPARE(intmax_t, PRIdMAX, a, ==, b)
#define ck_assert_int_ne(a, b) STAND_IN_COMPARE(intmax_t, PRIdMAX, a, !=, b)
#define ck_assert_int_lt(a, b) STAND_IN_COMPARE(intmax_t, PRIdMAX, a, <, b)
#define ck_assert_int_le(a, b) STAND_IN_COMPARE(intmax_t, PRIdMAX, a, <=, b)
#define ck_assert_int_gt(a, b) STAND_IN_COMPARE(intmax_t, PRIdMAX, a, >, b)
#define ck_assert_int_ge(a, b) STAND_IN_COMPARE(intmax_t, PRIdMAX, a, >=, b)
#define ck_assert_uint_eq(a, b) STAND_IN_COMPARE(uintmax_t, PRIuMAX, a, ==, b)
#define ck_assert_uint_ne(a, b) STAND_IN_COMPARE(uintmax_t, PRIuMAX, a, !=, b)
#define ck_assert_uint_lt(a, b) STAND_IN_COMPARE(uintmax_t, PRIuMAX, a, <, b)
#define ck_assert_uint_le(a, b) STAND_IN_COMPARE(uintmax_t, PRIuMAX, a, <=, b)
#define ck_assert_uint_gt(a, b) STAND_IN_COMPARE(uintmax_t, PRIuMAX, a, >, b)
#define ck_assert_uint_ge(a, b) STAND_IN_COMPARE(uintmax_t, PRIuMAX, a, >=, b)
#define ck_assert_ptr_eq(a, b) STAND_IN_COMPARE(const void *, "p", a, ==, b)
#define ck_assert_ptr_ne(a, b) STAND_IN_COMPARE(const void *, "p", a, !=, b)
#define ck_assert_ptr_null(a) ck_assert_ptr_eq(a, NULL)
#define ck_assert_ptr_nonnull(a) ck_assert_ptr_ne(a, NULL)
#define ck_assert_str_eq(a, b) ck_assert_msg(strcmp(a, b) == 0, "%s == %s: %s, %s", #a, #b, a, b)
#define ck_assert_mem_eq(a, b, size)                                                               \
        ck_assert_msg(memcmp(a, b, size) == 0, "%s == %s in %s bytes", #a, #b, #size)

/* ---- suites; they live as long as the program */

#define START_TEST(name) static void name(int _i __attribute__((__unused__)))
#define END_TEST

static inline void *stand_in_make(size_t size)
{
        void *made = calloc(1, size);

        if (made == NULL)
                abort();
        return made;
}

static inline Suite *suite_create(const char *name)
{
        Suite *suite = stand_in_make(sizeof(*suite));

        suite->name = name;
        return suite;
}

static inline TCase *tcase_create(const char *name)
{
        TCase *tcase = stand_in_make(sizeof(*tcase));

        tcase->name = name;
        tcase->seconds = STAND_IN_SECONDS;
        return tcase;
}

static inline void suite_add_tcase(Suite *suite, TCase *tcase)
{
        if (suite->count == STAND_IN_MOST)
                abort();
        suite->cases[suite->count++] = tcase;
}

static inline void tcase_set_timeout(TCase *tcase, double seconds)
{
        tcase->seconds = (int)seconds;
}

static inline void tcase_add_checked_fixture(TCase *tcase, void (*setup)(void),
                                             void (*teardown)(void))
{
        if (tcase->setup != NULL || tcase->teardown != NULL)
                abort(); /* one is all that the tests use */
        tcase->setup = setup;
        tcase->teardown = teardown;
}

static inline void stand_in_add(TCase *tcase, void (*function)(int), const char *name, int first,
                                int end)
{
        if (tcase->count == STAND_IN_MOST)
                abort();
        tcase->tests[tcase->count++] = (stand_in_test){function, name, first, end};
}

#define tcase_add_test(tcase, function) stand_in_add(tcase, function, #function, 0, 1)
#define tcase_add_loop_test(tcase, function, first, end)                                           \
        stand_in_add(tcase, function, #function, first, end)

/* ---- running them */

static inline void stand_in_call(const TCase *tcase, const stand_in_test *test, int i)
{
        if (tcase->setup != NULL)
                tcase->setup();
        test->function(i);
        if (tcase->teardown != NULL)
                tcase->teardown();
        fflush(stdout);
}

static inline SRunner *srunner_create(Suite *suite)
{
        SRunner *runner = stand_in_make(sizeof(*runner));

        runner->suite = suite;
        return runner;
}

static inline void srunner_run_all(SRunner *runner, int mode)
{
        (void)mode;
        printf("Running suite(s): %s\n", runner->suite->name);
        for (int c = 0; c < runner->suite->count; c++) {
                TCase *tcase = runner->suite->cases[c];

                for (int t = 0; t < tcase->count; t++) {
                        stand_in_test *test = &tcase->tests[t];

                        for (int i = test->first; i < test->end; i++, runner->checks++)
                                stand_in_run_test(runner, tcase, test, i);
                }
                free(tcase);
        }
        printf("%d%%: Checks: %d, Failures: %d, Errors: %d\n",
               runner->checks == 0 ? 100
                                   : 100 * (runner->checks - runner->failures - runner->errors) /
                                             runner->checks,
               runner->checks, runner->failures, runner->errors);
        fflush(stdout);
}

static inline int srunner_ntests_failed(const SRunner *runner)
{
        return runner->failures + runner->errors;
}

static inline void srunner_free(SRunner *runner)
{
        free(runner->suite);
        free(runner);
}

#endif
