/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "os/linux/calls.h"
#include "os/linux/extents.h"
#include "os/linux/file-system.h"
#include "os/os.h"

/* Bytes per call. A longer call delays signals; on tmpfs an interrupted one must start over. */
#define RESERVE_PIECE (UINT64_C(64) << 20)
#define SHORTEST_PIECE (UINT64_C(64) << 10)

/*
 * Is it certain that the disk is too full? What was reserved in a file's holes until it was found
 * full couldn't be given back. On ext4 and tmpfs: XFS frees blocks in the background, and others
 * count them in other ways.
 */
static bool is_too_much(int fd, uint64_t length)
{
        struct statfs facts;
        struct stat status;
        uint64_t taken;

        if (linux_calls.fstatfs(fd, &facts) != 0 || facts.f_blocks == 0 ||
            (facts.f_type != EXT4_MAGIC && facts.f_type != TMPFS_MAGIC) ||
            os_calls.fstat(fd, &status) != 0)
                return false;
        taken = (uint64_t)status.st_blocks * 512;
        return length > taken && (length - taken) / (uint64_t)facts.f_bsize > facts.f_bfree;
}

static int reserve(int fd, uint64_t at, uint64_t end, int mode)
{
        uint64_t longest = RESERVE_PIECE;

        if (at < end && is_too_much(fd, end - at))
                return -ENOSPC;
        while (at < end) {
                uint64_t piece = min_u64(longest, end - at);

                if (linux_calls.fallocate(fd, mode, (off_t)at, (off_t)piece) == 0) {
                        at += piece;
                        longest = min_u64(2 * longest, RESERVE_PIECE);
                        continue;
                }
                if (errno != EINTR)
                        return unavailable_or(errno);
                /* A profiler's timer may interrupt each call; a short piece fits between ticks. */
                longest = max_u64(longest / 2, SHORTEST_PIECE);
        }
        return 0;
}

/* Nobody reserves so far beyond the end, so nothing is there. */
#define FAR_BEYOND (UINT64_C(1) << 40)

int storage_punch(int fd, uint64_t offset, uint64_t length)
{
        int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

        while (linux_calls.fallocate(fd, mode, (off_t)offset, (off_t)length) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

bool storage_can_punch(int fd, uint64_t size)
{
        uint64_t offset = align_up_to(size, RESERVE_PIECE) + FAR_BEYOND;

        return !is_unavailable(-storage_punch(fd, offset, SHORTEST_PIECE));
}

/*
 * The next data or hole at offset or after it. The open file description may be shared with the
 * caller, so its position is restored.
 */
static off_t seek_for(int fd, uint64_t offset, int what)
{
        off_t position = os_calls.lseek(fd, 0, SEEK_CUR);
        off_t found = os_calls.lseek(fd, (off_t)offset, what);

        if (position >= 0)
                (void)os_calls.lseek(fd, position, SEEK_SET);
        return found;
}

/* tmpfs shows reserved pages that were never written as holes; they count as not reserved. */
static bool has_no_hole(int fd, uint64_t size)
{
        return seek_for(fd, 0, SEEK_HOLE) == (off_t)size;
}

int storage_reserve(int fd, const struct file_system *file_system, uint64_t size, bool *reserved)
{
        int err = reserve(fd, 0, size, 0);

        if (err != 0)
                return err;
        *reserved = file_system->reservation == RESERVES_PAGES ||
                    file_system->reservation == RESERVES_EXTENTS ||
                    storage_is_reserved(fd, file_system, size);
        return 0;
}

int storage_reserve_ahead(int fd, uint64_t start, uint64_t end)
{
        return reserve(fd, start, end, FALLOC_FL_KEEP_SIZE);
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
        case RESERVES_AS_UPPER:
                return extents_cover(fd, size) && extents_in_place(fd);
        case RESERVES_NOTHING:
                break;
        }
        return false;
}
