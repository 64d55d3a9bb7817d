/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The memory of a handle: at most one byte for each 64 KiB of its file, plus 4 KiB, for any file
 * size.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "page-state.h"
#include "unwritten-extents.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define PER_BYTE 65536
#define BESIDES 4096

struct taken {
        long long allocated, mapped;
};

static struct taken taken(void)
{
        return (struct taken){inject_bytes(), inject_mapped()};
}

static void must_be_little(struct taken before, uint64_t size, const char *when)
{
        long long allocated = inject_bytes() - before.allocated;
        long long mapped = inject_mapped() - before.mapped;
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

        ck_assert_msg(allocated > 0 && (uint64_t)allocated <= size / PER_BYTE + BESIDES,
                      "%s: %lld bytes for a file of %" PRIu64, when, allocated, size);
        /* Nothing but the file itself, and one page shared with forked children. */
        ck_assert_msg(mapped >= 0 && (uint64_t)mapped <= (size + page - 1) / page * page + page,
                      "%s: %lld bytes are mapped", when, mapped);
}

/* The start and end of the file, and one region until it is mapped: all kinds of page state. */
static void use(struct rmmap_file *file, uint64_t size)
{
        struct rmmap_range range;

        for (uint64_t i = 0; i < 64; i++) {
                int err = rmmap_allocate(file, 4096, &range);

                ck_ok(rmmap_raw_write(file, size / 64 * i, "far apart", 9));
                ck_ok(rmmap_raw_write(file, 64 * i, "together", 8));
                ck_assert(err == 0 || err == -ENOSPC); /* the smallest has one page */
        }
        ck_ok(rmmap_sync_all(file));
}

static void try_size(uint64_t size, uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *path = test_path("sparse");
        struct taken before = taken();
        struct rmmap_file *file;

        options.flags = flags;
        ck_ok(rmmap_create(path, size, &options, &file));
        must_be_little(before, size, "created");
        use(file, size);
        must_be_little(before, size, "used");
        rmmap_release(file);
        ck_assert_int_eq(inject_bytes(), before.allocated);
        ck_assert_int_eq(inject_mapped(), before.mapped);
}

/* Impossible with 32 bits and under valgrind. */
static bool has_addresses(uint64_t size)
{
        void *base = (size_t)size != size
                             ? MAP_FAILED
                             : mmap(NULL, (size_t)size, PROT_NONE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        return base != MAP_FAILED && munmap(base, (size_t)size) == 0;
}

START_TEST(a_byte_for_each_64_kib)
{
        struct rmmap_file *file;

        /* The handles of a process share some pages, from the first handle to the last. */
        ck_ok(rmmap_create(test_path("first"), 4096, NULL, &file));
        try_size(4096, 0);
        try_size(64 * MIB, 0);
        try_size(64 * MIB, RMMAP_NO_PREALLOCATE);
        try_size(GIB, RMMAP_NO_PREALLOCATE);
        if (has_addresses(1024 * GIB))
                try_size(1024 * GIB, RMMAP_NO_PREALLOCATE);
        else
                skip_part("1 TiB of addresses can't be had in this process");
        rmmap_release(file);
}
END_TEST

/* The per-region state of a file with reserved space, for sizes that no test could reserve. */
START_TEST(notes_of_a_huge_file)
{
        for (uint64_t size = 64 * MIB; size <= 1024 * GIB; size *= 4) {
                long long before = inject_bytes();
                struct page_state regions, reads;
                struct unwritten unwritten;

                ck_ok(page_state_create(&regions, size, size));
                ck_ok(page_state_create(&reads, size, size));
                ck_ok(unwritten_create(&unwritten, size));
                ck_assert_int_gt(inject_bytes(), before);
                ck_assert_int_le(inject_bytes() - before, (long long)(size / PER_BYTE));
                unwritten_destroy(&unwritten);
                page_state_destroy(&reads);
                page_state_destroy(&regions);
                ck_assert_int_eq(inject_bytes(), before);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("memory");
        TCase *core = tcase_create("core");

        tcase_add_test(core, a_byte_for_each_64_kib);
        tcase_add_test(core, notes_of_a_huge_file);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
