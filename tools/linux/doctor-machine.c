/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-machine.c - kernel, file system, limits */
#include "rmmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { SMALL_FILE = 4 << 20 };

void examine_kernel(struct doctor *doctor)
{
        uint64_t page = page_size();
        struct utsname name;

        if (uname(&name))
                return;
        report_row(&doctor->report, "kernel", PLAIN, NULL,
                   "%s %s on %s, pages of %" PRIu64 " bytes, %d-bit process", name.sysname,
                   name.release, name.machine, page, (int)(8 * sizeof(void *)));
        fact_text(&doctor->report, "kernel", name.release);
        fact_number(&doctor->report, "page_size", page);
        fact_number(&doctor->report, "processors", processors());
}

static void tell_read_ahead(struct doctor *doctor, dev_t device)
{
        char path[64];
        unsigned long kib;
        FILE *file;

        snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb", major(device),
                 minor(device));
        file = fopen(path, "re");
        if (!file)
                return;
        if (fscanf(file, "%lu", &kib) == 1) {
                report_row(&doctor->report, "read-ahead", PLAIN, NULL,
                           "%lu KiB at once, for reads and mapped accesses in order", kib);
                fact_number(&doctor->report, "read_ahead", (uint64_t)kib << 10);
        }
        fclose(file);
}

void examine_file_system(struct doctor *doctor)
{
        char space[SIZE_TEXT], all[SIZE_TEXT];
        struct statvfs room;
        struct stat facts;
        uint64_t free_space;

        if (stat(doctor->directory, &facts) || statvfs(doctor->directory, &room))
                return;
        free_space = (uint64_t)room.f_frsize * (geteuid() ? room.f_bavail : room.f_bfree);
        report_row(&doctor->report, "room", PLAIN, NULL, "%s free of %s, on device %u:%u",
                   size_text(space, free_space),
                   size_text(all, (uint64_t)room.f_frsize * room.f_blocks), major(facts.st_dev),
                   minor(facts.st_dev));
        fact_number(&doctor->report, "bytes_free", free_space);
        tell_read_ahead(doctor, facts.st_dev);
}

void examine_limits(struct doctor *doctor)
{
        struct rlimit file, space;
        char text[SIZE_TEXT];

        if (getrlimit(RLIMIT_FSIZE, &file) || getrlimit(RLIMIT_AS, &space))
                return;
        if (file.rlim_cur == RLIM_INFINITY)
                report_row(&doctor->report, "largest_file", GOOD, NULL,
                           "no limit except the library's own, %s",
                           sizeof(void *) == 8 ? "128 TiB" : "what fits the address space");
        else
                report_row(&doctor->report, "largest_file", NOTE,
                           "It is RLIMIT_FSIZE, ulimit -f. For a larger file rmmap_create and "
                           "rmmap_open return EFBIG, so that no write raises a signal.",
                           "%s", size_text(text, file.rlim_cur));
        if (space.rlim_cur != RLIM_INFINITY)
                report_row(&doctor->report, "address_space", NOTE,
                           "It is RLIMIT_AS, ulimit -v. A file is mapped whole, so a larger one "
                           "fails with ENOMEM.",
                           "%s", size_text(text, space.rlim_cur));
        if (file.rlim_cur != RLIM_INFINITY)
                fact_number(&doctor->report, "limit_file_size", file.rlim_cur);
        if (space.rlim_cur != RLIM_INFINITY)
                fact_number(&doctor->report, "limit_address_space", space.rlim_cur);
}

bool lives_in_memory(const struct rmmap_info *info)
{
        return info->file_system_magic == TMPFS_MAGIC || info->file_system_magic == RAMFS_MAGIC;
}

/* The reason that fallocate itself gives. */
const char *why_not_reserved(const struct doctor *doctor)
{
        char *path = doctor_path(doctor, "raw");
        int fd = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
        const char *why = "fallocate works, but a write may still need new space";

        if (fd < 0)
                why = "no file could be made to find out why";
        else if (fallocate(fd, 0, 0, SMALL_FILE))
                why = errno == EOPNOTSUPP || errno == ENOSYS ? "the file system has no fallocate"
                                                             : strerror(errno);
        if (fd >= 0) {
                close(fd);
                doctor_remove(doctor, "raw");
        }
        free(path);
        return why;
}
