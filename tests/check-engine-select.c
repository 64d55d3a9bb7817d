/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The choice of the engine for each combination of options and file properties, compared with the
 * promises of rmmap_create(3). The expected results are written as rules, because a second table
 * would only copy the first.
 */
#include "child.h"
#include "engine-select.h"
#include "io-path.h"
#include "page-state.h"

#define COMBINATIONS (3 * 64)

static struct engine_facts combination(int number)
{
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_MAP,
                                           RMMAP_ENGINE_PWRITE};

        return (struct engine_facts){
                .asked = engines[number / 64],
                .reserved = number & 1,
                .guarded = number & 2,
                .coherent = number & 4,
                .has_file_io = number & 8,
                .writable = number & 16,
                .reads_agree = number & 32,
        };
}

/*
 * A full disk can't surprise the caller: space is reserved, or the caller asked for guarded copies.
 * And no other client has pages of the same file.
 */
static bool may_store(const struct engine_facts *facts)
{
        return facts->coherent && (facts->reserved || facts->guarded);
}

static const char *shown(const struct engine_facts *facts)
{
        static char text[128];

        snprintf(text, sizeof(text), "asked %u:%s%s%s%s%s%s", facts->asked,
                 facts->reserved ? " reserved" : "", facts->guarded ? " guarded" : "",
                 facts->coherent ? " coherent" : "", facts->has_file_io ? " file I/O" : "",
                 facts->writable ? " writable" : "", facts->reads_agree ? " reads agree" : "");
        return text;
}

#define rule(condition) ck_assert_msg(condition, "%s: %s", shown(&facts), #condition)

/* Chooses an engine, and returns whether it was refused; then the result must be unchanged. */
static bool decide(const struct engine_facts *given, struct engine *policy)
{
        struct engine_facts facts = *given;
        struct engine untouched;
        int err;

        memset(policy, 0x5a, sizeof(*policy));
        memcpy(&untouched, policy, sizeof(untouched));
        err = engine_select(&facts, policy);
        rule(err == 0 || err == -EOPNOTSUPP);
        rule(err == 0 || memcmp(policy, &untouched, sizeof(untouched)) == 0);
        return err == 0;
}

/* Exactly those engines are refused that can't work or could kill the program. */
START_TEST(only_what_can_not_be_is_refused)
{
        struct engine_facts facts = combination(_i);
        struct engine policy;
        bool taken = decide(&facts, &policy);

        if (facts.asked == RMMAP_ENGINE_PWRITE)
                rule(taken == facts.has_file_io);
        else if (facts.asked == RMMAP_ENGINE_MAP)
                rule(taken == may_store(&facts));
        else
                rule(taken == (facts.has_file_io || may_store(&facts)));
}
END_TEST

START_TEST(what_was_asked_for_is_taken)
{
        struct engine_facts facts = combination(_i);
        struct engine policy;

        if (!decide(&facts, &policy))
                return;
        rule(facts.asked == RMMAP_ENGINE_AUTO || policy.chosen == facts.asked);
        rule(policy.never_calls == (facts.asked == RMMAP_ENGINE_MAP));
        rule(policy.never_maps == (facts.asked == RMMAP_ENGINE_PWRITE));
        rule(policy.reason != NULL && policy.reason[0] != '\0');
}
END_TEST

/* No signal for a full disk, and no system call where there are none. */
START_TEST(nobody_is_killed)
{
        struct engine_facts facts = combination(_i);
        struct engine policy;

        if (!decide(&facts, &policy))
                return;
        rule(policy.chosen == RMMAP_ENGINE_PWRITE || may_store(&facts));
        rule(policy.chosen == RMMAP_ENGINE_MAP || facts.has_file_io);
        rule(policy.chosen == RMMAP_ENGINE_PWRITE || policy.mapped);
}
END_TEST

