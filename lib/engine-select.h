/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How the copying calls of a handle move data; decided once, when the file is opened. Layer 2. */
#ifndef RMMAP_ENGINE_SELECT_H
#define RMMAP_ENGINE_SELECT_H

#include <stdbool.h>
#include <stdint.h>

struct engine_facts {
        uint32_t asked;   /* RMMAP_ENGINE_... */
        bool reserved;    /* every byte has its disk space: a store can't hit a full disk */
        bool guarded;     /* RMMAP_CATCH_FAULTS: a store may hit a full disk */
        bool coherent;    /* the mapping and file I/O see the same bytes */
        bool has_file_io; /* pread and pwrite work */
        bool reads_agree; /* pread returns what the mapping has, into any memory */
        bool writable;    /* the handle may write */
};

struct engine {
        uint32_t chosen;      /* RMMAP_ENGINE_MAP, _PWRITE, or _AUTO: chosen for each write */
        bool never_calls;     /* the caller asked for the mapping: no pwrite in place of a copy */
        bool never_maps;      /* the caller asked for system calls: never copy into the mapping */
        bool mapped;          /* the file is mapped, at least for data and view calls */
        bool reads_both_ways; /* each read chooses between pread and the mapping */
        const char *reason;   /* text for rmmap_describe */
};

/* 0, or -EOPNOTSUPP when the engine asked for doesn't work here or could kill the program. */
int engine_select(const struct engine_facts *facts, struct engine *engine);

#endif
