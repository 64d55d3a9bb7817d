/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* unavailable.c - what Windows shows to no program */
#include "rmmap.h"

struct locks locks_on(const struct file_facts *facts)
{
        (void)facts;
        return (struct locks){.known = false};
}

bool page_cache_of(int fd, struct page_cache *cache)
{
        (void)fd;
        (void)cache;
        return false;
}

void page_cache_drop(int fd, uint64_t offset, uint64_t length)
{
        (void)fd;
        (void)offset;
        (void)length;
}

enum status examine_also(struct doctor *doctor)
{
        (void)doctor;
        return fail(USAGE, "--also isn't available on Windows");
}
