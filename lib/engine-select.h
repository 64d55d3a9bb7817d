/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How a handle's copying calls move data: decided once, when it is opened. Layer 2. */
#ifndef RMMAP_ENGINE_SELECT_H
#define RMMAP_ENGINE_SELECT_H

#include <stdbool.h>
#include <stdint.h>

struct engine_facts {
        uint32_t asked;   /* RMMAP_ENGINE_... */
        bool reserved;    /* every byte has its space: a store can't meet a full disk */
        bool guarded;     /* RMMAP_CATCH_FAULTS: a full disk may be met by a store */
        bool coherent;    /* mapping and file I/O see the same bytes */
        bool has_file_io; /* pread and pwrite work at all */
        bool reads_agree; /* pread has what the mapping has, into any memory */
        bool writable;    /* the handle may write */
};

struct engine {
        uint32_t chosen;      /* RMMAP_ENGINE_MAP, _PWRITE, or _AUTO: chosen for each write */
        bool never_calls;     /* the caller asked for the mapping: no pwrite where it would do */
        bool never_maps;      /* the caller asked for calls: no copy into the mapping, ever */
        bool mapped;          /* the file is mapped, for data and view calls at least */
        bool reads_both_ways; /* the way of each read is chosen */
        const char *reason;   /* for people */
};

/* 0, or -EOPNOTSUPP when the engine asked for could kill the caller, or can't work here. */
int engine_select(const struct engine_facts *facts, struct engine *engine);

#endif
