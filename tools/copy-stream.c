/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * copy-stream.c - a source whose size is not the number of its bytes
 *
 * Files of /proc have size 0 and those of /sys the size of a page, whatever they contain; FUSE
 * files may do the same. One thread reads them in order until the end of input.
 */
#include "rmmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads one byte by pread. 1; 0 at the end; or -1. */
static ssize_t byte_at(int fd, off_t offset)
{
        char byte;
        ssize_t got;

        do
                got = pread(fd, &byte, 1, offset);
        while (got < 0 && errno == EINTR);
        return got;
}

bool size_is_true(const struct copy *copy)
{
        off_t size = copy->before.st_size;

        /* If the last byte can't be read, the copy itself reports that error. */
        return (size == 0 || byte_at(copy->fd, size - 1) != 0) && byte_at(copy->fd, size) == 0;
}

static enum status write_all(struct copy *copy, const unsigned char *data, size_t length)
{
        while (length > 0) {
                ssize_t put = write(copy->output.fd, data, length);

                if (put < 0 && errno != EINTR)
                        return output_failed(&copy->output, -errno);
                if (put > 0) {
                        data += put;
                        length -= (size_t)put;
                        copy->bytes += (uint64_t)put;
                        progress_add(put);
                }
        }
        return DONE;
}

static enum status pass_on(struct copy *copy, unsigned char *buffer)
{
        enum status status = DONE;

        while (!status) {
                ssize_t got = read(copy->fd, buffer, COPY_BUFFER);

                if (got == 0)
                        return DONE;
                if (got > 0)
                        status = write_all(copy, buffer, (size_t)got);
                else if (errno != EINTR)
                        status = fail(SOURCE_ERROR, "%s: %s", copy->source, strerror(errno));
                progress_tick(NULL, 0);
                if (!status && signals_caught())
                        status = INTERRUPTED;
        }
        return status;
}

enum status copy_as_stream(struct copy *copy)
{
        unsigned char *buffer = malloc(COPY_BUFFER);
        enum status status;

        if (!buffer)
                return fail(FAILED, "no memory");
        (void)lseek(copy->fd, 0, SEEK_SET); /* the search for holes has moved it */
        progress_begin(copy->shown, "", 0);
        status = pass_on(copy, buffer);
        progress_clear();
        free(buffer);
        return status;
}
