/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every argument of every function as NULL, 0, the highest value, and off by one: the call returns
 * the documented error, writes nothing, and leaves nothing behind.
 */
#include "arguments/stage.h"

int main(void)
{
        Suite *suite = suite_create("arguments");

        suite_add_tcase(suite, handle_case());
        suite_add_tcase(suite, range_case());
        suite_add_tcase(suite, allocation_case());
        suite_add_tcase(suite, encoding_case());
        suite_add_tcase(suite, writing_case());
        suite_add_tcase(suite, pieces_case());
        suite_add_tcase(suite, reading_case());
        suite_add_tcase(suite, durability_case());
        suite_add_tcase(suite, raw_case());
        suite_add_tcase(suite, order_case());
        return test_run(suite);
}
