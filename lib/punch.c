/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/checked.h"
#include "os/os.h"
#include "punch.h"

static uint64_t block_of(uint64_t offset)
{
        return align_up_to(offset, RMMAP_ALIGNMENT) / RMMAP_ALIGNMENT;
}

int punch_create(struct rmmap_file *file, const struct rmmap_options *options)
{
        if (!(options->flags & RMMAP_PUNCH_HOLES) ||
            !storage_can_punch(file->os.fd, file->growth.max_size))
                return 0;
        file->punched = bitmap_create(BITMAP_WORDS(block_of(file->growth.max_size)));
        return file->punched == NULL ? -ENOMEM : 0;
}

void punch_destroy(struct rmmap_file *file)
{
        bitmap_destroy(file->punched);
}

/* The whole last block, also where the file ends within it. */
static int punch(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        int before = cancellation_off();
        int err = storage_punch(file->os.fd, start, align_up_to(end, RMMAP_ALIGNMENT) - start);

        cancellation_restore(before);
        return err;
}

static int reserve(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        int before = cancellation_off();
        int err = storage_reserve_ahead(file->os.fd, start, end);

        cancellation_restore(before);
        return err == -EOPNOTSUPP ? 0 : err;
}

/* Copies don't go through the mapping from now on. */
static void leave_regions(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        if (file->io.page_state.state == NULL)
                return;
        for (size_t region = region_of(start); region <= region_of(end - 1); region++)
                region_set(&file->io.page_state, region, REGION_COLD);
}

static int punch_and_free(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        int err;

        if (file->allocator.ops.claim != NULL &&
            allocator_claim(&file->allocator, start, end) == -ERANGE)
                return -EINVAL;
        leave_regions(file, start, end);
        err = punch(file, start, end);
        if (err == 0)
                err = allocator_give_back(&file->allocator, start, end);
        /*
         * The range is still out. If holes are left in it, a write that syncs in the same call
         * would take a full disk for an error of the disk.
         */
        if (err != 0 && reserve(file, start, end) != 0)
                atomic_store_explicit(&file->sync.writes_then_syncs, true, memory_order_relaxed);
        return err;
}

int punch_give_back(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        uint64_t first = start / RMMAP_ALIGNMENT, past = block_of(end);
        int err;

        if (!bitmap_set(file->punched, first, past))
                return -EINVAL;
        err = punch_and_free(file, start, end);
        if (err != 0)
                bitmap_force(file->punched, first, past, false);
        return err;
}

/* Where the file wasn't reserved when it was opened, any block may be a hole. */
int punch_reserve(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        uint64_t first = start / RMMAP_ALIGNMENT, past = block_of(end);
        bool marked = bitmap_any(file->punched, first, past);
        int err = marked || !file->config.reserved ? reserve(file, start, end) : 0;

        if (err != 0) {
                /* Some file systems keep the part that they could reserve. */
                (void)punch(file, start, end);
                bitmap_force(file->punched, first, past, true);
                (void)allocator_give_back(&file->allocator, start, end);
        } else if (marked) {
                bitmap_force(file->punched, first, past, false);
        }
        return err;
}
