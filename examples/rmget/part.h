/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* part.h - the temporary file and its final name */
#ifndef PART_H
#define PART_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* larger than 2 GiB in a 32-bit process too */
#endif

#include <rmmap.h>
#include <stdbool.h>
#include <stdint.h>

#include "say.h"

struct output {
        char *path; /* the final name */
        char *part; /* the temporary name */
        struct rmmap_file *file;
        int fd;        /* of the temporary file; -1: there is none yet */
        bool made;     /* this run created part, and must remove it */
        bool lockless; /* the file system has no locks */
};

struct output_needs {
        uint64_t space; /* bytes on the disk */
        unsigned mode;  /* permissions; the umask applies */
        bool sparse;    /* reserve nothing */
};

enum status output_begin(struct output *output, char *path, bool force);
enum status output_map(struct output *output, uint64_t size, const struct output_needs *needs);
enum status output_plain(struct output *output, unsigned mode);
/* Renames part to path. durable: also syncs the new name; the data must be synced before. */
enum status output_publish(struct output *output, bool force, bool durable);
void output_discard(struct output *output); /* removes an unpublished part, to begin anew */
void output_close(struct output *output);   /* the same at the end; frees everything */
enum status output_failed(const struct output *output, int error);

#endif
