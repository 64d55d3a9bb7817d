/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * kill -9 of multithreaded writers at random moments. Afterwards the file opens at once, whatever
 * lock the dead process held, and every range whose write had returned is complete. RMMAP_ROUNDS
 * sets the number of kills.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "crash/oracle.h"
#include "crash/work.h"

static struct oracle *oracle;
static uint64_t random_state;

static unsigned int rounds(void)
{
        const char *given = getenv("RMMAP_ROUNDS");

        if (given != NULL && given[0] != '\0')
                return (unsigned int)strtoul(given, NULL, 10);
        return test_under_valgrind() ? 5 : test_sanitized() ? 30 : 60;
}

static bool is_true(const void *arg)
{
        return atomic_load((const atomic_bool *)arg);
}

static unsigned int awaited;

static bool has_written(const void *ignored)
{
        (void)ignored;
        return atomic_load(&oracle->writes) >= awaited || atomic_load(&oracle->surprise) != 0;
}

/*
 * Mostly when all threads work, and made some writes: nobody knows how fast the machine is.
 * Sometimes while they start. The child must be alive until then.
 */
static void kill_at_random(pid_t child, const atomic_bool *ready)
{
        static const long longest[] = {300, 1000, 2000};
        struct timespec time = {0};
        int status;

        if (test_random(&random_state) % 8 != 0) {
                ck_assert(test_until(is_true, ready));
                awaited = (unsigned int)(test_random(&random_state) % 20);
                ck_assert(test_until(has_written, NULL));
        }
        time.tv_nsec =
                (long)(test_random(&random_state) % 1000) * longest[test_random(&random_state) % 3];
        nanosleep(&time, NULL);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended with %x",
                      (unsigned int)status);
}

static int write_for_ever(void *arg)
{
        (void)arg;
        work_for_ever(oracle, test_directory());
}

static void read_through_library(const struct record *record, struct rmmap_file *file)
{
        unsigned char *found = malloc(ORACLE_SLOT_SIZE), *want = malloc(ORACLE_SLOT_SIZE);

        for (unsigned int i = 0; i < record->slot_count; i++) {
                const struct slot *slot = &record->slots[i];
                size_t length = (size_t)(slot->end - slot->start), got;

                ck_ok(rmmap_raw_read(file, slot->start, found, length, &got));
                ck_assert_uint_eq(got, length);
                if (slot->promised == 0 || slot->promised != atomic_load(&slot->started))
                        continue;
                oracle_fill(record, slot->start, slot->promised, want, length);
                ck_assert(memcmp(found, want, length) == 0);
        }
        free(found);
        free(want);
}

/* At once: the lock must disappear together with the process. */
static void open_and_create_over(const struct record *record, const char *path)
{
        struct rmmap_options locked = test_options(RMMAP_LOCK_FILE, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;

        ck_ok(rmmap_open(path, &locked, &file));
        ck_assert_uint_eq(rmmap_size(file), record->size);
        read_through_library(record, file);
        rmmap_release(file);
        ck_ok(rmmap_create(path, 8192, &locked, &file));
        ck_ok(rmmap_raw_fill(file, 1));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}

START_TEST(what_was_written_is_whole)
{
        struct findings findings = {0};
        unsigned long writes = 0;

        for (unsigned int round = 0; round < rounds(); round++) {
                oracle_plan(oracle, round, true, &random_state);
                ck_ok(work_prepare(oracle, test_directory()));
                kill_at_random(child_start(write_for_ever, NULL), &oracle->ready);
                ck_assert_msg(atomic_load(&oracle->surprise) == 0, "%s: %s",
                              atomic_load(&oracle->what), strerror(-oracle->surprise));
                oracle_freeze(oracle, true);
                for (unsigned int i = 0; i < ORACLE_FILES; i++) {
                        const struct record *record = &oracle->records[i];
                        const char *path = test_path(record->name);

                        oracle_check(record, path, &findings);
                        ck_assert_uint_eq(findings.lost, 0);
                        if (record->entry_promised)
                                open_and_create_over(record, path);
                        unlink(path);
                }
                writes += atomic_load(&oracle->writes);
        }
        printf("%u kills, %lu writes: checked %lu ranges of %lu files, %lu MiB; "
               "%lu written behind\n",
               rounds(), writes, findings.ranges, findings.files, findings.bytes >> 20,
               findings.behind);
        fflush(stdout);
        /* With each pattern, and large enough for write-behind; a slow tool sees few kills. */
        for (size_t i = 0; i < ORACLE_PATTERNS && rounds() >= 60; i++)
                ck_assert_uint_gt(findings.by_pattern[i], 0);
        ck_assert(rounds() < 60 || findings.behind > 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("process-death");
        TCase *core = tcase_create("core");

        oracle = oracle_new();
        if (oracle == NULL)
                return 99;
        random_state = test_seed();
        test_directory();
        tcase_set_timeout(core, 600);
        tcase_add_test(core, what_was_written_is_whole);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
