/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random sequences of calls against the plain model of the fuzzing target fuzz/fuzz-calls, in the
 * file system of the tests, and without clang. TEST_SEED repeats a run.
 */
#include <stdlib.h>

#include "child.h"
#include "fuzz/input.h"

/* Enough for some hundred calls. */
static uint8_t bytes[2000];

static int inputs(void)
{
        return test_under_valgrind() ? 5 : test_sanitized() ? 30 : 100;
}

START_TEST(as_the_model_says)
{
        uint64_t seed = test_seed() + (uint64_t)_i;

        for (int i = 0; i < inputs(); i++) {
                for (size_t at = 0; at < sizeof(bytes); at++)
                        bytes[at] = (uint8_t)test_random(&seed);
                LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model");
        TCase *cases = tcase_create("model");

        setenv("FUZZ_DIRECTORY", test_directory(), 1);
        LLVMFuzzerInitialize(NULL, NULL);
        tcase_set_timeout(cases, 240);
        tcase_add_loop_test(cases, as_the_model_says, 0, 4);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
