/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "footprint.h"
#include "machine.h"

#define WINDOW MIB(64)

uint64_t footprint_begin(void)
{
        FILE *file = fopen("/proc/self/clear_refs", "we");

        /* 5 sets the peak to what is resident, and changes no page. */
        if (file != NULL) {
                fputs("5", file);
                fclose(file);
        }
        return machine_kilobytes("/proc/self/status", "VmRSS");
}

uint64_t footprint_peak(uint64_t before)
{
        uint64_t peak = machine_kilobytes("/proc/self/status", "VmHWM");

        return peak > before ? peak - before : 0;
}

static uint64_t cached_of_window(int fd, uint64_t offset, size_t length)
{
        static unsigned char resident[WINDOW / PAGE];
        void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)offset);
        uint64_t pages = 0;

        if (map == MAP_FAILED)
                return 0;
        if (mincore(map, length, resident) == 0)
                for (size_t i = 0; i < (length + PAGE - 1) / PAGE; i++)
                        pages += resident[i] & 1;
        munmap(map, length);
        return pages * PAGE;
}

uint64_t footprint_cached(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        off_t start = 0, end;
        uint64_t cached = 0;

        /* A hole has no pages that this job wrote or read. */
        while (fd >= 0 && (start = lseek(fd, start, SEEK_DATA)) >= 0) {
                end = lseek(fd, start, SEEK_HOLE);
                for (start -= start % (off_t)PAGE; start < end; start += (off_t)WINDOW)
                        cached +=
                                cached_of_window(fd, (uint64_t)start,
                                                 (size_t)smaller(WINDOW, (uint64_t)(end - start)));
                start = end;
        }
        if (fd >= 0)
                close(fd);
        return cached;
}
