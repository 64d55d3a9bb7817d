/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program of version 0.1: it knows the rmmap.h beside it, which nobody changes any more, and
 * runs against the library of today. It uses every function and constant of that header, with the
 * structs as they were; what lies behind a struct is none of a later library's business, and so it
 * is filled with what would be noticed.
 */
#ifndef TEST_ABI_FROZEN_H
#define TEST_ABI_FROZEN_H

#include <errno.h>
#include <string.h>

#include "rmmap.h"

#define FILE_SIZE (UINT64_C(64) * 4096)

extern int failures;
void expect(int right, const char *what, const char *file, int line);
#define EXPECT(condition) expect((condition), #condition, __FILE__, __LINE__)

/* A path in a directory of this run; the last four stay valid. */
const char *path_of(const char *name);

/* Each struct with something behind it. */
#define BEHIND 0xa5
struct padded_options {
        struct rmmap_options options;
        unsigned char behind[256];
};
struct padded_ops {
        struct rmmap_allocator_ops ops;
        unsigned char behind[256];
};
struct padded_info {
        struct rmmap_info info;
        unsigned char behind[256];
};
struct padded_range {
        struct rmmap_range range;
        unsigned char behind[64];
};
struct padded_receipt {
        struct rmmap_receipt receipt;
        unsigned char behind[64];
};
/* clear(&padded): zeros, and BEHIND behind; kept(&padded): nobody wrote there. */
#define CLEAR(padded)                                                                              \
        (memset((padded), 0, sizeof(*(padded))),                                                   \
         memset((padded)->behind, BEHIND, sizeof((padded)->behind)))
#define KEPT(padded) all_are((padded)->behind, sizeof((padded)->behind), BEHIND)
int all_are(const void *bytes, size_t count, unsigned char byte);

struct padded_options *defaults(uint32_t flags);
/* What describe says; in a static struct. */
const struct rmmap_info *describe(struct rmmap_file *file);

void use_handles(void);
void use_ranges(void);
void use_bytes(void);
void use_raw(void);
void use_allocators(void);

#endif
