/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs of bits, compared with an array of bools: a run changes completely or not at all. */
#include <stdio.h>

#include "bitmap.h"
#include "child.h"
#include "support.h"

#define BITS 300

static unsigned int next_random(unsigned int *seed)
{
        *seed = *seed * 1103515245 + 12345;
        return *seed >> 16;
}

static _Atomic uint64_t *words;
static bool want[BITS];

static void setup(void)
{
        words = bitmap_create(BITMAP_WORDS((uint64_t)BITS));
        ck_assert_ptr_nonnull(words);
        memset(want, 0, sizeof(want));
}

static void teardown(void)
{
        bitmap_destroy(words);
}

static bool all_are(size_t first, size_t end, bool value)
{
        for (size_t i = first; i < end; i++)
                if (want[i] != value)
                        return false;
        return true;
}

static void check_run(size_t first, size_t end)
{
        uint64_t same_end = 0;
        size_t wanted = first;

        while (wanted < end && want[wanted] == want[first])
                wanted++;
        ck_assert(bitmap_run(words, first, end, &same_end) == want[first]);
        ck_assert_uint_eq(same_end, wanted);
        ck_assert(bitmap_any(words, first, end) == !all_are(first, end, false));
}

static void change(size_t first, size_t end, int how)
{
        bool value = how % 2 == 0, may = how >= 4 || all_are(first, end, !value);

        if (how >= 4)
                bitmap_force(words, first, end, value);
        else
                ck_assert((value ? bitmap_set(words, first, end)
                                 : bitmap_clear(words, first, end)) == may);
        for (size_t i = first; may && i < end; i++)
                want[i] = value;
}

START_TEST(as_an_array_of_bools)
{
        unsigned int seed = 1;

        for (int i = 0; i < 20000; i++) {
                size_t first = (size_t)next_random(&seed) % BITS;
                size_t room = BITS - first;
                size_t length =
                        1 + (size_t)next_random(&seed) % (i % 2 == 0 || room < 4 ? room : 4);

                change(first, first + length, (int)(next_random(&seed) % (i % 16 == 0 ? 6 : 4)));
                check_run(first, first + length);
                check_run(0, BITS);
        }
        for (size_t i = 0; i < BITS; i++)
                check_run(i, i + 1);
}
END_TEST

/* Words and their borders. */
START_TEST(whole_words)
{
        for (size_t end = 1; end <= BITS; end++) {
                change(0, end, 0);
                check_run(0, BITS);
                change(0, end, 1);
        }
        ck_assert(!bitmap_any(words, 0, BITS));
}
END_TEST

START_TEST(no_memory)
{
        if (test_sanitized() || test_under_valgrind()) {
                puts("SKIP: a sanitizer or valgrind ends a program that asks for too much memory");
                return;
        }
        ck_assert_ptr_null(bitmap_create(UINT64_MAX));
        ck_assert_ptr_null(bitmap_create(UINT64_MAX / 8));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bitmap");
        TCase *cases = tcase_create("bitmap");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, as_an_array_of_bools);
        tcase_add_test(cases, whole_words);
        tcase_add_test(cases, no_memory);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
