/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/checked.h"
#include "os/inside.h"
#include "os/posix/calls.h"

/* Mappings aligned to this may get huge pages on all common machines. */
#define HUGE_PAGE ((size_t)2 << 20)

size_t mapping_page_size(void)
{
        return (size_t)sysconf(_SC_PAGESIZE);
}

int mapping_check_size(uint64_t size)
{
        /* mapping_reserve adds less than two huge pages; that sum must not wrap either. */
        if (size >= MAPPING_LIMIT || size > (uint64_t)PTRDIFF_MAX - 2 * HUGE_PAGE)
                return -EFBIG;
        return 0;
}

/* Addresses that nothing else uses. */
#ifdef MAP_ANONYMOUS
static void *reserve_addresses(size_t length)
{
        return os_calls.mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#else
/* POSIX.1-2008 has no anonymous memory; systems without it have this device instead. */
static void *reserve_addresses(size_t length)
{
        int before, fd = open_retrying("/dev/zero", O_RDONLY | O_CLOEXEC, 0);
        void *addresses;

        if (fd < 0) {
                errno = -fd;
                return MAP_FAILED;
        }
        addresses = os_calls.mmap(NULL, length, PROT_NONE, MAP_PRIVATE, fd, 0);
        before = errno;
        os_calls.close(fd);
        errno = before;
        return addresses;
}
#endif

int mapping_reserve(struct mapping *mapping, uint64_t size, size_t page)
{
        size_t length = (size_t)align_up_to(size, page);
        size_t alignment = page > HUGE_PAGE ? page : HUGE_PAGE;
        size_t slack = length >= HUGE_PAGE || page > mapping_page_size() ? alignment : 0;
        unsigned char *start, *base;

        start = reserve_addresses(length + slack);
        if (start == MAP_FAILED)
                return -errno;
        base = start;
        if (slack != 0) {
                base += (alignment - (uintptr_t)start % alignment) % alignment;
                if (base != start)
                        os_calls.munmap(start, (size_t)(base - start));
                if (base != start + slack)
                        os_calls.munmap(base + length, (size_t)(start + slack - base));
        }
        mapping->base = base;
        mapping->length = length;
        return 0;
}

/* hugetlbfs makes the file as long as the mapping. */
bool mapping_reaches_beyond(const struct file_system *file_system)
{
        return file_system->reservation != RESERVES_BY_MAP;
}

int mapping_attach(struct mapping *mapping, int fd, bool read_only)
{
        int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;

        if (os_calls.mmap(mapping->base, mapping->length, protection, MAP_SHARED | MAP_FIXED, fd,
                          0) == MAP_FAILED)
                return -errno;
        return 0;
}

void mapping_free(struct mapping *mapping)
{
        if (mapping->base != NULL)
                os_calls.munmap(mapping->base, mapping->length);
        mapping->base = NULL;
        mapping->length = 0;
}
