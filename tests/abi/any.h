/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For the tests of the ABI: a struct that can have any size, and each way to hand it over. */
#ifndef TEST_ABI_ANY_H
#define TEST_ABI_ANY_H

#include "../support.h"

#if UINTPTR_MAX > UINT32_MAX
#define WORDS(on_64, on_32) (on_64)
#else
#define WORDS(on_64, on_32) (on_32)
#endif

#define FILE_SIZE ((uint64_t)4 * RMMAP_ALIGNMENT)
#define LONGEST 4096 /* no struct is longer; a size beyond was never set */

/* A struct at the start, and room for what a later version might have after it. */
union any_struct {
        size_t size;
        struct rmmap_options options;
        struct rmmap_allocator_ops ops;
        struct rmmap_allocator_args args;
        struct rmmap_info info;
        unsigned char bytes[2 * LONGEST];
};
extern union any_struct any;

/* A file of FILE_SIZE, open; any is zeros. */
extern struct rmmap_file *file;
extern const char *path;
void set_up(void);
void tear_down(void);

/* As this version would have it. */
typedef void fill_function(void);
fill_function fill_options, fill_ops, fill_args;

/* Hands any over; success is undone. */
typedef int use_function(void);
use_function use_in_create, use_in_open, use_in_open_fd, use_ops;
use_function use_args_sequential, use_args_concurrent;

#endif
