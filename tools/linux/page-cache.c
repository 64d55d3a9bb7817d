/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* page-cache.c - how much of a file is in the page cache: cachestat, since Linux 6.5 */
#include "rmmap.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* the same on all machines but alpha */
#endif

bool page_cache_of(int fd, struct page_cache *cache)
{
#ifdef __alpha__
        (void)fd;
        (void)cache;
        return false;
#else
        struct {
                uint64_t offset, length; /* length 0: to the end */
        } part = {0, 0};
        struct {
                uint64_t cached, dirty, writing, evicted, recently_evicted;
        } counts;

        if (syscall(SYS_cachestat, fd, &part, &counts, 0))
                return false;
        *cache = (struct page_cache){counts.cached, counts.dirty, counts.writing};
        return true;
#endif
}

void page_cache_drop(int fd, uint64_t offset, uint64_t length)
{
        (void)posix_fadvise(fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
}
