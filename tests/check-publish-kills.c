/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * kill -9 of programs that publish: in front of each single call that the library makes, from
 * create to the last release, and again while the next run cleans up after that; and at random
 * moments, while others read. RMMAP_ROUNDS sets the number of random kills; without it only some of
 * the calls are tried, from a random one on.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "publishing.h"

#define FOR_GOOD 1000000
#define SIZE (PUBLISHING_SIZE - 50)

static const unsigned char old[] = "what was there before";
static uint64_t random_state;

/* ---- at each call */

/* Programs that publish "new"; what is refused there decides which steps the library takes. */
static const struct program {
        const char *name, *part; /* part NULL: unnamed */
        uint32_t flags;
        enum injected refused[2];
        int refused_count;
        int hidden; /* files that a crash may leave so */
        bool whole; /* and those are complete */
} programs[] = {
        {"replaces", "new.part", 0, {0}, 0, 0, true},
        {"from another directory", "sub/new.part", 0, {0}, 0, 0, true},
        {"doesn't replace", "new.part", RMMAP_PUBLISH_NO_REPLACE, {0}, 0, ON_FLOOR, true},
        {"by link", "new.part", RMMAP_PUBLISH_NO_REPLACE, {INJECT_RENAME_NEW}, 1, 1, true},
        {"after a look",
         "new.part",
         RMMAP_PUBLISH_NO_REPLACE,
         {INJECT_RENAME_NEW, INJECT_LINK},
         2,
         1,
         true},
        {"own name", "new", 0, {0}, 0, 0, true},
        {"unnamed, replaces", NULL, 0, {0}, 0, 1, !ON_FLOOR},
        {"unnamed", NULL, RMMAP_PUBLISH_NO_REPLACE, {0}, 0, ON_FLOOR, !ON_FLOOR},
        {"hidden, replaces", NULL, 0, {INJECT_OPEN_UNNAMED}, 1, 1, false},
        {"hidden",
         NULL,
         RMMAP_PUBLISH_NO_REPLACE,
         {INJECT_OPEN_UNNAMED, INJECT_RENAME_NEW},
         2,
         1,
         false},
};
#define PROGRAMS ((int)(sizeof(programs) / sizeof(programs[0])))

struct run {
        const struct program *program;
        int die_at; /* 0: it lives */
};

static void die(void *ignored)
{
        (void)ignored;
        kill(getpid(), SIGKILL);
}

/* 0: published; otherwise what was refused. */
static int publish_once(void *arg)
{
        const struct run *run = arg;
        const struct program *program = run->program;
        struct rmmap_file *file;
        int err;

        inject_start();
        for (int i = 0; i < program->refused_count; i++)
                inject_fail(program->refused[i], 1, EINVAL, FOR_GOOD);
        if (run->die_at != 0)
                inject_at(run->die_at, die, NULL);
        file = publishing_begin(program->part, program->part == NULL ? RMMAP_UNNAMED : 0);
        err = rmmap_publish(file, test_path("new"), SIZE, program->flags);
        rmmap_release(file);
        return -err;
}

static void make_older(void)
{
        FILE *file = fopen(test_path("new"), "w");

        ck_assert(file != NULL && fwrite(old, sizeof(old), 1, file) == 1);
        ck_assert_int_eq(fclose(file), 0);
}

/* What was there, if something was, or the whole new one. */
static bool new_is_good(const struct program *program, bool *published)
{
        struct stat status;

        *published = publishing_whole(test_path("new"), SIZE);
        if (*published)
                return true;
        if (program->flags & RMMAP_PUBLISH_NO_REPLACE)
                return stat(test_path("new"), &status) != 0;
        return test_file_holds(test_path("new"), 0, old, sizeof(old));
}

/* In the first directory; a complete hidden file has the published size. */
static void look(const struct program *program, int n)
{
        char name[512];
        bool published;

        if (program->part == NULL || strcmp(program->part, "new") != 0)
                ck_assert_msg(new_is_good(program, &published), "%s, killed at %d", program->name,
                              n);
        ck_assert_msg(publishing_hidden(test_directory()) <= program->hidden,
                      "%s, killed at %d: %d hidden files", program->name, n,
                      publishing_hidden(test_directory()));
        while (publishing_first_hidden(test_directory(), name, sizeof(name))) {
                if (program->whole)
                        ck_assert_msg(publishing_whole(name, SIZE), "%s, killed at %d: %s",
                                      program->name, n, name);
                unlink(name);
        }
}

/* true: the program met the kill. */
static bool killed(const struct program *program, int n, int want)
{
        struct run run = {program, n};
        int status = child_run(publish_once, &run);

        if (status == CHILD_KILLED + SIGKILL)
                return true;
        ck_assert_msg(status == 0 || status == want, "%s, to be killed at %d: %d", program->name, n,
                      status);
        return false;
}

