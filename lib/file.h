/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The handle. Only layer 3 sees its members; each sub-struct belongs to one subject. */
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
#include "dirty-budget.h"
#include "engine-select.h"
#include "group-commit.h"
#include "io-stats.h"
#include "mapped-ring.h"
#include "options.h"
#include "os/os.h"
#include "page-state.h"
#include "populate-threshold.h"
#include "probes.h"
#include "range.h"
#include "rmmap.h"
#include "unwritten-extents.h"
#include "wb-error.h"

/*
 * Options and decisions: set before the handle is returned to the caller, then constant until
 * rmmap_publish, during which no other thread may use the handle.
 */
struct file_config {
        uint64_t owner;      /* identity of the handle, sealed into each of its ranges */
        uint64_t generation; /* fork generation of the process that made the handle */
        struct engine engine;
        uint32_t pattern;
        bool read_only;
        bool catch_faults;  /* RMMAP_CATCH_FAULTS: detect more than faults of mapped copies */
        bool write_behind;  /* RMMAP_WRITE_BEHIND */
        bool bypass_caches; /* large copies into the mapping use non-temporal stores */
        bool populated;     /* RMMAP_POPULATE: the page table entries are the caller's wish */
        bool reserved;      /* every byte has its disk space */
        bool lock_file;     /* RMMAP_LOCK_FILE: the lock stays exclusive */
        bool preallocates;  /* what the file grows by gets its space at once, where it can be had */
        bool created;       /* by rmmap_create, RMMAP_KEEP included */
        bool blank;         /* the file was: nothing in it is worth reading ahead */
        bool made;          /* the call that made the handle also made the file */
};

/* How large the file is, and may become: grow.c. */
struct file_growth {
        _Atomic uint64_t size; /* bytes; falls only while no other thread uses the handle */
        uint64_t max_size;     /* bytes; constant. If the file doesn't grow, its first size */
        uint64_t step;         /* bytes; constant. 0: allocations don't let the file grow */
        struct mutex lock;     /* held by the thread that lets the file grow */
        bool used;             /* the lock was */
};

/* What the operating system gave; constant like file_config. */
struct file_os {
        struct mapping mapping; /* base NULL: not mapped */
        struct file_system file_system;
        int fd;
        struct entry entry; /* of a created file; without a name: none yet */
        bool locked;
        bool errors_shared; /* the open file description is shared with the caller */
};

/* State of copying calls, used by io-path.c and io-read.c. All of it is hints or counters. */
struct file_io {
        struct page_state page_state; /* decides the path of each write */
        struct page_state
                read_state; /* what reads have read or found in memory; decides their path */
        alignas(CACHE_LINE) struct populate_threshold populate;
        struct mapped_ring mapped;
        _Atomic uint64_t first_look; /* bytes that small reads read of what was written */
        atomic_bool huge_pages;      /* requested and granted */
        _Atomic uint64_t pwrite_bytes, faults_caught, faults_avoided;
        struct io_stats stats;
};

/* State of syncs, used by sync-exec.c. */
struct file_sync {
        alignas(CACHE_LINE) struct group_commit group_commit;
        struct wb_error error;
        atomic_bool entry_unsynced; /* the directory can't be synced */
        atomic_bool entry_pending;  /* the first sync must make size and directory entry durable */
        atomic_bool writes_then_syncs; /* no system call here writes and syncs in one */
        _Atomic uint64_t flush_calls;
        /* Only the thread that runs a batch touches these. */
        uint64_t dirtied_before;    /* value at the last sync of everything */
        struct unwritten unwritten; /* which reserved space was written */
};

/* What became of a created file; used by create.c and publish.c. */
struct file_publish {
        atomic_bool busy; /* a call of rmmap_publish or rmmap_trim runs */
        bool temporary;   /* RMMAP_UNNAMED: a name that it has is removed by the last release */
        bool sealed;      /* from the first cut on: no mapping, no writes, no allocation */
        bool published;
};

struct rmmap_file {
        struct file_config config;
        struct file_os os;
        struct file_growth growth;
        struct bump *bump; /* the concurrent allocator's state, for direct calls; or NULL */
        struct allocator allocator;
        struct claims claims;
        _Atomic uint64_t *punched; /* see punch.h; NULL: space that is given back stays */
        struct file_io io;
        struct file_sync sync;
        struct dirty_budget dirty;
        struct file_publish publish;
        struct checkpoint *checkpoint; /* see checkpoint.h; NULL: none */
        alignas(CACHE_LINE) struct refcount references;
};

