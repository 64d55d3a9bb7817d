/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * output.c - the temporary name of a copy
 *
 * The lock that the library holds on the file shows another rmmap that this one is running. The
 * lock is a convenience, not a protection: where files can't be locked, the second rmmap uses
 * another name, and the one that ends first gets the final name.
 */
#include "rmmap.h"

#include <errno.h>
#include <stdlib.h>

enum { NAMES = 100 };

/* The first name tells what the file belongs to. The others are short, for names without room. */
static char *part_name(const char *path, unsigned turn)
{
        char *name;
        int length;

        if (turn == 0)
                length = asprintf(&name, "%s.rmmap-part", path);
        else
                length = asprintf(&name, "%.*s.rmmap-part-%08x", (int)(last_name(path) - path),
                                  path, (unsigned)random_number() ^ turn);
        return length < 0 ? NULL : name;
}

static bool is_locked(const char *path)
{
        struct file_facts facts;
        bool locked;
        int fd;

        if (path_facts(path, false, &facts) || facts.kind != FILE_REGULAR)
                return false;
        fd = file_open(path, FILE_NO_FOLLOW);
        if (fd < 0)
                return false;
        locked = file_lock(fd) == -EBUSY;
        file_close(fd);
        return locked;
}

enum status output_make(struct output *output, const struct output_needs *needs)
{
        int error = -EEXIST;

        for (unsigned turn = 0; error == -EEXIST && turn < NAMES; turn++) {
                free(output->part);
                output->part = part_name(output->path, turn);
                if (!output->part)
                        return fail(FAILED, "no memory");
                error = output_create(output, needs);
                if (turn > 0)
                        continue;
                if (error == -EEXIST && is_locked(output->part))
                        return fail(IN_USE, "%s: another rmmap is writing it", output->path);
                if (error == -EEXIST)
                        note("%s: already there, and left alone", output->part);
                if (error == -ENAMETOOLONG)
                        error = -EEXIST; /* the next name is short */
        }
        return output_created(output, needs, error);
}
