/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An allocator that does as it is told: the test holds it, and create takes it by the config. */
#ifndef TEST_PUPPET_ALLOCATOR_H
#define TEST_PUPPET_ALLOCATOR_H

#include "rmmap.h"

struct puppet {
        int create, allocate, give_back, claim, save, restore; /* their answers */
        uint64_t start, end, remaining;
        size_t length; /* what save tells */
        struct rmmap_allocator_args args;
        unsigned int created, destroyed;
        uint64_t given_start, given_end; /* to give_back and claim */
};

extern const struct rmmap_allocator_ops puppet_ops;

#endif
