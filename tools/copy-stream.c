/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * copy-stream.c - a source whose size is not the number of its bytes
 *
 * Files of /proc have size 0 and those of /sys the size of a page, whatever they contain; FUSE
 * files may do the same. One thread reads them in order until the end of input.
 */
#include "rmmap.h"

#include <stdlib.h>

/* Reads one byte. 1; 0 at the end; or a negative errno. */
static int64_t byte_at(int fd, uint64_t offset)
{
        char byte;

        return file_read(fd, &byte, 1, offset);
}

bool size_is_true(const struct copy *copy)
{
        uint64_t size = copy->before.size;

        /* If the last byte can't be read, the copy itself reports that error. */
        return (size == 0 || byte_at(copy->fd, size - 1) != 0) && byte_at(copy->fd, size) == 0;
}

static enum status write_piece(struct copy *copy, const unsigned char *data, size_t length)
{
        int error = output_append(&copy->output, data, length, copy->bytes);

        if (error)
                return output_failed(&copy->output, error);
        copy->bytes += length;
        progress_add((int64_t)length);
        return DONE;
}

static enum status pass_on(struct copy *copy, unsigned char *buffer)
{
        enum status status = DONE;

        while (!status) {
                int64_t got = file_read_on(copy->fd, buffer, COPY_BUFFER);

                if (got == 0)
                        return DONE;
                if (got > 0)
                        status = write_piece(copy, buffer, (size_t)got);
                else
                        status = fail(SOURCE_ERROR, "%s: %s", copy->source, error_text((int)got));
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
        file_rewind(copy->fd); /* the search for holes has moved it */
        progress_begin(copy->shown, "", 0);
        status = pass_on(copy, buffer);
        progress_clear();
        free(buffer);
        return status;
}
