/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Address space: reserved first, then filled with the file. Layer 1. */
#ifndef RMMAP_MAPPING_H
#define RMMAP_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
        unsigned char *base; /* NULL: none */
        size_t length;       /* the file's size rounded up to whole pages */
};

/* Can't be mapped from here up: half of what x86-64 and aarch64 processes address. */
#define MAPPING_LIMIT (UINT64_C(1) << 47)

size_t mapping_page_size(void);

/* -EFBIG for a size that no mapping of this process could hold. */
int mapping_check_size(uint64_t size);

/* Reserve address space for size bytes, aligned to huge pages; page: the file's own page size. */
int mapping_reserve(struct mapping *mapping, uint64_t size, size_t page);

/* Put the file there. */
int mapping_attach(const struct mapping *mapping, int fd, bool read_only);

void mapping_free(struct mapping *mapping);

/* What is going to be read, by whichever way: in order, or here and there. */
enum mapping_order { MAPPING_IN_ORDER, MAPPING_AT_RANDOM };
void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order);

/* Did the kernel take the wish? */
bool mapping_want_huge_pages(const struct mapping *mapping);

/* Fault everything in. -ENOSPC (write) or -EIO (read) where a page can't be had; -EOPNOTSUPP when
 * the kernel can't. */
int mapping_populate(const struct mapping *mapping, bool read_only);

/*
 * Map a piece for writing at once, whatever its pages are now: 0, -EOPNOTSUPP when the kernel
 * can't (before Linux 5.14), or another negative errno when it isn't so afterwards. Dirties all of
 * it. Pointers into it stay valid, and what other threads write meanwhile stays.
 */
int mapping_populate_region(const struct mapping *mapping, uint64_t offset, uint64_t length);

/*
 * The same for a piece that was hardly written yet: nothing beyond it is read ahead, which with a
 * large read-ahead takes longer than the piece itself. at_random: the mapping is MAPPING_AT_RANDOM.
 */
int mapping_dirty(const struct mapping *mapping, uint64_t offset, uint64_t length, bool at_random);

/* A piece's page table entries go; its pages and what they hold stay, and so do pointers. */
void mapping_forget(const struct mapping *mapping, uint64_t offset, uint64_t length);

/* msync the pages that [offset, offset + length) touches; waits until they are durable. */
int mapping_sync(const struct mapping *mapping, uint64_t offset, uint64_t length);

#endif
