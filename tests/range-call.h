/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls on one range, for tables of tests: each takes what it needs of the handle's range. */
#ifndef TEST_RANGE_CALL_H
#define TEST_RANGE_CALL_H

#include "rmmap.h"

/* receipt: of the range, or of what else the test wants. */
typedef int range_call(struct rmmap_file *file, struct rmmap_range range,
                       struct rmmap_receipt receipt);

/* Defines a range_call of that name, which returns call. */
#define RANGE_CALL(name, call)                                                                     \
        static int name(struct rmmap_file *file, struct rmmap_range range,                         \
                        struct rmmap_receipt receipt)                                              \
        {                                                                                          \
                (void)range;                                                                       \
                (void)receipt;                                                                     \
                return call;                                                                       \
        }

#endif
