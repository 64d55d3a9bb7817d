/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <pthread.h>

#include "sticky.h"

const unsigned char sticky_data[4096] = "kept", sticky_other_data[4096] = "lost";

struct rmmap_file *sticky_created(struct rmmap_range *range)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("sticky"), STICKY_SIZE, NULL, &file));
        ck_ok(rmmap_allocate(file, 4096, range));
        ck_ok(rmmap_write_range(file, *range, sticky_data, sizeof(sticky_data), NULL));
        inject_start();
        return file;
}

struct rmmap_file *sticky_saved(struct rmmap_range *range)
{
        struct rmmap_file *file = sticky_created(range);

        ck_ok(rmmap_sync_all(file));
        inject_start();
        return file;
}

int sticky_error_of(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        ck_is(rmmap_error(file), info.error);
        return info.error;
}

/* All ways to sync, in a process or thread that may not assert; 0: they all said the same. */
static int all_syncs_say(struct rmmap_file *file, struct rmmap_range range, int want)
{
        struct rmmap_receipt receipt, untouched = {{7, 7, 7, 7}};

        child_is(rmmap_error(file), want);
        child_is(rmmap_mark_written(file, range, &receipt), 0);
        child_is(rmmap_sync_all(file), want);
        child_is(rmmap_sync_range(file, receipt), want);
        child_is(rmmap_sync_ranges(file, &receipt, 1), want);
        child_is(rmmap_sync_ranges(file, NULL, 0), want);
        child_is(rmmap_sync_within(file, range, 0, 1), want);
        child_is(rmmap_raw_sync(file, 0, 4096), want);
        child_is(rmmap_write_range_durable(file, range, sticky_other_data, 4096, &untouched), want);
        child_expect(want == 0 || untouched.opaque[3] == 7);
        return 0;
}

struct question {
        struct rmmap_file *file;
        struct rmmap_range range;
        int want, answer;
};

static void *ask_in_thread(void *arg)
{
        struct question *question = arg;

        question->answer = all_syncs_say(question->file, question->range, question->want);
        return NULL;
}

void sticky_everybody_hears(struct rmmap_file *file, struct rmmap_range range, int want)
{
        struct question question = {file, range, want, -1};
        struct rmmap_file *clone = rmmap_clone(file);
        pthread_t thread;

        ck_assert_int_eq(all_syncs_say(file, range, want), 0);
        ck_assert_int_eq(all_syncs_say(clone, range, want), 0);
        ck_assert_int_eq(pthread_create(&thread, NULL, ask_in_thread, &question), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_int_eq(question.answer, 0);
        ck_assert_int_eq(sticky_error_of(clone), want);
        rmmap_release(clone);
}

void sticky_is_latched(struct rmmap_file *file, struct rmmap_range range, int want)
{
        unsigned char found[4096];

        sticky_everybody_hears(file, range, want);
        /* The durable writes failed before they wrote. */
        ck_assert(test_file_holds(test_path("sticky"), 0, sticky_data, sizeof(sticky_data)));
        ck_ok(flushed(rmmap_flush(file)));
        ck_ok(flushed(rmmap_raw_flush(file, 0, STICKY_SIZE)));
        ck_ok(rmmap_write_range(file, range, sticky_other_data, sizeof(sticky_other_data), NULL));
        ck_ok(rmmap_read_range(file, range, found, sizeof(found), NULL));
        ck_assert_int_eq(memcmp(found, sticky_other_data, sizeof(found)), 0);
}