/* Nothing is mapped where mapping and file I/O may differ, whatever the caller asks for. */
START_TEST(no_mapping_where_it_may_differ)
{
        struct engine_facts facts = combination(_i);
        struct engine policy;

        if (!decide(&facts, &policy))
                return;
        rule(facts.coherent || policy.chosen == RMMAP_ENGINE_PWRITE);
        rule(facts.coherent == policy.mapped);
        rule(policy.reads_both_ways ==
             (facts.asked == RMMAP_ENGINE_AUTO && facts.coherent && facts.has_file_io &&
              facts.reads_agree && policy.chosen != RMMAP_ENGINE_PWRITE));
}
END_TEST

START_TEST(what_the_library_chooses)
{
        struct engine_facts facts = combination(_i);
        struct engine policy;

        if (facts.asked != RMMAP_ENGINE_AUTO || !decide(&facts, &policy))
                return;
        if (!facts.coherent)
                rule(policy.chosen == RMMAP_ENGINE_PWRITE);
        else if (!facts.reserved)
                rule(policy.chosen == (facts.guarded ? RMMAP_ENGINE_MAP : RMMAP_ENGINE_PWRITE));
        else if (facts.writable && facts.has_file_io)
                rule(policy.chosen == RMMAP_ENGINE_AUTO);
        else
                rule(policy.chosen == RMMAP_ENGINE_MAP);
}
END_TEST

/* ---- the path of each write */

START_TEST(scattered_small_writes_prepare_nothing)
{
        for (unsigned int state = REGION_COLD; state <= REGION_FILLED; state++)
                ck_assert_int_eq(write_path_of(RMMAP_PATTERN_SCATTERED, false, state), PATH_PWRITE);
        /* All of its pages are dirty already. */
        ck_assert_int_eq(write_path_of(RMMAP_PATTERN_SCATTERED, false, REGION_LEFT), PATH_POPULATE);
}
END_TEST

/* Without a pattern, or with one for reading, a region is populated when pwrite has filled it. */
START_TEST(calls_come_first)
{
        static const uint32_t patterns[] = {RMMAP_PATTERN_UNKNOWN, RMMAP_PATTERN_SEQUENTIAL,
                                            RMMAP_PATTERN_RANDOM};

        for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
                for (unsigned int state = REGION_COLD; state < REGION_FILLED; state++)
                        ck_assert_int_eq(write_path_of(patterns[i], false, state), PATH_PWRITE);
                ck_assert_int_eq(write_path_of(patterns[i], false, REGION_FILLED), PATH_POPULATE);
        }
}
END_TEST

/* With DENSE, the first small write populates the region. */
START_TEST(the_first_write_prepares)
{
        for (unsigned int state = REGION_COLD; state < REGION_MAPPED; state++)
                ck_assert_int_eq(write_path_of(RMMAP_PATTERN_DENSE, false, state), PATH_POPULATE);
}
END_TEST

START_TEST(a_large_write_overwrites_without_preparing)
{
        uint32_t pattern = (uint32_t)_i;

        for (unsigned int state = REGION_COLD; state < REGION_FILLED; state++)
                ck_assert_int_eq(write_path_of(pattern, true, state), PATH_PWRITE);
        ck_assert_int_eq(write_path_of(pattern, true, REGION_FILLED), PATH_POPULATE);
        for (int large = 0; large < 2; large++)
                ck_assert_int_eq(write_path_of(pattern, large, REGION_MAPPED), PATH_MAP);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("policy");
        TCase *core = tcase_create("core");

        tcase_add_loop_test(core, only_what_can_not_be_is_refused, 0, COMBINATIONS);
        tcase_add_loop_test(core, what_was_asked_for_is_taken, 0, COMBINATIONS);
        tcase_add_loop_test(core, nobody_is_killed, 0, COMBINATIONS);
        tcase_add_loop_test(core, no_mapping_where_it_may_differ, 0, COMBINATIONS);
        tcase_add_loop_test(core, what_the_library_chooses, 0, COMBINATIONS);
        tcase_add_test(core, scattered_small_writes_prepare_nothing);
        tcase_add_test(core, calls_come_first);
        tcase_add_test(core, the_first_write_prepares);
        tcase_add_loop_test(core, a_large_write_overwrites_without_preparing, 0,
                            RMMAP_PATTERN_RANDOM + 1);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
