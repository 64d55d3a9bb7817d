/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "known.h"

const char *known_path(void)
{
        return test_path("known");
}

struct rmmap_file *known_create(uint64_t size, const struct rmmap_allocator_ops *allocator)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;

        options.allocator = allocator;
        ck_ok(rmmap_create(known_path(), size, &options, &file));
        return file;
}

struct rmmap_range known_take(struct rmmap_file *file, uint64_t size)
{
        struct rmmap_range range = {{0}};

        ck_ok(rmmap_allocate(file, size, &range));
        return range;
}

struct worker {
        pthread_t thread;
        int (*body)(void *arg, size_t index);
        void *arg;
        size_t index;
        int answer;
};

static void *work(void *arg)
{
        struct worker *worker = arg;

        worker->answer = worker->body(worker->arg, worker->index);
        return NULL;
}

void known_threads(size_t count, int (*body)(void *arg, size_t index), void *arg)
{
        struct worker *workers = calloc(count, sizeof(*workers));

        ck_assert_ptr_nonnull(workers);
        for (size_t i = 0; i < count; i++) {
                workers[i] = (struct worker){.body = body, .arg = arg, .index = i};
                ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        for (size_t i = 0; i < count; i++)
                pthread_join(workers[i].thread, NULL);
        for (size_t i = 0; i < count; i++)
                ck_assert_int_eq(workers[i].answer, 0);
        free(workers);
}

int main(void)
{
        Suite *suite = suite_create("known library");

        suite_add_tcase(suite, known_align());
        suite_add_tcase(suite, known_concurrent());
        suite_add_tcase(suite, known_sequential());
        suite_add_tcase(suite, known_split());
        suite_add_tcase(suite, known_inner());
        suite_add_tcase(suite, known_file());
        suite_add_tcase(suite, known_types());
        suite_add_tcase(suite, known_faults());
        return test_run(suite);
}
