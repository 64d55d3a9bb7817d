/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-space.c - kernel, file system, limits; space, and the engines */
#include "rmmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { SMALL_FILE = 4 << 20 };

void examine_kernel(struct doctor *doctor)
{
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        struct utsname name;

        if (uname(&name))
                return;
        report_row(&doctor->report, "kernel", PLAIN, NULL,
                   "%s %s on %s, pages of %" PRIu64 " bytes, %d-bit process", name.sysname,
                   name.release, name.machine, page, (int)(8 * sizeof(void *)));
        fact_text(&doctor->report, "kernel", name.release);
        fact_number(&doctor->report, "page_size", page);
        fact_number(&doctor->report, "processors", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
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

/* The reason that fallocate itself gives. */
static const char *why_not_reserved(const struct doctor *doctor)
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

static void tell_file_system(struct doctor *doctor, const struct rmmap_info *info)
{
        bool coherent = info->facts & RMMAP_FACT_COHERENT;

        doctor->in_memory =
                info->file_system_magic == TMPFS_MAGIC || info->file_system_magic == RAMFS_MAGIC;
        if (doctor->in_memory)
                report_row(&doctor->report, "file_system", NOTE,
                           "After a power loss or a reboot nothing is there, whatever was synced. "
                           "Mapping and file I/O see the same bytes.",
                           "%s, which lives in memory", info->file_system);
        else if (coherent)
                report_row(&doctor->report, "file_system", GOOD,
                           "Mapping and file I/O see the same bytes, so each can be used where it "
                           "is faster.",
                           "%s", info->file_system);
        else
                report_row(&doctor->report, "file_system", NOTE,
                           "Mapping and file I/O may see different bytes, so they are never mixed: "
                           "calls that copy go by pwrite, and there are no pointers into the file "
                           "(rmmap_range_data).",
                           "%s", info->file_system);
        fact_text(&doctor->report, "file_system", info->file_system);
        fact_number(&doctor->report, "file_system_magic", info->file_system_magic);
        fact_flag(&doctor->report, "coherent", coherent);
        fact_flag(&doctor->report, "lives_in_memory", doctor->in_memory);
}

void examine_preallocation(struct doctor *doctor)
{
        struct rmmap_file *file = NULL;
        struct rmmap_info info;
        double begun = now(), passed;
        int error = doctor_create(doctor, "file", SMALL_FILE, NULL, &file);

        passed = (now() - begun) * 1000;
        if (error || !doctor_describe(file, &info)) {
                report_row(&doctor->report, "preallocation", UNKNOWN, NULL, "rmmap_create: %s",
                           strerror(-error));
        } else {
                bool reserved = info.facts & RMMAP_FACT_RESERVED;

                tell_file_system(doctor, &info);
                if (reserved)
                        report_row(&doctor->report, "preallocation", GOOD,
                                   "If the disk is full, rmmap_create returns ENOSPC; no write "
                                   "fails later.",
                                   "space is reserved; a file of 4 MiB took %.1f ms to make",
                                   passed);
                else
                        report_row(&doctor->report, "preallocation", NOTE,
                                   "If the disk is full, a write returns an error instead of "
                                   "raising a signal: so calls that copy use pwrite here.",
                                   "space isn't reserved: %s", why_not_reserved(doctor));
                fact_flag(&doctor->report, "reserved", reserved);
        }
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

static void examine_engine(struct doctor *doctor, const char *name, const char *fact,
                           uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        struct rmmap_info info;
        int error;

        options.flags = flags;
        error = doctor_create(doctor, "file", SMALL_FILE, &options, &file);
        if (error || !doctor_describe(file, &info)) {
                report_row(&doctor->report, name, UNKNOWN, NULL, "rmmap_create: %s",
                           strerror(-error));
        } else {
                report_row(&doctor->report, name, PLAIN, NULL, "%s (%s)", engine_name(info.engine),
                           info.engine_reason);
                fact_text(&doctor->report, fact, engine_word(info.engine));
        }
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

void examine_engines(struct doctor *doctor)
{
        examine_engine(doctor, "created_file", "engine", 0);
        examine_engine(doctor, "sparse_file", "engine_sparse", RMMAP_NO_PREALLOCATE);
        examine_engine(doctor, "faults_caught", "engine_catching_faults",
                       RMMAP_NO_PREALLOCATE | RMMAP_CATCH_FAULTS);
}
