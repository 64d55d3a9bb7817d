/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap.h - declarations that the parts of the program rmmap share
 *
 *      main.c            chooses the command
 *      copy.c            rmmap copy, from its arguments to the final name
 *      copy-team.c       the threads of a copy
 *      copy-piece.c      what one thread does with one range
 *      copy-stream.c     a source whose size is not the number of its bytes
 *      output.c          the temporary name of a copy
 *      info.c            rmmap info
 *      doctor.c          rmmap doctor: the order of its examinations, its scratch directory
 *      doctor-space.c    examines: reserving space, engines
 *      doctor-memory.c   huge pages, populating
 *      doctor-sync.c     flushing, syncing, locks
 *      report.c          results as text, or as JSON
 *      text.c            text that grows, and strings of JSON
 *
 * linux/ and windows/ have what differs between systems:
 *      attributes.c      permissions, owner and times of a copy
 *      space.c           holes and extents
 *      locks.c           which process holds a lock on a file
 *      page-cache.c      how much of a file is in the page cache
 *      doctor-machine.c  examines: kernel, file system, limits
 *      doctor-memory.c   faults, fork
 *      doctor-also.c     another mount of the same directory
 *
 * Messages, the progress bar, signals, files and names are shared with rmget, and so is part.c: a
 * file in the making, from its creation to its final name.
 */
#ifndef RMMAP_PROGRAM_H
#define RMMAP_PROGRAM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <rmmap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "part.h"
#include "progress.h"
#include "say.h"
#include "signals.h"
#include "system.h"

/* ---- commands: argv[0] is the command's name ---- */

enum status copy_main(int argc, char **argv);
enum status info_main(int argc, char **argv);
enum status doctor_main(int argc, char **argv);

/* After an option that getopt_long doesn't know. */
enum status usage_failed(const char *command);

/* ---- output.c ---- */

/* Creates the file, under a temporary name. */
enum status output_make(struct output *output, const struct output_needs *needs);

/* ---- copy ---- */

struct copy {
        const char *source;
        int fd;
        struct file_facts before; /* the source, when it was opened */
        uint64_t bytes;           /* copied */
        unsigned threads;
        bool sync, force, preserve, quiet, shown;
        bool sized;   /* the source has as many bytes as its size says, and there are some */
        bool sparse;  /* holes stay holes */
        bool forgets; /* the source wasn't in the page cache, and is to leave it again */
        struct output output;
};

/* An error of a thread, which the main thread reports. */
struct mishap {
        enum status status;
        int error; /* a negative errno, or 0 */
};

/* Each returns DONE, INTERRUPTED, or a failure that it has reported. */
enum status copy_with_team(struct copy *copy); /* all ranges of the file, with threads */
enum status copy_as_stream(struct copy *copy); /* everything that reading the source gives */

/* Does the source have exactly as many bytes as its size says? */
bool size_is_true(const struct copy *copy);

struct copy_piece {
        const struct copy *copy;
        struct rmmap_range range;
        unsigned char *buffer; /* of COPY_BUFFER bytes */
        uint64_t done;         /* bytes of the range so far */
};

enum { COPY_BUFFER = 1 << 20, COPY_RANGE = 4 << 20 };

/* Gives the copy its permissions; with --preserve what else the system has, and the times. */
enum status give_attributes(struct copy *copy);

/* Copies some more of the range: 1, or 0 when the range is complete; negative: see *mishap. */
int copy_piece_step(struct copy_piece *piece, struct mishap *mishap);

/* ---- text.c ---- */

struct text {
        char *bytes; /* NULL: empty, or no memory */
        size_t length, room;
        bool failed; /* no memory */
};

PRINTF_LIKE(2, 3) void text_add(struct text *text, const char *format, ...);
/* A string of JSON, with quotes; bytes that aren't UTF-8 become U+FFFD. */
void text_add_json(struct text *text, const char *string);

/* ---- report.c ---- */

enum verdict { PLAIN, GOOD, NOTE, BAD, UNKNOWN };

struct report {
        bool json;
        int width;               /* columns to use; 0: lines aren't wrapped */
        struct text facts, rows; /* JSON, until the end */
        unsigned fact_count, row_count;
        bool about_file; /* see facts_of_file */
};

/* width: of lines that don't go to a terminal; 0: they aren't wrapped */
bool report_begin(struct report *report, bool json, const char *command, const char *path,
                  int width);
bool report_end(struct report *report);

