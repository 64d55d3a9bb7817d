/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* space.c - holes and extents */
#include "rmmap.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* In glibc a request is unsigned long; in POSIX and musl it is int, and must keep all its bits. */
#ifdef __GLIBC__
#define ASK_EXTENTS FS_IOC_FIEMAP
#else
#define ASK_EXTENTS ((int)FS_IOC_FIEMAP)
#endif

int has_hole(int file, uint64_t size)
{
        off_t hole = lseek(file, 0, SEEK_HOLE);

        return hole < 0 ? -1 : (uint64_t)hole < size;
}

uint64_t next_data(int file, uint64_t *at, uint64_t end)
{
        off_t data = lseek(file, (off_t)*at, SEEK_DATA), hole;

        /* ENXIO: no data from here on, or the end; the final size check finds that. */
        if (data < 0 && errno == ENXIO)
                *at = end;
        if (data < 0 || (uint64_t)data >= end) {
                if (data >= 0)
                        *at = end;
                return end;
        }
        *at = (uint64_t)data;
        hole = lseek(file, data, SEEK_HOLE);
        return hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
}

int extents_of(int file)
{
        struct fiemap query = {.fm_length = FIEMAP_MAX_OFFSET};

        return ioctl(file, ASK_EXTENTS, &query) ? -1 : (int)query.fm_mapped_extents;
}
