/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The side file of a checkpoint: what is durable in a data file, one bit for each 4 KiB.
 * rmmap-checkpoint(5) has the format. There are two copies of everything, which are never written
 * at the same time: after a crash at any moment one of them is whole. Layer 3.
 */
#ifndef RMMAP_CHECKPOINT_FILE_H
#define RMMAP_CHECKPOINT_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "os/os.h"

/* The bits of a file are stored in slots, each in one sector of a disk. */
#define SLOT_BYTES 512
#define SLOT_WORDS 60
#define SLOT_BLOCKS ((uint64_t)SLOT_WORDS * 64)

/* What the bits are about. */
struct side_subject {
        struct file_identity file;
        uint64_t size; /* of the data file, bytes */
        uint64_t identity_length;
        unsigned char identity[LONGEST_IDENTITY];
};

struct side_file {
        struct entry entry;
        int fd;            /* -1: not open */
        bool locked;       /* no other handle uses it */
        bool made;         /* by the call that opened it */
        uint64_t slots;    /* for the whole data file; each has two copies */
        uint64_t epoch;    /* random; slots with another one are from before the last reset */
        uint64_t session;  /* random; another handle that opens the file changes it */
        uint64_t sequence; /* of the copy that was written last */
        _Atomic uint64_t *second_is_newer; /* a bit for each slot */
        unsigned char *buffer;             /* slots to be written to `at` */
        uint64_t at;
        size_t buffered;
};

uint64_t side_slots(uint64_t size);

/*
 * Opens and locks the side file of the data file that data_fd has open; creates it, with the data
 * file's mode, if create. -ENOENT, -EBUSY, -EINVAL: path leads to the data file itself; -ELOOP.
 */
int side_open(struct side_file *side, const char *path, int data_fd, bool create);

/* Is it as a process leaves it that is killed before it has a header? size: of the data file. */
bool side_is_unmade(const struct side_file *side, uint64_t size);

/*
 * Nothing is recorded any more, about another file maybe. Durable, also the name of the file. The
 * subject has a size.
 */
int side_reset(struct side_file *side, const struct side_subject *subject);

/*
 * Is it about this data file? *size: that of the data file then. -ESTALE: it is about another file,
 * or another identity; -EBADMSG: damaged.
 */
int side_check(struct side_file *side, const struct side_subject *subject, uint64_t *size);

/* After a check: reads the bits into bits, which are clear, and begins a session. -EBADMSG */
int side_load(struct side_file *side, const struct side_subject *subject, _Atomic uint64_t *bits);

/* -EBUSY: files can't be locked here, and another handle uses the side file now. */
int side_check_session(const struct side_file *side);

/*
 * Stores the words of a slot over its older copy, once side_flush is called. After a side_sync that
 * returned 0 the caller makes this copy the newer one, by side_turn.
 */
int side_put(struct side_file *side, uint64_t slot, const uint64_t words[SLOT_WORDS]);
int side_flush(struct side_file *side);
int side_sync(const struct side_file *side);
void side_turn(struct side_file *side, uint64_t slot);

/* Removes the file durably. */
int side_remove(struct side_file *side);

/* leave: in a forked child, the lock is the parent's. */
void side_close(struct side_file *side, bool leave);

#endif
