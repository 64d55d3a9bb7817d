/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/checked.h"
#include "os/linux/calls.h"
#include "os/linux/extents.h"
#include "os/os.h"

/* Longer calls can't be interrupted, and tmpfs starts over after each interruption. */
#define RESERVE_PIECE (UINT64_C(64) << 20)
#define SHORTEST_PIECE (UINT64_C(64) << 10)

int storage_reserve(int fd, uint64_t size)
{
        uint64_t at = 0, longest = RESERVE_PIECE;

        while (at < size) {
                uint64_t piece = min_u64(longest, size - at);

                if (linux_calls.fallocate(fd, 0, (off_t)at, (off_t)piece) == 0) {
                        at += piece;
                        longest = min_u64(2 * longest, RESERVE_PIECE);
                        continue;
                }
                if (errno != EINTR)
                        return unavailable_or(errno);
                /* Between the ticks of a profiler's timer a shorter piece gets done. */
                longest = max_u64(longest / 2, SHORTEST_PIECE);
        }
        return 0;
}

/*
 * The next data or hole at offset or after it. The description may be shared with the caller's, so
 * its position is put back.
 */
static off_t seek_for(int fd, uint64_t offset, int what)
{
        off_t position = os_calls.lseek(fd, 0, SEEK_CUR);
        off_t found = os_calls.lseek(fd, (off_t)offset, what);

        if (position >= 0)
                (void)os_calls.lseek(fd, position, SEEK_SET);
        return found;
}

/* tmpfs shows reserved pages that were never written as holes: then it counts as not reserved. */
static bool has_no_hole(int fd, uint64_t size)
{
        return seek_for(fd, 0, SEEK_HOLE) == (off_t)size;
}

bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size)
{
        switch (file_system->reservation) {
        case RESERVES_BY_MAP:
                return true;
        case RESERVES_PAGES:
                return has_no_hole(fd, size);
        case RESERVES_EXTENTS:
                return extents_cover(fd, size);
        case RESERVES_NOTHING:
                break;
        }
        return false;
}
