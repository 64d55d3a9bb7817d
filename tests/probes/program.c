/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * program.c FILE - passes every probe by the public calls, with arguments that the tests know;
 * gdb and bpftrace watch it. Says what depends on the file system.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <rmmap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE (UINT64_C(8) << 20)

static unsigned char data[64 << 10];

/* Before libc's own: a disk that fails when told to. */
static bool disk_fails;
int msync(void *address, size_t length, int flags);

int msync(void *address, size_t length, int flags)
{
        if (disk_fails) {
                errno = EIO;
                return -1;
        }
        return (int)syscall(SYS_msync, address, length, flags);
}

int fdatasync(int fd)
{
        if (disk_fails) {
                errno = EIO;
                return -1;
        }
        return (int)syscall(SYS_fdatasync, fd);
}

/* Where gdb stops to look at the arguments. */
void look_here(struct rmmap_file *file, struct rmmap_range range, struct rmmap_receipt receipt,
               struct rmmap_range edited);
__attribute__((noinline)) void look_here(struct rmmap_file *file, struct rmmap_range range,
                                         struct rmmap_receipt receipt, struct rmmap_range edited)
{
        __asm__ volatile("" : : "r"(file), "m"(range), "m"(receipt), "m"(edited) : "memory");
}

static void must(int result)
{
        if (result == 0)
                return;
        fprintf(stderr, "failed: %d\n", result);
        exit(1);
}

static void must_fail(int result)
{
        must(result == 0);
}

static void write_by_calls(const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        struct rmmap_file *file;

        options.engine = RMMAP_ENGINE_PWRITE;
        must(rmmap_create(path, SIZE, &options, &file));
        must(rmmap_describe(file, &info));
        printf("reserved %d\n", (info.facts & RMMAP_FACT_RESERVED) != 0);
        must(rmmap_allocate(file, 12288, &range));
        must(rmmap_write_range(file, range, data, 12288, &receipt));
        must(rmmap_flush_range(file, receipt));
        must(rmmap_sync_range(file, receipt));
        must(rmmap_allocate(file, 4096, &range));
        must(rmmap_write_range_durable(file, range, data, 4096, NULL));
        disk_fails = true;
        must_fail(rmmap_sync_range(file, receipt));
        disk_fails = false;
        rmmap_release(file);
}

static void write_by_mapping(const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range, edited;
        struct rmmap_receipt receipt;
        struct rmmap_file *file;
        uint64_t done = 0;
        int input[2];

        options.engine = RMMAP_ENGINE_MAP;
        options.flags = RMMAP_CATCH_FAULTS | RMMAP_REWRITE;
        must(rmmap_open(path, &options, &file));
        must(rmmap_allocate(file, 20480, &range));
        must(rmmap_write_range(file, range, data, 20480, &receipt));
        edited = range;
        edited.opaque[1] += 4096;
        look_here(file, range, receipt, edited);
        must(rmmap_allocate(file, 4096, &range));
        must(pipe(input));
        must(write(input[1], data, 4096) != 4096);
        must(rmmap_write_range_from_fd(file, range, input[0], &done, NULL));
        must(truncate(path, 0));
        must_fail(rmmap_raw_write(file, 1 << 20, data, 1));
        rmmap_release(file);
}

static void record_and_give_back(const char *path)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;
        char side[4096];

        snprintf(side, sizeof(side), "%s.side", path);
        checkpoint.path = side;
        checkpoint.identity = "probes";
        checkpoint.identity_length = 6;
        options.engine = RMMAP_ENGINE_PWRITE;
        options.checkpoint = &checkpoint;
        must(rmmap_create(path, 16384, &options, &file));
        must(rmmap_allocate(file, 4096, &range));
        must(rmmap_write_range(file, range, data, 4096, &receipt));
        must(rmmap_sync_range(file, receipt));
        must(rmmap_give_back_range(file, range));
        must_fail(rmmap_give_back_range(file, range));
        rmmap_release(file);
        must(remove(side));
}

static void claim_and_trim(const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;
        struct rmmap_file *file;

        options.max_size = 16384;
        options.allocate_from = 8192;
        must(rmmap_open(path, &options, &file));
        must(rmmap_claim_range(file, 0, 4096, &range));
        must_fail(rmmap_claim_range(file, 0, 4096, &range));
        must(rmmap_trim(file));
        rmmap_release(file);
}

int main(int argc, char **argv)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;
        int fd;

        options.flags = RMMAP_REWRITE;
        if (argc != 2)
                return 2;
        memset(data, 7, sizeof(data));
        write_by_calls(argv[1]);
        write_by_mapping(argv[1]);
        must_fail(rmmap_open(argv[1], NULL, &file)); /* empty now */
        fd = open(argv[1], O_RDWR);
        must(fd < 0 || ftruncate(fd, 4096));
        options.max_size = 8192;
        must(rmmap_open_fd(fd, &options, &file));
        must(rmmap_allocate(file, 4096, &(struct rmmap_range){{0}}));
        must_fail(rmmap_allocate(file, 4096, &(struct rmmap_range){{0}}));
        must(rmmap_grow(file, 8192));
        rmmap_release(file);
        must(rmmap_create(argv[1], 4096, NULL, &file));
        must(rmmap_publish(file, argv[1], 100, 0));
        rmmap_release(file);
        record_and_give_back(argv[1]);
        claim_and_trim(argv[1]);
        return 0;
}