/* Killed, started again and killed, then left alone: it ends with the file and nothing else. */
static bool play(const struct program *program, int n)
{
        bool own = program->part != NULL && strcmp(program->part, "new") == 0, published, met;
        int again = 1 + (int)(test_random(&random_state) % 60), want;

        if (program->flags == 0)
                make_older();
        met = killed(program, n, 0);
        look(program, n);
        want = !own && new_is_good(program, &published) && published && program->flags ? EEXIST : 0;
        (void)killed(program, again, want);
        look(program, n);
        want = !own && new_is_good(program, &published) && published && program->flags ? EEXIST : 0;
        ck_assert_int_eq(killed(program, 0, want), false);
        ck_assert(publishing_whole(test_path("new"), SIZE));
        unlink(test_path("new"));
        if (want == EEXIST && program->part != NULL)
                unlink(test_path(program->part));
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        return met;
}

static const char *given_rounds(void)
{
        const char *given = getenv("RMMAP_ROUNDS");

        return given != NULL && given[0] != '\0' ? given : NULL;
}

/* Holds D.8, D.10. */
START_TEST(at_each_call)
{
        int step = test_under_valgrind() ? 40 : given_rounds() ? 1 : test_sanitized() ? 5 : 3;
        int n = 1 + (int)(test_random(&random_state) % (uint64_t)step);

        mkdir(test_path("sub"), 0700);
        while (play(&programs[_i], n))
                n += step;
        printf("%s: killed in front of one of %d calls, up to the %dth\n", programs[_i].name, step,
               n - step);
        fflush(stdout);
        ck_assert_int_gt(n, 20);
        rmdir(test_path("sub"));
}
END_TEST

/* ---- at random moments, with a reader */

struct shared {
        atomic_bool stop;
        _Atomic uint64_t published, reads, changes, seen;
        _Atomic int wrong;
};
static struct shared *shared;

static int publish_for_ever(void *ignored)
{
        (void)ignored;
        for (;;) {
                uint64_t version = atomic_load(&shared->published) + 1;

                if (publishing_version(test_directory(), version) != 0)
                        return 1;
                atomic_store(&shared->published, version);
        }
}

/* At least as new as what was published before it looked. */
static bool reads_whole(uint64_t *seen)
{
        uint64_t least = atomic_load(&shared->published);
        uint64_t version = publishing_read_version(test_path("current"));

        atomic_fetch_add(&shared->changes, version != *seen);
        *seen = version;
        atomic_store(&shared->seen, version);
        return version != 0 && version >= least;
}

static int read_for_ever(void *ignored)
{
        uint64_t seen = 0;

        (void)ignored;
        while (!atomic_load(&shared->stop)) {
                if (!reads_whole(&seen))
                        atomic_fetch_add(&shared->wrong, 1);
                atomic_fetch_add(&shared->reads, 1);
        }
        return 0;
}

static unsigned int rounds(void)
{
        if (given_rounds() != NULL)
                return (unsigned int)strtoul(given_rounds(), NULL, 10);
        return test_under_valgrind() ? 5 : test_sanitized() ? 40 : 120;
}

static uint64_t awaited;

static bool is_published(const void *ignored)
{
        (void)ignored;
        return atomic_load(&shared->published) >= awaited;
}

static bool is_seen(const void *ignored)
{
        (void)ignored;
        return atomic_load(&shared->seen) >= awaited;
}

/* Most often after it published something, since nobody knows how fast the machine is. */
static void kill_at_random(unsigned int round)
{
        struct timespec time = {.tv_nsec = (long)(test_random(&random_state) % 1500) * 1000};
        pid_t writer;

        awaited = atomic_load(&shared->published) + (round % 4 != 0);
        writer = child_start(publish_for_ever, NULL);
        ck_assert(test_until(is_published, NULL));
        nanosleep(&time, NULL);
        ck_assert_int_eq(kill(writer, SIGKILL), 0);
        ck_assert_int_eq(child_wait(writer), CHILD_KILLED + SIGKILL);
        /* The reader needs its turns, too. */
        awaited = atomic_load(&shared->published);
        if (round % 32 == 1)
                ck_assert(test_until(is_seen, NULL));
}

/* Holds D.8. */
START_TEST(at_random_with_a_reader)
{
        pid_t reader;

        ck_ok(publishing_version(test_directory(), 1));
        atomic_store(&shared->published, 1);
        reader = child_start(read_for_ever, NULL);
        for (unsigned int i = 0; i < rounds(); i++) {
                kill_at_random(i);
                ck_assert_int_eq(atomic_load(&shared->wrong), 0);
        }
        atomic_store(&shared->stop, true);
        ck_assert_int_eq(child_wait(reader), 0);
        ck_assert_int_eq(atomic_load(&shared->wrong), 0);
        printf("%u kills, %lu versions, %lu reads, which saw %lu changes\n", rounds(),
               (unsigned long)atomic_load(&shared->published),
               (unsigned long)atomic_load(&shared->reads),
               (unsigned long)atomic_load(&shared->changes));
        fflush(stdout);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("publish-kills");
        TCase *core = tcase_create("core");

        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);
        if (shared == MAP_FAILED)
                return 99;
        random_state = test_seed();
        test_directory();
        tcase_set_timeout(core, 600);
        tcase_add_loop_test(core, at_each_call, 0, PROGRAMS);
        tcase_add_test(core, at_random_with_a_reader);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
