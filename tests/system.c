/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* On Windows windows/system.c is in the place of this. */
#include <dirent.h>
#include <ftw.h>

#include "support.h"

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
        (void)status;
        (void)type;
        (void)where;
        return remove(path);
}

void test_remove_tree(const char *path)
{
        nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

size_t test_count_descriptors(void)
{
        DIR *open_files = opendir("/proc/self/fd");
        size_t count = 0;

        if (open_files == NULL)
                return 0;
        while (readdir(open_files) != NULL)
                count++;
        closedir(open_files);
        return count;
}

size_t test_count_mappings(void)
{
        FILE *maps = fopen("/proc/self/maps", "r");
        size_t lines = 0;

        if (maps == NULL)
                return 0;
        for (int c = getc(maps); c != EOF; c = getc(maps))
                lines += c == '\n';
        fclose(maps);
        return lines;
}
