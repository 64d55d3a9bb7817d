/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * write-chunks.c - the main idea: threads write disjoint chunks of one file
 *
 *      cc write-chunks.c -pthread $(pkg-config --cflags --libs ranged-mmap) -o write-chunks
 *
 * Each thread allocates a chunk, writes it, and allocates the next. The allocator hands out each
 * byte of the file once, so the threads need neither a lock nor a plan.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <rmmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, CHUNK = 1024 * 1024, WORD = sizeof(uint64_t) };

static const uint64_t file_size = UINT64_C(64) * 1024 * 1024 + 4000; /* the last chunk is short */

struct writer {
        pthread_t thread;
        struct rmmap_file *file;
        unsigned chunks;
        int error;
};

static int fail(const char *what, int error)
{
        fprintf(stderr, "write-chunks: %s: %s\n", what, strerror(-error));
        return EXIT_FAILURE;
}

/* The value of every word of the file is its own offset, so the check can compute it. */
static void fill(uint64_t *words, uint64_t offset, size_t length)
{
        for (size_t i = 0; i < length / WORD; i++)
                words[i] = offset + i * WORD;
}

static int write_chunk(struct writer *writer, struct rmmap_range range, uint64_t *words)
{
        size_t length = (size_t)rmmap_range_length(range);
        struct rmmap_receipt receipt;
        int error;

        fill(words, rmmap_range_start(range), length);
        error = rmmap_write_range(writer->file, range, words, length, &receipt);
        if (error)
                return error;
        writer->chunks++;
        /* Start write-back of this chunk, so that the sync at the end finds little left to write.
         * Some file systems can't start it: then the sync writes everything. */
        error = rmmap_flush_range(writer->file, receipt);
        return error == -EOPNOTSUPP ? 0 : error;
}

static void *write_chunks(void *argument)
{
        struct writer *writer = argument;
        uint64_t *words = malloc(CHUNK);
        struct rmmap_range range;
        int error = words ? 0 : -ENOMEM;

        while (!error) {
                error = rmmap_allocate(writer->file, CHUNK, &range);
                if (!error)
                        error = write_chunk(writer, range, words);
        }
        if (error != -ENOSPC) /* -ENOSPC: all chunks are handed out, as expected */
                writer->error = error;
        free(words);
        return NULL;
}

static int run_threads(struct rmmap_file *file)
{
        struct writer writers[THREADS] = {0};
        size_t started = 0;
        int error = 0;

        for (; started < THREADS && !error; started += !error) {
                writers[started].file = file;
                error = -pthread_create(&writers[started].thread, NULL, write_chunks,
                                        &writers[started]);
        }
        for (size_t i = 0; i < started; i++) {
                pthread_join(writers[i].thread, NULL);
                error = error ? error : writers[i].error;
                printf("thread %zu wrote %u chunks\n", i, writers[i].chunks);
        }
        return error;
}

/* 0: every word has its value; otherwise -EBADMSG. */
static int check(struct rmmap_file *file)
{
        const void *view;
        int error = rmmap_raw_view(file, &view); /* reading by offset needs no range */

        for (uint64_t i = 0; !error && i < rmmap_size(file) / WORD; i++)
                if (((const uint64_t *)view)[i] != i * WORD)
                        error = -EBADMSG;
        return error;
}

static int run(const char *path)
{
        struct rmmap_file *file;
        int error = rmmap_create(path, file_size, NULL, &file);

        if (error) /* -ENOSPC where the disk is full: create reserves the space */
                return fail(path, error);
        error = run_threads(file);
        if (!error)
                error = rmmap_sync_all(file);
        if (!error)
                error = check(file);
        rmmap_release(file);
        if (error)
                return fail(path, error);
        printf("%" PRIu64 " bytes are on the disk, and each word is in its place\n", file_size);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        char temporary[] = "/tmp/write-chunks.XXXXXX";
        int fd, status;

        if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
                puts("usage: write-chunks [FILE]   (without FILE: one in /tmp for a while)");
                return argc == 2 && !strcmp(argv[1], "--help") ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        if (argc == 2)
                return run(argv[1]);
        fd = mkstemp(temporary);
        if (fd < 0)
                return fail(temporary, -errno);
        close(fd);
        status = run(temporary);
        unlink(temporary);
        return status;
}
