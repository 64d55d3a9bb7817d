/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One file, and one handle of it for every setup: all engines and patterns, guarded or not, with
 * and without write-behind. One thread for each handle writes pieces from one byte to several MiB
 * next to those of the other threads, reads them through another handle, and writes them again.
 * Another thread syncs and flushes. At the end every byte has the value that its writer wrote last.
 * Holds B.2, C.2, C.5.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

#define MOST_HANDLES 16
#define LONGEST ((size_t)3 << 20)
#define TURNS 2 /* each piece is written so often */

struct piece {
        uint64_t start, end;
};

static struct mixed {
        struct rmmap_file *files[MOST_HANDLES];
        int file_count;
        struct piece *pieces; /* the i-th is of thread i % file_count */
        size_t piece_count;
        uint64_t size;
        atomic_bool over;
} mixed;

/* Each 8 bytes of the file encode their place and the turn in which they were written. */
static uint64_t word_of(uint64_t offset, unsigned int turn)
{
        return (offset << 8 | turn) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The data of [offset, offset + length), in a buffer with 16 bytes more; returns its start. */
static unsigned char *fill(void *buffer, uint64_t offset, size_t length, unsigned int turn)
{
        uint64_t *words = buffer, first = offset & ~UINT64_C(7);

        for (size_t i = 0; first + 8 * i < offset + length; i++)
                words[i] = word_of(first + 8 * i, turn);
        return (unsigned char *)buffer + offset % 8;
}

/* ---- the writers */

struct writer {
        int number;
        uint64_t random;
        void *data, *found;
};

/* Through a pointer where possible: plain stores beside the calls of other threads. */
static int put_by_pointer(struct rmmap_file *file, uint64_t offset, const unsigned char *data,
                          size_t length)
{
        void *bytes;

        if (rmmap_raw_data(file, &bytes) != 0)
                return rmmap_raw_write(file, offset, data, length);
        memcpy((unsigned char *)bytes + offset, data, length);
        return 0;
}

static int put(struct writer *writer, const struct piece *piece, const unsigned char *data)
{
        struct rmmap_file *file = mixed.files[writer->number];
        size_t length = (size_t)(piece->end - piece->start);
        size_t cut = (size_t)(test_random(&writer->random) % length);
        int err;

        switch (test_random(&writer->random) % 8) {
        case 0:
                return put_by_pointer(file, piece->start, data, length);
        case 1:
        case 2:
                err = rmmap_raw_write(file, piece->start + cut, data + cut, length - cut);
                return err != 0 ? err : rmmap_raw_write(file, piece->start, data, cut);
        default:
                return rmmap_raw_write(file, piece->start, data, length);
        }
}

/* Through any handle: all of them see one file. */
static void look_again(struct writer *writer, const struct piece *piece, const unsigned char *data)
{
        size_t other = (size_t)(test_random(&writer->random) % (size_t)mixed.file_count);
        size_t length = (size_t)(piece->end - piece->start), got = 0;

        must(rmmap_raw_read(mixed.files[other], piece->start, writer->found, length, &got));
        must(got == length && memcmp(writer->found, data, length) == 0 ? 0 : -EILSEQ);
}

static void *write_all_turns(void *arg)
{
        struct writer *writer = arg;

        for (unsigned int turn = 1; turn <= TURNS; turn++) {
                for (size_t i = (size_t)writer->number; i < mixed.piece_count;
                     i += (size_t)mixed.file_count) {
                        const struct piece *piece = &mixed.pieces[i];
                        unsigned char *data = fill(writer->data, piece->start,
                                                   (size_t)(piece->end - piece->start), turn);

                        must(put(writer, piece, data));
                        look_again(writer, piece, data);
                }
        }
        return NULL;
}

static void *sync_meanwhile(void *arg)
{
        uint64_t random = *(const uint64_t *)arg;

        while (!atomic_load(&mixed.over)) {
                struct rmmap_file *file =
                        mixed.files[test_random(&random) % (size_t)mixed.file_count];
                uint64_t offset = test_random(&random) % mixed.size;
                uint64_t length = test_random(&random) % (mixed.size - offset);

                switch (test_random(&random) % 4) {
                case 0:
                        must(rmmap_sync_all(file));
                        break;
                case 1:
                        must(flushed(rmmap_raw_flush(file, offset, length)));
                        break;
                default:
                        must(rmmap_raw_sync(file, offset, length % LONGEST));
                }
                test_pause();
        }
        return NULL;
}

/* ---- one run */

/* Equally many pieces of each order of magnitude, one behind the other. */
static void plan(uint64_t *random, size_t count)
{
        uint64_t at = 0;

        mixed.pieces = calloc(count, sizeof(*mixed.pieces));
        mixed.piece_count = count;
        for (size_t i = 0; i < count; i++) {
                uint64_t most = UINT64_C(1) << (unsigned int)(test_random(random) % 23);

                mixed.pieces[i].start = at;
                at += 1 + test_random(random) % (most < LONGEST ? most : LONGEST);
                mixed.pieces[i].end = at;
        }
        mixed.size = at;
}

/* The mapping alone is unavailable where no space is reserved. */
static void open_as(const struct setup *setup, const char *path)
{
        struct rmmap_options options =
                test_options(setup->flags & ~RMMAP_NO_PREALLOCATE, setup->engine);
        struct rmmap_file *file;
        int err;

        options.pattern = setup->pattern;
        err = rmmap_open(path, &options, &file);
        if (err == -EOPNOTSUPP && setup->engine == RMMAP_ENGINE_MAP)
                return;
        ck_ok(err);
        mixed.files[mixed.file_count++] = file;
}

/* The first handle makes the file and so decides for all whether space is reserved. */
static void open_all(int maker, const char *path)
{
        struct rmmap_options options = test_options(setups[maker].flags, setups[maker].engine);

        options.pattern = setups[maker].pattern;
        mixed.file_count = 1;
        ck_ok(rmmap_create(path, mixed.size, &options, &mixed.files[0]));
        for (int i = 0; i < setup_count; i++)
                if (i != maker)
                        open_as(&setups[i], path);
        ck_assert_int_ge(mixed.file_count, setup_count - (ON_FLOOR ? 3 : 2));
}

static void run_threads(uint64_t seed)
{
        pthread_t threads[MOST_HANDLES], syncer;
        struct writer writers[MOST_HANDLES];

        atomic_store(&mixed.over, false);
        ck_assert_int_eq(pthread_create(&syncer, NULL, sync_meanwhile, &seed), 0);
        for (int i = 0; i < mixed.file_count; i++) {
                writers[i] = (struct writer){i, seed + 1 + (uint64_t)i, malloc(LONGEST + 16),
                                             malloc(LONGEST)};
                ck_assert_int_eq(pthread_create(&threads[i], NULL, write_all_turns, &writers[i]),
                                 0);
        }
        for (int i = 0; i < mixed.file_count; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        atomic_store(&mixed.over, true);
        ck_assert_int_eq(pthread_join(syncer, NULL), 0);
        for (int i = 0; i < mixed.file_count; i++) {
                free(writers[i].data);
                free(writers[i].found);
        }
        test_noted_nothing();
}

/* By a plain system call, independent of the handles. */
static void verify(const char *path)
{
        unsigned char *found = malloc(LONGEST);
        void *buffer = malloc(LONGEST + 16);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        for (size_t i = 0; i < mixed.piece_count; i++) {
                const struct piece *piece = &mixed.pieces[i];
                size_t length = (size_t)(piece->end - piece->start);
                const unsigned char *want = fill(buffer, piece->start, length, TURNS);

                ck_assert_int_eq(pread(fd, found, length, (off_t)piece->start), (ssize_t)length);
                ck_assert_msg(memcmp(found, want, length) == 0,
                              "piece [%llu, %llu) of handle %zu isn't what was written",
                              (unsigned long long)piece->start, (unsigned long long)piece->end,
                              i % (size_t)mixed.file_count);
        }
        close(fd);
        free(buffer);
        free(found);
}

START_TEST(all_setups_in_one_file)
{
        static const int makers[] = {0, 5, 10}; /* auto, sparse, dense */
        /* helgrind and DRD take a hundred times as long. */
        size_t count = test_fork_confuses_tool() ? 30 : test_under_valgrind() ? 60 : 240;
        size_t descriptors = test_count_descriptors();
        const char *path = test_path("mixed");
        uint64_t seed = test_seed() + (uint64_t)_i;

        plan(&seed, count);
        open_all(makers[_i], path);
        run_threads(seed);
        verify(path);
        while (mixed.file_count > 0)
                rmmap_release(mixed.files[--mixed.file_count]);
        free(mixed.pieces);
        unlink(path);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("mixed");
        TCase *core = tcase_create("core");

        if (setup_count > MOST_HANDLES)
                return 99;
        tcase_set_timeout(core, 300);
        tcase_add_loop_test(core, all_setups_in_one_file, 0, 3);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
