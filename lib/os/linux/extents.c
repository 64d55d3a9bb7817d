/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/checked.h"
#include "os/linux/calls.h"
#include "os/linux/extents.h"
#include "os/os.h"

#define EXTENTS_PER_CALL 64

/* struct fiemap ends in an array without a length; this reserves memory for its elements. */
union extent_query {
        struct fiemap head;
        unsigned char room[sizeof(struct fiemap) + EXTENTS_PER_CALL * sizeof(struct fiemap_extent)];
};

/* The next write to these may need new space: shared with a reflink copy, packed, compressed. */
#define NOT_ITS_OWN                                                                                \
        (FIEMAP_EXTENT_SHARED | FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_NOT_ALIGNED |                \
         FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL)

/*
 * Queries the extents of [start, end). Returns their number, or -1. Delayed allocations count,
 * because space is reserved for them.
 */
static int ask(int fd, union extent_query *query, uint64_t start, uint64_t end)
{
        memset(query, 0, sizeof(*query));
        query->head.fm_start = start;
        query->head.fm_length = end - start;
        query->head.fm_extent_count = EXTENTS_PER_CALL;
        while (linux_calls.ioctl(fd, IOCTL_REQUEST(FS_IOC_FIEMAP), &query->head) != 0)
                if (errno != EINTR)
                        return -1;
        return (int)query->head.fm_mapped_extents;
}

bool extents_cover(int fd, uint64_t size)
{
        union extent_query query;
        uint64_t covered = 0;

        while (covered < size) {
                int count = ask(fd, &query, covered, size);

                if (count <= 0)
                        return false;
                for (int i = 0; i < count; i++) {
                        const struct fiemap_extent *extent = &query.head.fm_extents[i];

                        if (extent->fe_logical > covered || (extent->fe_flags & NOT_ITS_OWN))
                                return false;
                        if (extent->fe_logical + extent->fe_length > covered)
                                covered = extent->fe_logical + extent->fe_length;
                }
                if (query.head.fm_extents[count - 1].fe_flags & FIEMAP_EXTENT_LAST)
                        break;
        }
        return covered >= size;
}

/*
 * overlayfs passes both requests on to the file in its upper layer. FS_EXTENT_FL is set by ext4
 * only; a number of extents is given by xfs only.
 */
bool extents_in_place(int fd)
{
        struct fsxattr attributes = {.fsx_nextents = 0};
        int flags = 0;

        if (linux_calls.ioctl(fd, IOCTL_REQUEST(FS_IOC_GETFLAGS), &flags) == 0 &&
            (flags & FS_EXTENT_FL))
                return true;
        return linux_calls.ioctl(fd, IOCTL_REQUEST(FS_IOC_FSGETXATTR), &attributes) == 0 &&
               attributes.fsx_nextents > 0;
}

int extents_find_unwritten(int fd, uint64_t *start, uint64_t *end)
{
        union extent_query query;
        int count = ask(fd, &query, *start, *end);

        if (count < 0)
                return -EOPNOTSUPP;
        for (int i = 0; i < count; i++) {
                const struct fiemap_extent *extent = &query.head.fm_extents[i];

                if (!(extent->fe_flags & FIEMAP_EXTENT_UNWRITTEN))
                        continue;
                *start = max_u64(*start, extent->fe_logical);
                *end = min_u64(*end, extent->fe_logical + extent->fe_length);
                return 1;
        }
        return 0;
}
