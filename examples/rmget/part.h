/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* part.h - a file in the making, from its creation under a temporary name to its final name */
#ifndef PART_H
#define PART_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf */
#endif

#include <rmmap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "say.h"

struct output {
        char *path; /* the final name */
        char *part; /* the temporary name; NULL: none yet, or none any more */
        struct rmmap_file *file;
        uint64_t free;     /* bytes, before the file was created */
        bool name_durable; /* set when the file is published */
};

struct output_needs {
        uint64_t size;  /* bytes; 0: unknown, so output_append writes them */
        uint64_t space; /* bytes on the disk */
        uint32_t flags; /* of rmmap_create */
        uint32_t mode;  /* permissions; the umask applies */
};

enum status output_failed(const struct output *output, int error);
/* Takes over path, a string that will be freed. */
enum status output_begin(struct output *output, char *path, bool force);

/*
 * Creates the file under the name part. 0, or a negative errno: -EEXIST when there is such a file.
 * What output_created returns and reports is about this error.
 */
int output_create(struct output *output, const struct output_needs *needs);
enum status output_created(const struct output *output, const struct output_needs *needs,
                           int error);

/* Writes at the end of a file of unknown size; at is what was written so far. */
int output_append(struct output *output, const void *data, size_t length, uint64_t at);

/* Gives the file its final name. flags: of rmmap_publish. */
enum status output_publish(struct output *output, uint64_t size, uint32_t flags);
void output_discard(struct output *output); /* removes an unpublished file, to begin anew */
void output_close(struct output *output);   /* the same at the end; frees everything */

#endif
