/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tens of thousands of random steps on a file and on its model in memory, with different sizes,
 * engines, flags and allocators. TEST_SEED repeats a run.
 */
#include <stdio.h>

#include "child.h"
#include "model.h"

/* Odd sizes, less than a block, and more than a fill copies at once. */
static const uint64_t sizes[] = {1, 4095, 4096, 3 * 4096 + 100, 40 * 4096 + 1, 300000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const uint32_t flags[] = {0, RMMAP_NO_PREALLOCATE, RMMAP_CATCH_FAULTS,
                                 RMMAP_NO_PREALLOCATE | RMMAP_CATCH_FAULTS};
static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_MAP, RMMAP_ENGINE_PWRITE};

#define SETUPS (2 * 4 * 3)

static struct model_setup setup_of(uint64_t size, unsigned int number)
{
        return (struct model_setup){
                .size = size,
                .allocator =
                        number % 2 ? rmmap_sequential_allocator() : rmmap_concurrent_allocator(),
                .flags = flags[number / 2 % 4],
                .engine = engines[number / 8],
        };
}

static void step(struct model *model)
{
        uint64_t what = model_below(model, 100);

        if (what < 2)
                model_reopen(model);
        else if (what < 50)
                model_allocation_steps[model_below(model, model_allocation_step_count)](model);
        else
                model_transfer_steps[model_below(model, model_transfer_step_count)](model);
}

static unsigned int steps_of_each(void)
{
        return test_under_valgrind() ? 30 : test_sanitized() ? 300 : 1500;
}

START_TEST(as_the_model_says)
{
        uint64_t seed = test_seed(), done = 0;
        struct model model;

        for (unsigned int number = 0; number < SETUPS; number++) {
                struct model_setup setup = setup_of(sizes[_i], number);

                if (!model_start(&model, &setup, seed + number))
                        continue;
                for (unsigned int i = 0; i < steps_of_each(); i++)
                        step(&model);
                done += model.steps;
                model_end(&model);
        }
        printf("%llu steps on %llu bytes\n", (unsigned long long)done,
               (unsigned long long)sizes[_i]);
        ck_assert_uint_gt(done, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model");
        TCase *cases = tcase_create("model");

        tcase_set_timeout(cases, 240);
        tcase_add_loop_test(cases, as_the_model_says, 0, SIZES);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
