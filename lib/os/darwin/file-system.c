/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/param.h>

#include <sys/mount.h>

#include "os/os.h"

/*
 * APFS shares blocks with snapshots, which the system also makes by itself: a write may need new
 * space though every byte has some. HFS+ has neither snapshots nor sparse files.
 */
static const struct kind {
        const char *name;
        enum reservation reservation;
        bool coherent;
} kinds[] = {
        {"apfs", RESERVES_NOTHING, true},
        {"hfs", RESERVES_EXTENTS, true},
};

/* Others may be a server's, or of a program: they get the properties that are safe everywhere. */
static const struct kind unknown_kind = {"unknown", RESERVES_NOTHING, false};

static const struct kind *kind_of(const char *name)
{
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        return &unknown_kind;
}

int file_system_of(int fd, struct file_system *file_system)
{
        const struct kind *kind;
        struct statfs facts = {.f_type = 0};

        while (fstatfs(fd, &facts) != 0) {
                if (is_unavailable(errno))
                        break; /* as an unknown file system */
                if (errno != EINTR)
                        return -errno;
        }
        kind = kind_of(facts.f_fstypename);
        *file_system = (struct file_system){.name = kind->name,
                                            .magic = facts.f_type,
                                            .reservation = kind->reservation,
                                            .coherent = kind->coherent};
        return 0;
}
