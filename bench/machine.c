/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "machine.h"

#define TMPFS_MAGIC_NUMBER 0x01021994

static const struct {
        unsigned long magic;
        const char *name;
} file_systems[] = {
        {0xef53, "ext4"},     {0x58465342, "xfs"},           {0x9123683e, "btrfs"},
        {0xf2f52010, "f2fs"}, {0x2fc12fc1, "zfs"},           {0x794c7630, "overlay"},
        {0x6969, "nfs"},      {TMPFS_MAGIC_NUMBER, "tmpfs"},
};

static unsigned long magic_of(const char *path)
{
        struct statfs info;

        return statfs(path, &info) == 0 ? (unsigned long)info.f_type & 0xffffffff : 0;
}

bool machine_is_tmpfs(const char *path)
{
        return magic_of(path) == TMPFS_MAGIC_NUMBER;
}

static void name_file_system(char *name, size_t capacity, const char *path)
{
        unsigned long magic = magic_of(path);

        snprintf(name, capacity, "%#lx", magic);
        for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++)
                if (file_systems[i].magic == magic)
                        snprintf(name, capacity, "%s", file_systems[i].name);
}

/* The device of path, or of its directory while there is no such file. */
static bool find_device(const char *path, dev_t *device)
{
        struct stat status;
        char copy[4096];

        if (stat(path, &status) != 0) {
                snprintf(copy, sizeof(copy), "%s", path);
                if (stat(dirname(copy), &status) != 0)
                        return false;
        }
        *device = status.st_dev;
        return true;
}

static FILE *open_device_file(const char *path, const char *name)
{
        char file[128];
        dev_t device;

        if (!find_device(path, &device))
                return NULL;
        snprintf(file, sizeof(file), "/sys/dev/block/%u:%u/%s", major(device), minor(device), name);
        return fopen(file, "re");
}

uint64_t machine_disk_written(const char *path)
{
        FILE *file = open_device_file(path, "stat");
        unsigned long long sectors = 0;

        if (file == NULL)
                return 0;
        if (fscanf(file, "%*u %*u %*u %*u %*u %*u %llu", &sectors) != 1)
                sectors = 0;
        fclose(file);
        return sectors * 512;
}

static void find_read_ahead(char *text, size_t capacity, const char *directory)
{
        FILE *file = open_device_file(directory, "queue/read_ahead_kb");
        long kib = -1;

        if (file == NULL) /* a partition has no read-ahead of its own: use the disk's */
                file = open_device_file(directory, "../queue/read_ahead_kb");
        if (file != NULL && fscanf(file, "%ld", &kib) != 1)
                kib = -1;
        if (file != NULL)
                fclose(file);
        if (kib < 0)
                snprintf(text, capacity, "unknown");
        else
                snprintf(text, capacity, "%ld KiB", kib);
}

/* The value of the first "name : value" line of a file of /proc. */
static void find_value(const char *path, const char *name, char *value, size_t capacity)
{
        FILE *file = fopen(path, "re");
        char line[256];

        snprintf(value, capacity, "unknown");
        while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
                char *colon = strchr(line, ':');

                if (strncmp(line, name, strlen(name)) != 0 || colon == NULL)
                        continue;
                line[strcspn(line, "\n")] = '\0';
                snprintf(value, capacity, "%s", colon + 1 + strspn(colon + 1, " \t"));
                break;
        }
        if (file != NULL)
                fclose(file);
}

uint64_t machine_kilobytes(const char *path, const char *name)
{
        char value[64];

        find_value(path, name, value, sizeof(value));
        return strtoull(value, NULL, 10) * 1024;
}

void machine_describe(struct machine *machine, const char *directory)
{
        struct utsname kernel;
        time_t clock = time(NULL);
        struct tm date;

        memset(machine, 0, sizeof(*machine));
        if (uname(&kernel) == 0)
                snprintf(machine->kernel, sizeof(machine->kernel), "%.20s %.40s", kernel.sysname,
                         kernel.release);
        find_value("/proc/cpuinfo", "model name", machine->processor, sizeof(machine->processor));
        name_file_system(machine->file_system, sizeof(machine->file_system), directory);
        find_read_ahead(machine->read_ahead, sizeof(machine->read_ahead), directory);
        if (gmtime_r(&clock, &date) != NULL)
                strftime(machine->date, sizeof(machine->date), "%Y-%m-%d %H:%M UTC", &date);
        machine->processors = sysconf(_SC_NPROCESSORS_ONLN);
        machine->memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The two versions of cgroup: where the groups are by custom, and what the limit is called. */
static const struct {
        const char *controllers, *mount, *limit;
} group_versions[] = {
        {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
        {"0::", "/sys/fs/cgroup", "memory.max"},
};

/* The process's group, as a directory; false: none with the controller. */
static bool find_group(char *group, size_t capacity, size_t version)
{
        FILE *file = fopen("/proc/self/cgroup", "re");
        char line[512], *path;
        bool found = false;

        while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
                path = strstr(line, group_versions[version].controllers);
                found = path != NULL;
                if (!found)
                        continue;
                line[strcspn(line, "\n")] = '\0';
                snprintf(group, capacity, "%s%s", group_versions[version].mount,
                         path + strlen(group_versions[version].controllers));
        }
        if (file != NULL)
                fclose(file);
        return found && access(group, W_OK) == 0;
}

static bool write_number(const char *directory, const char *name, uint64_t number)
{
        char path[700];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        file = fopen(path, "we");
        if (file == NULL)
                return false;
        fprintf(file, "%llu\n", (unsigned long long)number);
        return fclose(file) == 0;
}

bool machine_limit_memory(uint64_t bytes)
{
        static char before[512], own[600];
        uint64_t self = (uint64_t)getpid();

        if (bytes == 0) {
                bool left = write_number(before, "cgroup.procs", self);

                return rmdir(own) == 0 && left;
        }
        for (size_t i = 0; i < sizeof(group_versions) / sizeof(group_versions[0]); i++) {
                if (!find_group(before, sizeof(before), i))
                        continue;
                snprintf(own, sizeof(own), "%s/rmmap-bench-%ld", before, (long)getpid());
                if (mkdir(own, 0700) == 0 && write_number(own, group_versions[i].limit, bytes) &&
                    write_number(own, "cgroup.procs", self))
                        return true;
                rmdir(own);
        }
        return false;
}

void machine_touch_memory(uint64_t bytes)
{
        size_t length = (size_t)smaller(bytes, SIZE_MAX / 2);
        unsigned char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (memory == MAP_FAILED)
                return;
        /* In huge pages: the host takes memory back in large pieces, and files use huge pages. */
        (void)madvise(memory, length, MADV_HUGEPAGE);
        for (size_t i = 0; i < length; i += PAGE)
                ((volatile unsigned char *)memory)[i] = 1;
        munmap(memory, length);
}
