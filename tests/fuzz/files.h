/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For targets with files: a data file and one beside it, in memory where there is such a place. */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/input.h"

static char data_path[4096], side_path[4096];

static void remove_files(void)
{
        unlink(data_path);
        unlink(side_path);
}

/* Names that no other process has. What has them at the end is removed. */
static void name_files(void)
{
        const char *directory = getenv("FUZZ_DIRECTORY");

        if (directory == NULL)
                directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(data_path, sizeof(data_path), "%s/fuzz-data-%ld", directory, (long)getpid());
        snprintf(side_path, sizeof(side_path), "%s/fuzz-side-%ld", directory, (long)getpid());
        atexit(remove_files);
}

static void write_side(const unsigned char *bytes, size_t length)
{
        int fd = open(side_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        fuzz_check(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
        close(fd);
}

#endif
