/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* attributes.c - permissions, owner and times of a copy */
#include "rmmap.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some file systems have no permissions; the copy then keeps those that it was created with. */
static enum status give_usual_mode(const struct copy *copy)
{
        mode_t wanted = copy->before.mode & 0777, mask = umask(0);
        struct stat now;
        int error;

        umask(mask);
        if (!fchmod(file_of(copy->output.file), wanted & ~mask))
                return DONE;
        error = errno;
        if (!is_missing(error) || fstat(file_of(copy->output.file), &now))
                return output_failed(&copy->output, -error);
        if ((now.st_mode & 0777) != (wanted & ~mask))
                note("%s: its permissions stay %03o: %s", copy->output.path,
                     (unsigned)now.st_mode & 0777, strerror(error));
        return DONE;
}

static enum status not_preserved(const struct copy *copy, const char *what)
{
        return fail(OUTPUT_ERROR, "%s: --preserve: its %s can't be set: %s", copy->output.path,
                    what, strerror(errno));
}

/*
 * As cp: a user who can't change the owner keeps the file, and the program then clears the bits
 * that make it run as its owner.
 */
enum status give_attributes(struct copy *copy)
{
        const struct timespec times[] = {copy->before.accessed, copy->before.modified};
        mode_t mode = copy->before.mode & 07777;
        int fd = file_of(copy->output.file);

        if (!copy->preserve)
                return give_usual_mode(copy);
        if (fchown(fd, copy->before.owner, copy->before.group)) {
                if (!is_missing(errno))
                        return not_preserved(copy, "owner");
                mode &= 0777;
        }
        if (fchmod(fd, mode))
                return not_preserved(copy, "permissions");
        return futimens(fd, times) ? not_preserved(copy, "times") : DONE;
}
