/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The state file of the shared allocator, which all its processes map. The format is in
 * rmmap-shared-state(5): three pages of 4096 bytes:
 *
 *      0     the header, little-endian, with a checksum: for which file it was made. Constant.
 *      4096  the counter: bytes handed out so far, a multiple of the alignment
 *      4160  the session in which the counter was last known to be right: see storage_session; or,
 *            when nobody has the file open, a checksum of the counter
 *      8192  the mark: everything below it may be durable. A number of units, with a checksum in
 *            the upper bits of the same word, so that a power cut can't separate them
 *
 * The words of the last two pages have the byte order of the machine, which the header names.
 *
 * The counter lives in the page cache: it survives every process. When the machine loses power, the
 * disk has some older value; but every sync of ranges first made the mark reach beyond them. So the
 * first process afterwards, which finds another session, lets the counter go on at the mark. Each
 * handle holds a shared lock on the file, by which the first one and the last one know that they
 * are that: so processes with mounts of their own, which have other sessions, skip nothing. Where
 * there is no lock of growth there is none of this, and only the session counts.
 * Layer 3.
 */
#ifndef RMMAP_SHARED_STATE_H
#define RMMAP_SHARED_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "os/os.h"

struct shared_state {
        int fd;
        struct mapping mapping; /* base NULL: not open */
        _Atomic uint64_t *counter, *session, *mark;
        uint64_t id;              /* random; no other state file has it */
        uint64_t max_size;        /* bytes; to which the mark can rise */
        bool grows;               /* the data file may become longer than it was */
        bool made;                /* by this call */
        bool locked;              /* with the shared lock */
        uint64_t generation;      /* of the process that opened it: fork-generation.h */
        _Atomic uint64_t durable; /* bytes; the mark that this process has made durable */
};

struct shared_request {
        const char *path;
        int data;       /* descriptor of the data file */
        uint64_t first; /* where a state that is made now starts */
        uint64_t total, max_total;
        bool must_exist;
        bool alone; /* no other handle has a lock of the data file */
};

/*
 * Opens the state file; if there is none, makes it, or opens that which another process made first.
 * -ESTALE: it was made for another file, or another size; -EBADMSG: damaged, cut, or of another
 * version or byte order; -EOPNOTSUPP: processes don't see each other's stores there.
 */
int shared_state_open(const struct shared_request *request, struct shared_state *state);
void shared_state_close(struct shared_state *state);

/*
 * The data file was cut: everything from first on is handed out anew. Only while no other handle
 * has the data file. If anything changes, the cut is durable before, so that no old content is
 * ever handed out.
 */
int shared_state_restart(struct shared_state *state, int data, uint64_t first);

/*
 * Before closing it: removes the file that shared_state_open made, if path still leads to it, and
 * no other handle has it.
 */
void shared_state_remove(struct shared_state *state, const char *path);

/* Makes a mark of at least end bytes durable, which the counter has reached. */
int shared_state_mark(struct shared_state *state, uint64_t end);

#endif
