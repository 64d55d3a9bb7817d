/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writing, reading and syncing of ranges. */
#include <unistd.h>

#include "frozen.h"

#define LENGTH 8192
static struct rmmap_file *file;
static unsigned char data[LENGTH], seen[LENGTH];

static struct rmmap_range fresh(unsigned char byte)
{
        struct rmmap_range range;

        memset(data, byte, sizeof(data));
        EXPECT(rmmap_allocate_exact(file, LENGTH, &range) == 0);
        return range;
}

static int holds_data(struct rmmap_range range)
{
        size_t length = 0;

        memset(seen, 0, sizeof(seen));
        return rmmap_read_range(file, range, seen, sizeof(seen), &length) == 0 &&
               length == LENGTH && memcmp(seen, data, LENGTH) == 0;
}

static void use_writes(void)
{
        struct rmmap_range range = fresh(1);
        struct padded_receipt padded;
        struct iovec pieces[2] = {{data, 100}, {data + 100, LENGTH - 100}};

        CLEAR(&padded);
        EXPECT(rmmap_write_range(file, range, data, LENGTH, &padded.receipt) == 0);
        EXPECT(holds_data(range) && rmmap_sync_range(file, padded.receipt) == 0);
        range = fresh(2);
        EXPECT(rmmap_write_range_durable(file, range, data, LENGTH, &padded.receipt) == 0);
        EXPECT(holds_data(range));
        range = fresh(3);
        EXPECT(rmmap_writev_range(file, range, pieces, 2, &padded.receipt) == 0);
        EXPECT(holds_data(range) && KEPT(&padded));
}

static void use_descriptor(void)
{
        struct rmmap_range range = fresh(4);
        struct padded_receipt padded;
        uint64_t done = 0;
        int ends[2];

        CLEAR(&padded);
        EXPECT(pipe(ends) == 0 && write(ends[1], data, LENGTH / 2) == LENGTH / 2);
        close(ends[1]);
        EXPECT(rmmap_write_range_from_fd(file, range, ends[0], &done, NULL) == -ENODATA);
        EXPECT(done == LENGTH / 2);
        close(ends[0]);
        EXPECT(pipe(ends) == 0 && write(ends[1], data, LENGTH / 2) == LENGTH / 2);
        EXPECT(rmmap_write_range_from_fd(file, range, ends[0], &done, &padded.receipt) == 0);
        EXPECT(done == LENGTH && holds_data(range) && KEPT(&padded));
        close(ends[0]);
        close(ends[1]);
}

static void use_pieces(void)
{
        struct rmmap_range range = fresh(5);
        struct rmmap_receipt receipts[2];

        EXPECT(rmmap_write_within(file, range, 0, data, 1000) == 0);
        EXPECT(rmmap_write_within(file, range, 1000, data, LENGTH - 1000) == 0);
        EXPECT(rmmap_write_within(file, range, LENGTH - 1, data, 2) == -ERANGE);
        EXPECT(rmmap_mark_written(file, range, &receipts[0]) == 0 && holds_data(range));
        EXPECT(rmmap_read_within(file, range, LENGTH - 1, seen, 1) == 0 && seen[0] == 5);
        EXPECT(rmmap_sync_within(file, range, 1, 2) == 0);
        range = fresh(6);
        EXPECT(rmmap_write_range(file, range, data, LENGTH, &receipts[1]) == 0);
        EXPECT(rmmap_flush(file) == 0 && rmmap_flush_range(file, receipts[1]) == 0);
        EXPECT(rmmap_sync_ranges(file, receipts, 2) == 0 && rmmap_sync_all(file) == 0);
        EXPECT(describe(file)->sync_calls >= 4 && describe(file)->sync_rounds >= 1);
        EXPECT(describe(file)->flush_calls == 2);
}

static void use_pointers(void)
{
        const uint32_t facts = describe(file)->facts;
        struct rmmap_range range = fresh(7);
        const void *view = NULL;
        void *bytes = NULL;

        if ((facts & RMMAP_FACT_MAPPED) == 0) {
                EXPECT(rmmap_range_data(file, range, &bytes) == -EOPNOTSUPP);
                return;
        }
        EXPECT(facts & RMMAP_FACT_COHERENT);
        EXPECT(rmmap_range_data(file, range, &bytes) == 0 && bytes);
        EXPECT(rmmap_range_view(file, range, &view) == 0 && view == bytes);
        if (bytes)
                memcpy(bytes, data, LENGTH);
        EXPECT(holds_data(range));
}

void use_bytes(void)
{
        EXPECT(rmmap_create(path_of("bytes"), FILE_SIZE, NULL, &file) == 0);
        EXPECT((describe(file)->facts & (RMMAP_FACT_HUGE_PAGES | RMMAP_FACT_ERRORS_SHARED)) == 0);
        use_writes();
        use_descriptor();
        use_pieces();
        use_pointers();
        EXPECT((describe(file)->facts & RMMAP_FACT_ENTRY_UNSYNCED) == 0);
        EXPECT(describe(file)->pwrite_bytes <= FILE_SIZE);
        rmmap_release(file);
}
