/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frozen.h"

int failures;
static char directory[256];

void expect(int right, const char *what, const char *file, int line)
{
        if (right)
                return;
        failures++;
        printf("FAIL: %s:%d: %s\n", file, line, what);
}

const char *path_of(const char *name)
{
        static char paths[4][512];
        static unsigned int turn;
        char *path = paths[turn++ % 4];

        snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
        return path;
}

int all_are(const void *bytes, size_t count, unsigned char byte)
{
        const unsigned char *at = bytes;

        while (count > 0 && at[count - 1] == byte)
                count--;
        return count == 0;
}

struct padded_options *defaults(uint32_t flags)
{
        static struct padded_options padded;
        static const struct rmmap_options init = RMMAP_OPTIONS_INIT;

        CLEAR(&padded);
        padded.options = init;
        padded.options.flags = flags;
        return &padded;
}

const struct rmmap_info *describe(struct rmmap_file *file)
{
        static struct padded_info padded;
        static const struct rmmap_info init = RMMAP_INFO_INIT;

        CLEAR(&padded);
        padded.info = init;
        padded.info.file_system = padded.info.allocator = padded.info.engine_reason = "";
        EXPECT(rmmap_describe(file, &padded.info) == 0);
        EXPECT(KEPT(&padded) && padded.info.size == sizeof(padded.info));
        return &padded.info;
}

static int remove_it(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
        (void)status;
        (void)kind;
        (void)walk;
        return remove(path);
}

static int run(void)
{
        EXPECT(rmmap_version() >= RMMAP_VERSION);
        EXPECT(RMMAP_VERSION == RMMAP_VERSION_NUMBER(0, 1, RMMAP_VERSION_MICRO));
        use_handles();
        use_ranges();
        use_bytes();
        use_raw();
        use_allocators();
        return failures ? 1 : 0;
}

/* The work is done in a child, which may well crash. */
int main(void)
{
        const char *top = getenv("TMPDIR");
        int status = -1;
        pid_t child;

        snprintf(directory, sizeof(directory), "%s/rmmap-frozen-XXXXXX", top ? top : "/tmp");
        if (!mkdtemp(directory)) {
                perror(directory);
                return 99;
        }
        printf("built against %s, runs with %u.%u.%u\n", RMMAP_VERSION_STRING,
               rmmap_version() >> 16, rmmap_version() >> 8 & 255, rmmap_version() & 255);
        fflush(stdout);
        setvbuf(stdout, NULL, _IOLBF, 0);
        child = fork();
        if (child == 0)
                exit(run());
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
                printf("FAIL: died, wait status %#x\n", status);
        nftw(directory, remove_it, 8, FTW_DEPTH | FTW_PHYS);
        return status == 0 ? 0 : 1;
}