/* ---- the life of a handle: file.c */

/*
 * Makes everything but the file itself: memory, identity, allocator, address space. content: the
 * first bytes hold content that stays, so allocation starts where the options say.
 */
int file_new(const struct rmmap_options *options, uint64_t size, uint64_t content,
             struct rmmap_file **file);

/*
 * Takes fd over, and reads the properties of its file system. locked: fd holds the file lock.
 * alone: no other handle has one. What config.created says already, the handle will cut.
 */
int file_attach(struct rmmap_file *file, int fd, bool locked, bool alone);

/* The engine for a file with or without reserved space; -EOPNOTSUPP if none can be used. */
int file_choose_engine(const struct rmmap_file *file, const struct rmmap_options *options,
                       bool reserved, struct engine *engine);

/* The last step: choose the engine and map. reserved: every byte has its disk space. */
int file_map(struct rmmap_file *file, const struct rmmap_options *options, bool reserved);

/* Asks for huge pages in the whole mapping. The kernel may refuse; rmmap_describe reports it. */
void file_want_huge_pages(struct rmmap_file *file);

/* The handle only reads from now on, by system calls, and its mapping is gone: publish.c. */
void file_seal(struct rmmap_file *file);

/* Removes the temporary name of a file that was never published: publish.c. */
void file_remove_temporary(const struct rmmap_file *file);

/* Also frees a file that is only partly made. */
void file_free(struct rmmap_file *file);

/*
 * Opens the file of a caller's descriptor again, with the options as rmmap_open_fd gets them:
 * open.c.
 */
int file_open_again(int fd, const struct rmmap_options *given, struct rmmap_file **file);

/* ---- growth: grow.c */

/*
 * Makes the file at least end bytes long on the disk; space is reserved from start on, also in what
 * another handle added, where the handle preallocates. *before, *size: what the file had, and has
 * now. On failure it has the size that it had. -ESTALE: it ends before start. -EBUSY: another
 * handle takes too long. A handle that only reads changes nothing.
 */
int file_extend(const struct rmmap_file *file, uint64_t start, uint64_t end, uint64_t *before,
                uint64_t *size);

/* Gives the file, if its size is from bytes, the size of to bytes that it had. */
void file_cut_back(const struct rmmap_file *file, uint64_t from, uint64_t to);

/*
 * Takes the lock of growth. 0 also without it, where there is none; *locked: to be dropped by
 * growth_lock_drop. -EBUSY: another handle takes too long.
 */
int file_lock_growth(const struct rmmap_file *file, bool *locked);

/*
 * An allocation found less than length bytes in a row left when the file had before bytes: makes it
 * longer, unless another thread did meanwhile. Returns an error of the system, or -EBUSY.
 */
int file_grow_for(struct rmmap_file *file, uint64_t before, uint64_t length);

/*
 * Where several processes share the allocator, they also let the file grow: takes over what it has
 * now, if the handle ends before `end`. 0 also where that is nothing new.
 */
int file_follow(struct rmmap_file *file, uint64_t end);

/* ---- queries */

/* Acquire: the bytes before it exist, on the disk and in the mapping. */
static inline uint64_t file_size(const struct rmmap_file *file)
{
        return atomic_load_explicit(&file->growth.size, memory_order_acquire);
}

static inline bool file_forked(const struct rmmap_file *file)
{
        return fork_generation_is_past(file->config.generation);
}

/* Bytes that copying calls wrote so far; the count may be slightly low. */
static inline uint64_t file_written(const struct rmmap_file *file)
{
        return atomic_load_explicit(&file->io.pwrite_bytes, memory_order_relaxed) +
               io_stats_bytes(&file->io.stats);
}

/* Bytes made dirty so far, as file_written; populating makes a whole region dirty. */
static inline uint64_t file_dirtied(const struct rmmap_file *file)
{
        return file_written(file) +
               atomic_load_explicit(&file->io.populate.populated, memory_order_relaxed);
}

/* Do pread and pwrite see the same bytes as the mapping? */
static inline bool file_has_calls(const struct rmmap_file *file)
{
        return file->os.file_system.reservation != RESERVES_BY_MAP;
}

/* Does the file live in memory, without a disk to write it back to? */
static inline bool file_in_memory(const struct rmmap_file *file)
{
        return file->os.file_system.reservation == RESERVES_PAGES ||
               file->os.file_system.reservation == RESERVES_BY_MAP;
}

/* Counters are for statistics only and order nothing. */
static inline void count(_Atomic uint64_t *counter, uint64_t by)
{
        atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

#endif
