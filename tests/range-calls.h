/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every call that takes a range or a receipt, to check that all of them return the same error. */
#ifndef TEST_RANGE_CALLS_H
#define TEST_RANGE_CALLS_H

#include "rmmap.h"

/*
 * Makes each call with range, and with valid other arguments. want: the expected result; if it is
 * negative, out-parameters must stay unchanged. what: text for messages. of_handles: without the
 * calls that have no handle argument.
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
