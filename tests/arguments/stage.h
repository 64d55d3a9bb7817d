/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For the tests of arguments: handles, good and bad ranges, results that must stay untouched. */
#ifndef TEST_ARGUMENTS_STAGE_H
#define TEST_ARGUMENTS_STAGE_H

#include "../support.h"

/* The header lets gcc see what is wrong with these calls; being wrong is what they are for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnonnull"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#endif

/* Four whole pages and a short one. */
#define FILE_SIZE ((uint64_t)4 * RMMAP_ALIGNMENT + 100)
#define LENGTH ((size_t)2 * RMMAP_ALIGNMENT) /* of the range */
#define CATCHING_SIZE ((uint64_t)RMMAP_ALIGNMENT)

struct stage {
        struct rmmap_file *file, *other, *reader;

        /* Of file: its first two pages; all that follows is not handed out. */
        struct rmmap_range range, forged, foreign, zeros, empty, read_only_range;
        struct rmmap_receipt receipt, forged_receipt, foreign_receipt, zero_receipt;

        /* Good bytes to write, other ones than the file has; one more than the range. */
        unsigned char data[LENGTH + 1];

        /* Encoded; a byte too many, for lengths that are wrong by one. */
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE + 1];
        unsigned char receipt_bytes[RMMAP_RECEIPT_ENCODED_SIZE + 1];
        unsigned char state[256];
        size_t state_length;
};
extern struct stage stage;

/* Where calls put their results. */
struct results {
        struct rmmap_file *file;
        struct rmmap_range range, low, high;
        struct rmmap_receipt receipt;
        struct rmmap_info info;
        uint64_t done;
        size_t length;
        void *data;
        const void *view;
        int value;
        unsigned char buffer[LENGTH + 64];
};
extern struct results out;

/* The call must give this error and do nothing: no result, no byte of a file, no descriptor. */
#define refused(call, error)                                                                       \
        do {                                                                                       \
                forget_results();                                                                  \
                ck_is(call, -(error));                                                             \
                nothing_happened(#call, __LINE__);                                                 \
        } while (0)
void forget_results(void);
void nothing_happened(const char *call, int line);

/* A range's words in a receipt, and the other way round. */
struct rmmap_range as_range(struct rmmap_receipt receipt);
struct rmmap_receipt as_receipt(struct rmmap_range range);

/* The call's value in a forked child. */
int in_child(int (*call)(void));

/* From now on fsync answers EIO. */
void break_fsync(void);

/* A test case whose tests find the stage set, and leave nothing behind. */
TCase *stage_case(const char *name);

TCase *handle_case(void);
TCase *range_case(void);
TCase *allocation_case(void);
TCase *encoding_case(void);
TCase *writing_case(void);
TCase *pieces_case(void);
TCase *reading_case(void);
TCase *durability_case(void);
TCase *raw_case(void);
TCase *order_case(void);

#endif
