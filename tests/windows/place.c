/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Nobody can mount for one process, nor fill a disk that others use. */
#include "../place.h"
#include "../child.h"

bool place_private(void)
{
        test_lacks("mounts of a process");
}

const char *place_tmpfs(const char *name, const char *options)
{
        (void)name;
        (void)options;
        test_lacks("mounts of a process");
}

bool place_remount(const char *path, unsigned long flags)
{
        (void)path;
        (void)flags;
        test_lacks("mounts of a process");
}

const char *place_small_disk(void)
{
        test_lacks("mounts of a process");
}

bool place_is(const char *path, uint32_t magic)
{
        (void)path;
        (void)magic;
        return false;
}

bool place_has_only_advice(void)
{
        return false;
}

uint64_t place_free(const char *path)
{
        (void)path;
        test_lacks("mounts of a process");
}

bool place_fill(const char *path)
{
        (void)path;
        test_lacks("mounts of a process");
}
