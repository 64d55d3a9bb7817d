/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every call that takes a range or a receipt, to see that all of them answer alike. */
#ifndef TEST_RANGE_CALLS_H
#define TEST_RANGE_CALLS_H

#include "rmmap.h"

/*
 * Makes each call with the range and arguments that would be good for a good one. want: its
 * answer, and for a negative one, out-parameters are seen to stay untouched. what: for messages.
 * of_handles: without the calls that know no handle.
 */
void range_calls_answer(struct rmmap_file *file, struct rmmap_range range, int want,
                        const char *what);
void range_calls_of_handles_answer(struct rmmap_file *file, struct rmmap_range range, int want,
                                   const char *what);
void receipt_calls_answer(struct rmmap_file *file, struct rmmap_receipt receipt, int want,
                          const char *what);
void receipt_calls_of_handles_answer(struct rmmap_file *file, struct rmmap_receipt receipt,
                                     int want, const char *what);

#endif
