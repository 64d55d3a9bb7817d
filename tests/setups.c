/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "setups.h"

const struct setup setups[] = {
        {"auto", 0, RMMAP_ENGINE_AUTO, 0, false},
        {"auto opened", 0, RMMAP_ENGINE_AUTO, 0, true},
        {"map", 0, RMMAP_ENGINE_MAP, 0, false},
        {"pwrite", 0, RMMAP_ENGINE_PWRITE, 0, false},
        {"pwrite opened", 0, RMMAP_ENGINE_PWRITE, 0, true},
        {"sparse", RMMAP_NO_PREALLOCATE, RMMAP_ENGINE_AUTO, 0, false},
        {"sparse map", RMMAP_NO_PREALLOCATE | RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP, 0, false},
        {"guarded", RMMAP_CATCH_FAULTS, RMMAP_ENGINE_AUTO, 0, false},
        {"guarded opened", RMMAP_CATCH_FAULTS, RMMAP_ENGINE_AUTO, 0, true},
        {"guarded pwrite", RMMAP_CATCH_FAULTS, RMMAP_ENGINE_PWRITE, 0, false},
        {"dense", 0, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_DENSE, false},
        {"scattered", 0, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_SCATTERED, false},
        {"sequential", RMMAP_WRITE_BEHIND, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_SEQUENTIAL, false},
        {"random", 0, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_RANDOM, true},
        {"uncached", RMMAP_UNCACHED, RMMAP_ENGINE_AUTO, 0, false},
        {"huge, populated", RMMAP_HUGE_PAGES | RMMAP_POPULATE, RMMAP_ENGINE_AUTO, 0, false},
};
const int setup_count = sizeof(setups) / sizeof(setups[0]);

static const char *last_path;

/* test_byte repeats after 256 bytes, so that much is made and the rest copied. */
static void fill_test_bytes(unsigned char *bytes, uint64_t offset, size_t length)
{
        for (size_t i = 0; i < length && i < 256; i++)
                bytes[i] = test_byte(offset + i);
        for (size_t made = 256; made < length; made *= 2)
                memcpy(bytes + made, bytes, made < length - made ? made : length - made);
}

static const char *older_file(const char *name, size_t size)
{
        const char *path = test_file(name, 0);
        unsigned char *bytes = malloc(size);
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        fill_test_bytes(bytes, 0, size);
        ck_assert_int_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
        close(fd);
        free(bytes);
        return path;
}

/* By the library, since not every file system has one page cache. */
static void write_test_bytes(struct rmmap_file *file, size_t size)
{
        unsigned char *bytes = malloc(size);

        fill_test_bytes(bytes, 0, size);
        ck_ok(rmmap_raw_write(file, 0, bytes, size));
        free(bytes);
}

struct rmmap_file *setup_file(int setup, const char *name, size_t size)
{
        const struct setup *wanted = &setups[setup];
        struct rmmap_options options = test_options(wanted->flags, wanted->engine);
        struct rmmap_file *file = NULL;
        int err;

        options.pattern = wanted->pattern;
        if (wanted->opened) {
                last_path = older_file(name, size);
                options.flags |= RMMAP_REWRITE;
                ck_ok(rmmap_open(last_path, &options, &file));
                return file;
        }
        last_path = test_path(name);
        unlink(last_path);
        err = rmmap_create(last_path, size, &options, &file);
        if (err == -EOPNOTSUPP && wanted->engine == RMMAP_ENGINE_MAP &&
            !(wanted->flags & RMMAP_CATCH_FAULTS))
                return NULL;
        ck_ok(err);
        write_test_bytes(file, size);
        return file;
}

const char *setup_path(void)
{
        return last_path;
}

bool setup_holds(size_t size, uint64_t start, uint64_t end, const void *bytes)
{
        int fd = open(last_path, O_RDONLY | O_CLOEXEC);
        unsigned char *found = malloc(size + 1), *want = malloc(size);
        bool same;

        fill_test_bytes(want, 0, size);
        if (start < end)
                memcpy(want + start, bytes, (size_t)(end - start));
        same = pread(fd, found, size + 1, 0) == (ssize_t)size && memcmp(found, want, size) == 0;
        free(found);
        free(want);
        close(fd);
        return same;
}

/* The high bit differs; a page of other bytes each, so that pages taken for another are seen. */
unsigned char *setup_data(uint64_t offset, size_t length)
{
        unsigned char *bytes = malloc(length + 1);

        ck_assert_ptr_nonnull(bytes);
        fill_test_bytes(bytes, offset, length);
        for (size_t i = 0; i < length; i++)
                bytes[i] ^= (unsigned char)(0x80 | (i >> 12));
        return bytes;
}
