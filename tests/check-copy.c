/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Copies past the caches put every byte where memcpy would, and none beside it. */
#include <stdlib.h>

#include "child.h"
#include "copy.h"

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
        copy_streaming(target + to, source + from, length);
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

/* Through the handle, where both kinds of copies meet other ways of writing. */
START_TEST(large_and_jumping_writes_arrive)
{
        const size_t size = (size_t)8 << 20, most = (size_t)256 << 10;
        unsigned char *model = calloc(1, size), *data = malloc(most);
        struct rmmap_file *file;
        uint64_t random = 88172645463325252U;

        ck_assert_ptr_nonnull(model);
        ck_assert_ptr_nonnull(data);
        ck_ok(rmmap_create(test_path("copied"), size, NULL, &file));
        for (int i = 0; i < (test_under_valgrind() ? 60 : 600); i++) {
                size_t length, offset;

                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                length = (size_t)1 << (unsigned int)(random % 19);
                length -= (random >> 8) % 3 == 0 ? (size_t)((random >> 16) % length) : 0;
                offset = (size_t)((random >> 24) % (size - length));
                memset(data, (int)(random >> 56), length);
                ck_ok(rmmap_raw_write(file, offset, data, length));
                memcpy(model + offset, data, length);
                if (i % 97 == 0)
                        ck_ok(rmmap_sync_all(file));
        }
        ck_assert(test_file_holds(test_path("copied"), 0, model, size));
        rmmap_release(file);
        free(model);
        free(data);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("copy");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 60);
        tcase_add_test(core, every_length_and_alignment);
        tcase_add_test(core, large_and_jumping_writes_arrive);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