enum { REPORT_COLUMNS = 100 };

/* An empty line and a heading for the rows below; not in JSON. */
void report_heading(const struct report *report, const char *text);

/* One result, and what it means to a user; meaning may be NULL. */
PRINTF_LIKE(5, 6)
void report_row(struct report *report, const char *name, enum verdict verdict, const char *meaning,
                const char *format, ...);

/* For programs: only shown by --json. */
void fact_number(struct report *report, const char *name, uint64_t value);
void fact_flag(struct report *report, const char *name, bool value);
void fact_text(struct report *report, const char *name, const char *value);
/* From here on facts are about a file, in an object of its own, because some names are the same. */
void facts_of_file(struct report *report);

/* ---- info.c ---- */

/* The first for people, the second for programs. */
const char *engine_name(uint32_t engine);
const char *engine_word(uint32_t engine);

/* Reports in rows how the library would open the file. */
enum status info_of_file(struct report *report, const char *path);

/* ---- side-file.c, state-file.c ---- */

/* Reports nothing if it isn't the side file of a checkpoint. */
void tell_side_file(struct report *report, int fd);
/* Reports nothing if it isn't the state file of a shared allocator. */
void tell_state_file(struct report *report, int fd, uint64_t size);

/* ---- format.c ---- */

uint64_t number_at(const unsigned char *bytes); /* 64 bits, little-endian */
uint64_t checksum_of(const unsigned char *bytes, size_t length);
/* Behind the first bytes is their checksum. */
bool is_whole(const unsigned char *bytes, size_t summed);
/* false: there are fewer, or an error */
bool read_bytes(int fd, void *bytes, size_t length, uint64_t at);

/* ---- locks.c, page-cache.c ---- */

struct locks {
        unsigned shared, exclusive;
        bool known;
};
struct locks locks_on(const struct file_facts *facts);

struct page_cache {
        uint64_t cached, dirty, writing; /* pages */
};
/* false where the kernel can't report it */
bool page_cache_of(int fd, struct page_cache *cache);
/* Clean pages leave the page cache. length 0: to the end */
void page_cache_drop(int fd, uint64_t offset, uint64_t length);

/* ---- space.c ---- */

int has_hole(int file, uint64_t size); /* 1 or 0; -1: not known */
/* The end of the next bytes that aren't a hole, within [*at, end). *at moves over a hole. */
uint64_t next_data(int file, uint64_t *at, uint64_t end);
int extents_of(int file); /* -1: not known */

/* ---- doctor ---- */

struct doctor {
        struct report report;
        const char *directory;
        const char *also; /* another mount of it, or NULL */
        char *scratch;    /* a directory within it; NULL: not created */
        bool in_memory;   /* the file system is in memory: nothing can be durable */
};

/* A file of the scratch directory; the caller frees its path. Both calls may report an error. */
char *doctor_path(const struct doctor *doctor, const char *name);
int doctor_create(const struct doctor *doctor, const char *name, uint64_t size,
                  const struct rmmap_options *options, struct rmmap_file **file);
void doctor_remove(const struct doctor *doctor, const char *name);
bool doctor_describe(const struct rmmap_file *file, struct rmmap_info *info);

/* ---- what the doctor asks the system for: linux/, windows/ ---- */

extern const char no_huge_pages[], no_populate[]; /* why not */
size_t page_size(void);
long faults_so_far(void); /* page faults of this process; always 0 where they aren't counted */
bool lives_in_memory(const struct rmmap_info *info);
/* Why a file that rmmap_create made has no space of its own. */
const char *why_not_reserved(const struct doctor *doctor);
/* Is it an errno of the library or the system for a file that can't be mapped? */
bool not_mapped(int error);

void examine_kernel(struct doctor *doctor);
void examine_file_system(struct doctor *doctor);
void examine_limits(struct doctor *doctor);
void examine_preallocation(struct doctor *doctor);
void examine_engines(struct doctor *doctor);
void examine_huge_pages(struct doctor *doctor);
void examine_populate(struct doctor *doctor);
void examine_faults(struct doctor *doctor);
void examine_fork(struct doctor *doctor);
void examine_flush(struct doctor *doctor);
void examine_sync(struct doctor *doctor);
void examine_durable_write(struct doctor *doctor);
void examine_entry(struct doctor *doctor);
void examine_locks(struct doctor *doctor);
enum status examine_also(struct doctor *doctor);

#endif
