/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Only address space can be had, and only without access. */
#ifndef TEST_WINDOWS_MMAN_H
#define TEST_WINDOWS_MMAN_H

#include <stddef.h>
#include <sys/types.h>

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 4
#define MAP_NORESERVE 8
#define MAP_FAILED ((void *)-1)
#define MS_SYNC 1
#define MADV_DONTNEED 1

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int munmap(void *address, size_t length);

#define mincore(address, length, pages) ((void)(pages), LACKS("states of pages"))
#define madvise(address, length, advice) LACKS("states of pages")

#endif
