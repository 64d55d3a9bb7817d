/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap.h - what the parts of the program rmmap tell each other
 *
 *      main.c            which command
 *      copy.c            rmmap copy: from the command line to the final name
 *      copy-team.c       its threads
 *      copy-piece.c      what one of them does with one range
 *      copy-stream.c     a source whose size tells nothing
 *      output.c          the temporary file and its way to the final name
 *      info.c            rmmap info
 *      locks.c           who holds a lock on a file
 *      page-cache.c      how much of a file is in memory
 *      doctor.c          rmmap doctor: its order, its scratch directory
 *      doctor-space.c    what it examines: reserving space, engines, limits
 *      doctor-memory.c   huge pages, populating, faults, fork
 *      doctor-sync.c     flushing, syncing, locks
 *      doctor-also.c     another mount of the same directory
 *      report.c          rows in words, or JSON
 *      json.c            strings of JSON
 *
 * Messages, the bar and signals are rmget's.
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
#include <sys/stat.h>

#include "progress.h"
#include "say.h"
#include "signals.h"

/* ---- commands: argv[0] is the command's name ---- */

enum status copy_main(int argc, char **argv);
enum status info_main(int argc, char **argv);
enum status doctor_main(int argc, char **argv);

/* After an option that getopt_long didn't know. */
enum status usage_failed(const char *command);

/* ---- output.c ---- */

struct output {
        char *path;              /* the final name */
        char *part;              /* the name until all is well; NULL: it has none of that kind */
        int fd;                  /* of the file that this run made; -1: none yet */
        struct rmmap_file *file; /* the same one, where it is mapped */
        bool name_durable;       /* once it is published */
};

struct output_needs {
        uint64_t space; /* bytes on the disk */
        bool sparse;    /* reserve nothing */
};

enum status output_begin(struct output *output, char *path, bool force);
enum status output_make(struct output *output, unsigned mode);
/* After it was made: one of these. */
enum status output_map(struct output *output, uint64_t size, const struct output_needs *needs);
void output_lock(const struct output *output);
/* durable: the new name as well; the data is synced before */
enum status output_publish(struct output *output, bool force, bool durable);
void output_close(struct output *output); /* removes what wasn't published */
enum status output_failed(const struct output *output, int error);

/* An errno by which a file system, or a sandbox, says that it doesn't have the call. */
bool is_missing(int error);

/* ---- copy ---- */

struct copy {
        const char *source;
        int fd;
        struct stat before; /* of the source, when it was opened */
        uint64_t bytes;     /* copied */
        unsigned threads;
        bool sync, force, preserve, quiet, shown;
        bool sparse; /* holes stay holes */
        struct output output;
};

/* What went wrong in a thread; told by the main one. */
struct mishap {
        enum status status;
        int error; /* a negative errno, or 0 */
};

/* Each: DONE, INTERRUPTED, or it has said what went wrong. */
enum status copy_with_team(struct copy *copy); /* all ranges of the file, by its threads */
enum status copy_as_stream(struct copy *copy); /* all that reading gives */

/* Whether the source has the bytes that its size tells of, and no more. */
bool size_is_true(const struct copy *copy);

struct copy_piece {
        const struct copy *copy;
        struct rmmap_range range;
        unsigned char *buffer; /* of COPY_BUFFER bytes */
        uint64_t done;         /* of the range, as it goes on */
};

enum { COPY_BUFFER = 1 << 20, COPY_RANGE = 4 << 20 };

/* Some more of the range: 1, or 0 when all of it is done; negative: *mishap tells. */
int copy_piece_step(struct copy_piece *piece, struct mishap *mishap);

/* ---- report.c ---- */

enum verdict { PLAIN, GOOD, NOTE, BAD, UNKNOWN };

struct report {
        bool json;
        int width;   /* columns that may be used; 0: lines aren't broken */
        FILE *facts; /* JSON, until the end */
        FILE *rows;  /* likewise */
        char *buffers[2];
        size_t sizes[2];
        unsigned fact_count, row_count;
        bool about_file; /* see facts_of_file */
};

/* width: of lines that go to no terminal; 0: they aren't broken */
bool report_begin(struct report *report, bool json, const char *command, const char *path,
                  int width);
bool report_end(struct report *report);

enum { REPORT_COLUMNS = 100 };

/* An empty line, and what the rows below are about; not in JSON. */
void report_heading(const struct report *report, const char *text);

/* One finding, and what it means to a user; meaning may be NULL. */
__attribute__((format(printf, 5, 6))) void report_row(struct report *report, const char *name,
                                                      enum verdict verdict, const char *meaning,
                                                      const char *format, ...);

/* For programs: shown by --json only. */
void fact_number(struct report *report, const char *name, uint64_t value);
void fact_flag(struct report *report, const char *name, bool value);
void fact_text(struct report *report, const char *name, const char *value);
/* From here on they are of a file, in an object of its own: some have the names of others. */
void facts_of_file(struct report *report);

/* ---- json.c ---- */

/* With quotes; bytes that are no UTF-8 become U+FFFD. */
void json_string(FILE *out, const char *text);

/* ---- info.c ---- */

/* For people; for programs. */
const char *engine_name(uint32_t engine);
const char *engine_word(uint32_t engine);

/* How the library would open it; told in rows. */
enum status info_of_file(struct report *report, const char *path);

/* ---- locks.c, page-cache.c ---- */

struct locks {
        unsigned shared, exclusive;
        bool known;
};
struct locks locks_on(const struct stat *facts);

struct page_cache {
        uint64_t cached, dirty, writing; /* pages */
};
/* false where the kernel can't tell */
bool page_cache_of(int fd, struct page_cache *cache);

/* ---- doctor ---- */

struct doctor {
        struct report report;
        const char *directory;
        const char *also; /* another mount of it, or NULL */
        char *scratch;    /* a directory within it; NULL: none could be made */
        bool in_memory;   /* the file system is: nothing can be durable */
};

/* A file of the scratch directory; the caller gives its path back. Both may say what's wrong. */
char *doctor_path(const struct doctor *doctor, const char *name);
int doctor_create(const struct doctor *doctor, const char *name, uint64_t size,
                  const struct rmmap_options *options, struct rmmap_file **file);
void doctor_remove(const struct doctor *doctor, const char *name);
bool doctor_describe(const struct rmmap_file *file, struct rmmap_info *info);

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
