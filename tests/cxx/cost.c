/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What cost.cc does, in C: functions of the same names, for cost-test.sh to compare. */
#include <rmmap.h>

#define FAILS __attribute__((__cold__, __noreturn__))
FAILS void fail(int err, const char *call);
FAILS void fail_size(int err, const char *call, uint64_t size, struct rmmap_file *file);
FAILS void fail_range(int err, const char *call, size_t length, struct rmmap_range range);
FAILS void fail_piece(int err, const char *call, size_t length, uint64_t offset,
                      struct rmmap_range range);

struct rmmap_range allocate_one(struct rmmap_file *const *file, uint64_t size);
void sync_one(struct rmmap_file *const *file, const struct rmmap_receipt *receipt);
uint64_t look_at_one(const struct rmmap_range *range);
void clone_one(struct rmmap_file *const *file);
void whole_way(struct rmmap_file *const *file, const void *data, size_t length);
void way_in_pieces(struct rmmap_file *const *file, const void *data, size_t length);
int with_codes(struct rmmap_file *const *file, const void *data, size_t length);

struct rmmap_range allocate_one(struct rmmap_file *const *file, uint64_t size)
{
        struct rmmap_range range;
        int err = rmmap_allocate(*file, size, &range);

        if (err < 0)
                fail_size(err, "rmmap_allocate", size, *file);
        return range;
}

void sync_one(struct rmmap_file *const *file, const struct rmmap_receipt *receipt)
{
        int err = rmmap_sync_range(*file, *receipt);

        if (err < 0)
                fail(err, "rmmap_sync_range");
}

uint64_t look_at_one(const struct rmmap_range *range)
{
        return rmmap_range_start(*range);
}

void clone_one(struct rmmap_file *const *file)
{
        struct rmmap_file *clone = rmmap_clone(*file);

        if (clone != NULL)
                rmmap_release(clone);
}

void whole_way(struct rmmap_file *const *file, const void *data, size_t length)
{
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        int err;

        err = rmmap_allocate(*file, length, &range);
        if (err < 0)
                fail_size(err, "rmmap_allocate", length, *file);
        err = rmmap_write_range(*file, range, data, length, &receipt);
        if (err < 0)
                fail_range(err, "rmmap_write_range", length, range);
        err = rmmap_sync_range(*file, receipt);
        if (err < 0)
                fail(err, "rmmap_sync_range");
}

void way_in_pieces(struct rmmap_file *const *file, const void *data, size_t length)
{
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        int err;

        err = rmmap_allocate_exact(*file, length, &range);
        if (err < 0)
                fail_size(err, "rmmap_allocate_exact", length, *file);
        err = rmmap_write_within(*file, range, 0, data, length);
        if (err < 0)
                fail_piece(err, "rmmap_write_within", length, 0, range);
        err = rmmap_mark_written(*file, range, &receipt);
        if (err < 0)
                fail(err, "rmmap_mark_written");
        err = rmmap_flush_range(*file, receipt);
        if (err < 0)
                fail(err, "rmmap_flush_range");
}

int with_codes(struct rmmap_file *const *file, const void *data, size_t length)
{
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        int err;

        err = rmmap_allocate(*file, length, &range);
        if (err == 0)
                err = rmmap_write_range(*file, range, data, length, &receipt);
        return err;
}
