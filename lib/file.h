/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The handle. Only layer 3 sees its inside, a struct for each subject. */
#ifndef RMMAP_FILE_H
#define RMMAP_FILE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "allocator-bump.h"
#include "allocator.h"
#include "base/compiler.h"
#include "base/refcount.h"
#include "claims.h"
#include "engine-select.h"
#include "group-commit.h"
#include "io-stats.h"
#include "options.h"
#include "os/os.h"
#include "page-state.h"
#include "populate-threshold.h"
#include "probes.h"
#include "range.h"
#include "rmmap.h"
#include "unwritten-extents.h"
#include "wb-error.h"

/* What was asked for and decided: set before the handle is given out, and never changed. */
struct file_config {
        uint64_t size;       /* bytes */
        uint64_t owner;      /* of every range of this handle */
        uint64_t generation; /* of the process that made the handle */
        struct engine engine;
        uint32_t pattern;
        bool read_only;
        bool catch_faults;  /* RMMAP_CATCH_FAULTS: more is looked at than faults of mapped copies */
        bool write_behind;  /* RMMAP_WRITE_BEHIND */
        bool bypass_caches; /* large copies into the mapping go past the caches */
        bool reserved;      /* every byte has its space */
        bool created;       /* by this handle: nothing in the file is worth reading ahead */
};

/* What the operating system gave; set likewise. */
struct file_os {
        struct mapping mapping; /* without a base: not mapped */
        struct file_system file_system;
        int fd;
        int directory; /* holds the entry of a created file; -1: none */
        bool locked;
        bool errors_shared; /* the open file description is somebody else's, too */
};

/* Of copying calls: io-path.c. All of it is hints or counters. */
struct file_io {
        struct page_state page_state;    /* where the path of each write is chosen */
        struct page_state clean_entries; /* what syncs left in the page table, likewise */
        struct page_state read_state;    /* what large reads have read, where theirs is chosen */
        alignas(CACHE_LINE) struct populate_threshold populate;
        atomic_bool huge_pages; /* asked for, and granted */
        _Atomic uint64_t pwrite_bytes, faults_caught, faults_avoided;
        struct io_stats stats;
};

/* Of syncs: sync-exec.c. */
struct file_sync {
        alignas(CACHE_LINE) struct group_commit group_commit;
        struct wb_error error;
        atomic_bool entry_unsynced;    /* the directory can't be synced */
        atomic_bool entry_pending;     /* the first sync must make size and entry durable too */
        atomic_bool writes_then_syncs; /* no call does both in one here */
        _Atomic uint64_t flush_calls;
        /* Only touched in a batch. */
        uint64_t dirtied_before;    /* when everything was synced last */
        struct unwritten unwritten; /* which reserved space was written, where syncs ask for it */
};

struct rmmap_file {
        struct file_config config;
        struct file_os os;
        struct bump *bump; /* the concurrent allocator's state, to be called directly; or NULL */
        struct allocator allocator;
        struct claims claims;
        struct file_io io;
        struct file_sync sync;
        alignas(CACHE_LINE) struct refcount references;
};

/* ---- the life of a handle: file.c */

/* Everything but the file itself: memory, identity, allocator, address space for size bytes.
 * has_content: what the file holds stays, and allocating starts where the options say so. */
int file_new(const struct rmmap_options *options, uint64_t size, bool has_content,
             struct rmmap_file **file);

/* fd, locked or not, is the file's from now on; its file system's facts are read. */
int file_attach(struct rmmap_file *file, int fd, bool locked);

/* What would carry the data if space were reserved, or not; -EOPNOTSUPP where nothing may. */
int file_choose_engine(const struct rmmap_file *file, const struct rmmap_options *options,
                       bool reserved, struct engine *engine);

/* The last step: choose the engine, map. reserved: every byte of the file has its space. */
int file_map(struct rmmap_file *file, const struct rmmap_options *options, bool reserved);

/* For all of the mapping; it may not be granted, and describe tells. */
void file_want_huge_pages(struct rmmap_file *file);

/* Takes one that was made in part, too. */
void file_free(struct rmmap_file *file);

/* ---- small questions */

static inline bool file_forked(const struct rmmap_file *file)
{
        return fork_generation_is_past(file->config.generation);
}

/* Written by copying calls so far, as far as it is counted. */
static inline uint64_t file_written(const struct rmmap_file *file)
{
        return atomic_load_explicit(&file->io.pwrite_bytes, memory_order_relaxed) +
               io_stats_bytes(&file->io.stats);
}

/* Made dirty so far, likewise: a region that was populated is, whole. */
static inline uint64_t file_dirtied(const struct rmmap_file *file)
{
        return file_written(file) +
               atomic_load_explicit(&file->io.populate.populated, memory_order_relaxed);
}

/* Do pread and pwrite move the bytes that the mapping has? */
static inline bool file_has_calls(const struct rmmap_file *file)
{
        return file->os.file_system.reservation != RESERVES_BY_MAP;
}

/* Counters tell people how often; nothing is ordered by them. */
static inline void count(_Atomic uint64_t *counter, uint64_t by)
{
        atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

#endif
