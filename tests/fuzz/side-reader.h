/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A plain reader of the side files of checkpoints, written after rmmap-checkpoint(5). */
#ifndef FUZZ_SIDE_READER_H
#define FUZZ_SIDE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIDE_BLOCK UINT64_C(4096)
#define SIDE_HEAD_BYTES 344
#define SIDE_HEAD_SEQUENCE 8
#define SIDE_HEAD_EPOCH 16
#define SIDE_HEAD_SIZE 64
#define SIDE_HEADS_BYTES ((size_t)8192)
#define SIDE_SLOT_BYTES 512
#define SIDE_SLOT_BLOCKS 3840
#define SIDE_SLOT_EPOCH 0
#define SIDE_SLOT_NUMBER 8
#define SIDE_SLOT_SEQUENCE 16
#define SIDE_SLOT_WORDS 24

#define SIDE_MOST_SLOTS 2
#define SIDE_MOST_BLOCKS (SIDE_MOST_SLOTS * SIDE_SLOT_BLOCKS)

struct side_image {
        size_t length;
        unsigned char bytes[5 * 4096];
};

struct side_verdict {
        int err;                             /* of opening the data file */
        uint64_t size;                       /* of the data file that it is about */
        unsigned int newer[SIDE_MOST_SLOTS]; /* the copy of each slot that counts, if one does */
        bool recorded[SIDE_MOST_BLOCKS];
};

uint64_t side_reader_slots(uint64_t size);

/* Where a copy of a slot begins in the side file of a data file of that size. */
size_t side_reader_slot_at(uint64_t size, uint64_t slot, unsigned int copy);

/*
 * content: the data file's size; the program wants the size that `right` has. right: a header with
 * the data file's numbers and the program's identity.
 */
void side_reader_read(const struct side_image *image, uint64_t content, const unsigned char *right,
                      struct side_verdict *verdict);

#endif
