/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An allocator whose results the test sets; create receives it as the config. */
#ifndef TEST_PUPPET_ALLOCATOR_H
#define TEST_PUPPET_ALLOCATOR_H

#include "rmmap.h"

struct puppet {
        int create, allocate, give_back, claim, save, restore; /* the results of these ops */
        uint64_t start, end, remaining;
        size_t length; /* the length that save returns */
        struct rmmap_allocator_args args;
        unsigned int created, destroyed;
        uint64_t given_start, given_end; /* arguments of give_back and claim */
};

extern const struct rmmap_allocator_ops puppet_ops;

#endif
