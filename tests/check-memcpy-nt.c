/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Copies put every byte where memcpy would and change nothing else, with any kind of store. */
#include <stdlib.h>

#include "base/compiler.h"
#include "child.h"
#include "memcpy-nt.h"

#define LONGEST ((size_t)4096 + 200)
#define MARGIN ((size_t)64)

static unsigned char source[LONGEST + MARGIN], target[LONGEST + 3 * MARGIN];
static unsigned char expected[sizeof(target)];

static void fill_source(void)
{
        for (size_t i = 0; i < sizeof(source); i++)
                source[i] = (unsigned char)(i * 7 + 1);
}

static void check_one(size_t to, size_t from, size_t length)
{
        memset(target, 0xee, sizeof(target));
        memset(expected, 0xee, sizeof(expected));
        memcpy(expected + to, source + from, length);
        memcpy_nt(target + to, source + from, length);
        ck_assert_int_eq(memcmp(target, expected, sizeof(target)), 0);
}

START_TEST(every_length_and_alignment)
{
        fill_source();
        for (size_t to = 0; to < 2 * MARGIN; to += 1)
                for (size_t length = 0; length < 300; length += 1 + length / 60)
                        check_one(to, to % MARGIN, length);
        for (size_t from = 0; from < MARGIN; from++)
                check_one(MARGIN + from % 7, from, LONGEST - from);
}
END_TEST

/* A cache that one processor uses has more than 256 KiB and less than 4 GiB. */
START_TEST(only_files_that_no_cache_holds)
{
        ck_assert(!memcpy_nt_suits((uint64_t)256 << 10));
#if defined(__x86_64__) && !defined(SANITIZED)
        ck_assert(memcpy_nt_suits((uint64_t)4 << 30));
#endif
}
END_TEST

/* ---- with wrapped functions: the pieces of large copies */

static const unsigned char *watched;
static size_t watched_size, largest_copy, copies;

static void watch(const void *start, size_t size)
{
        largest_copy = copies = 0;
        watched_size = size;
        watched = start;
}

void *__real_memcpy(void *to, const void *from, size_t length);
void *__wrap_memcpy(void *to, const void *from, size_t length);
void *__wrap_memcpy(void *to, const void *from, size_t length)
{
        if (watched != NULL && (const unsigned char *)to >= watched &&
            (const unsigned char *)to < watched + watched_size) {
                largest_copy = length > largest_copy ? length : largest_copy;
                copies++;
        }
        return __real_memcpy(to, from, length);
}

/* An optimising linker leaves calls of built-in functions as they are. */
static bool memcpy_is_seen(struct rmmap_file *file)
{
        unsigned char data[100];

        watch(data, sizeof(data));
        ck_ok(rmmap_raw_read(file, 0, data, sizeof(data), NULL));
        watched = NULL;
        return copies != 0;
}

/* On pages that aren't mapped yet, libc's large copy would walk several pages at once. */
START_TEST(large_copies_go_in_slices)
{
        const size_t size = (size_t)3 << 20, slice = (size_t)256 << 10;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        unsigned char *data = calloc(1, size);
        struct rmmap_file *file = NULL;
        const void *base;
        size_t seen;

        options.engine = RMMAP_ENGINE_MAP;
        options.flags = _i == 0 ? RMMAP_CATCH_FAULTS : 0;
        ck_assert_ptr_nonnull(data);
        if (rmmap_create(test_path("slices"), size, &options, &file) == -EOPNOTSUPP) {
                free(data);
                skip_part("slices: no space is reserved here, so nothing is copied unguarded");
                return;
        }
        ck_ok(rmmap_raw_view(file, &base));
        watch(base, size); /* perhaps non-temporal, with a short rest for memcpy */
        ck_ok(rmmap_raw_write(file, 0, data, size));
        ck_assert_uint_le(largest_copy, slice);
        watch(data, size);
        ck_ok(rmmap_raw_read(file, 0, data, size, NULL));
        watched = NULL;
        seen = copies;
        ck_assert_uint_le(largest_copy, slice);
        if (test_sanitized() || test_under_valgrind())
                skip_part("slices: it isn't memcpy that copies under a sanitizer or valgrind");
        else if (!memcpy_is_seen(file))
                skip_part("slices: with link-time optimisation --wrap doesn't see memcpy");
        else
                ck_assert_uint_ge(seen, size / slice);
        rmmap_release(file);
        free(data);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("copy");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 60);
        tcase_add_test(core, every_length_and_alignment);
        tcase_add_test(core, only_files_that_no_cache_holds);
        tcase_add_loop_test(core, large_copies_go_in_slices, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
