/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The handle. Only layer 3 sees the inside. */
#ifndef RMMAP_PRIVATE_H
#define RMMAP_PRIVATE_H

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

struct rmmap_file {
        /* What every call reads; set before the handle is given out, never changed. */
        unsigned char *base; /* NULL: not mapped */
        uint64_t size;       /* bytes */
        uint64_t owner;      /* of every range of this handle */
        uint64_t generation; /* of the process that made the handle */
        struct bump *bump;   /* the concurrent allocator's state, to be called directly; or NULL */
        int fd;
        bool by_map;  /* copying calls use the mapping; by system calls otherwise */
        bool guarded; /* RMMAP_CATCH_FAULTS: more is looked at than the faults of mapped copies */
        bool read_only;
        bool bypass_caches; /* large copies into the mapping go past the caches */
        bool write_behind;  /* RMMAP_WRITE_BEHIND */
        bool fresh;         /* created by this handle: nothing in it is worth reading ahead */
        struct page_state
                page_state; /* how warm the mapping is, where the way of each write is chosen */
        struct page_state clean_entries; /* what syncs left in the page table, likewise */
        struct page_state
                read_state; /* what large reads have read, where the way of each is chosen */

        /* Cold. */
        struct allocator allocator;
        struct mapping mapping;
        struct file_system file_system;
        struct engine engine;
        uint32_t facts; /* those of RMMAP_FACT_... that don't change */
        uint32_t pattern;
        int directory; /* holds the entry of a created file; -1: none */
        bool locked;

        /* Written on slow paths. */
        alignas(CACHE_LINE) struct group_commit group_commit;
        atomic_bool entry_unsynced;    /* the directory can't be synced */
        atomic_bool entry_pending;     /* the first sync must make size and entry durable too */
        atomic_bool huge_pages;        /* asked for, and granted */
        atomic_bool writes_then_syncs; /* no call does both in one here */
        _Atomic uint64_t pwrite_bytes, flush_calls, faults_caught, faults_avoided;
        struct wb_error wb_error;
        struct populate_threshold populate; /* of choosing the way of each write */
        struct claims claims;
        /* Only a batch touches these. */
        uint64_t dirtied_before;    /* when everything was synced last */
        struct unwritten unwritten; /* which reserved space was written, where syncs ask for it */

        struct io_stats io_stats;

        alignas(CACHE_LINE) struct refcount references;
};

/* ---- file.c */

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

/* What a sync left in the page table of a region goes; a large read there is the first again. */
void file_drop_clean_entries(struct rmmap_file *file, size_t region);

/* For all of the mapping; it may not be granted, and describe tells. */
void file_want_huge_pages(struct rmmap_file *file);

/* Takes one that was made in part, too. */
void file_free(struct rmmap_file *file);

/* ---- io-path.c: what every copying call ends in; bounds were checked */

int io_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length);
int io_read(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length);

/* How many of length bytes the kernel may be asked to put at offset through the mapping; 0: use
 * io_write. What it put is noted. */
uint64_t io_mapped_room(const struct rmmap_file *file, uint64_t offset, uint64_t length);
void io_note_written(struct rmmap_file *file, uint64_t length);

/* All of [offset, offset + length) was written in pieces: RMMAP_WRITE_BEHIND, if it is wanted. */
int io_finish(struct rmmap_file *file, uint64_t offset, uint64_t length);

/* ---- fault.c */

/* After a fault at offset: why. -ESTALE, -EPERM, -EROFS, -ENOSPC, -EDQUOT or -EIO. */
int fault_reason(struct rmmap_file *file, uint64_t offset);

/* -ESTALE when somebody made the file shorter. */
int fault_check_size(const struct rmmap_file *file);

/* ---- durability.c: every sync goes through one of these two, where errors stay */

/* 0 when the data is durable; the sticky error otherwise. */
int durability_sync(struct rmmap_file *file, const struct sync_set *work);

/* Write and sync in one; -EOPNOTSUPP when it can't be done in one now, and nothing is written. */
int durability_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length);

/* Start the write-back of what was just written, but in a forked child. An error of that stays. */
int durability_write_behind(struct rmmap_file *file, uint64_t offset, uint64_t length);

static inline int durability_error(const struct rmmap_file *file)
{
        return wb_error_get(&file->wb_error);
}

/* ---- convert.c: inside a batch of syncs */

/* Reserved space around what work is about to sync that should be written whole, now: it is dirty
 * when this returns, and the same sync must take it along. */
void convert_begin(struct rmmap_file *file, const struct sync_set *work, struct sync_set *pieces);

/* They were synced, with success or not. */
void convert_end(struct rmmap_file *file, const struct sync_set *pieces);

/* ---- shared by the thin checkers */

static inline bool file_forked(const struct rmmap_file *file)
{
        return fork_generation_is_past(file->generation);
}

/* Written by copying calls so far, as far as it is counted. */
static inline uint64_t file_written(const struct rmmap_file *file)
{
        return atomic_load_explicit(&file->pwrite_bytes, memory_order_relaxed) +
               io_stats_bytes(&file->io_stats);
}

/* Made dirty so far, likewise: a region that was prepared is, whole. */
static inline uint64_t file_dirtied(const struct rmmap_file *file)
{
        return file_written(file) +
               atomic_load_explicit(&file->populate.prepared, memory_order_relaxed);
}

/* Do pread and pwrite move the bytes that the mapping has? */
static inline bool file_has_calls(const struct rmmap_file *file)
{
        return file->file_system.reservation != RESERVES_BY_MAP;
}

/* Counters tell people how often; nothing is ordered by them. */
static inline void count(_Atomic uint64_t *counter, uint64_t by)
{
        atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

#endif
