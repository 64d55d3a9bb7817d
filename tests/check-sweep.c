/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Makes the k-th call of everything that can fail fail, with each error that the kernel may return
 * there and with the work half done, for all k until no call is left: in each scene of fault/.
 * Together the scenes call every public function that asks anything of libc. A failure must not
 * crash, leak or report success; out-parameters stay unchanged; afterwards the same call works,
 * except where the error is sticky.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault/scenes.h"

#define MOST_OUTCOMES 9
#define FOR_GOOD 1000000 /* from the k-th on all */
#define PARTLY INJECT_SHORT

/* Results that the kernel may return there; 0 ends the list. */
static const struct kind {
        enum injected call;
        const char *name;
        int outcomes[MOST_OUTCOMES];
} kinds[] = {
        {INJECT_CALLOC, "calloc", {ENOMEM}},
        {INJECT_CLOSE, "close", {EINTR, EIO, ENOSPC, EDQUOT}},
        {INJECT_EVENTFD, "eventfd", {EMFILE, ENFILE, ENODEV, ENOMEM}},
        {INJECT_FALLOCATE,
         "fallocate",
         {EINTR, ENOSPC, EDQUOT, EIO, EOPNOTSUPP, ENOSYS, EFBIG, EPERM}},
        {INJECT_FCNTL, "fcntl", {EMFILE, EINVAL}},
        {INJECT_FDATASYNC, "fdatasync", {EINTR, EIO, ENOSPC, EDQUOT, EROFS}},
        {INJECT_FLOCK, "flock", {EINTR, EWOULDBLOCK, ENOLCK, EOPNOTSUPP, EINVAL, ENOMEM}},
        {INJECT_FSTAT, "fstat", {EIO, ENOMEM, EOVERFLOW}},
        {INJECT_FSTATAT, "fstatat", {EIO, ENOMEM, ENOENT, EACCES}},
        {INJECT_FCHMOD, "fchmod", {EPERM, EIO, EROFS}},
        {INJECT_FSTATFS, "fstatfs", {EINTR, EIO, ENOMEM, ENOSYS}},
        {INJECT_FSYNC, "fsync", {EINTR, EIO, ENOSPC, EDQUOT}},
        {INJECT_FTRUNCATE, "ftruncate", {EINTR, EIO, ENOSPC, EDQUOT, EFBIG, EPERM}},
        {INJECT_GETENTROPY, "getentropy", {EIO, ENOSYS}},
        {INJECT_GETRLIMIT, "getrlimit", {EPERM, EFAULT}},
        {INJECT_IOCTL, "ioctl", {EINTR, EOPNOTSUPP, ENOTTY, EIO, ENOMEM}},
        {INJECT_LINK, "linkat", {EPERM, ENOENT, ENOSPC, EIO, EACCES}},
        {INJECT_LSEEK, "lseek", {EINVAL, ENXIO, ESPIPE}},
        {INJECT_MADVISE, "madvise", {EINTR, EAGAIN, ENOMEM, EINVAL, EFAULT, EIO, EHWPOISON}},
        {INJECT_MINCORE, "mincore", {ENOMEM, EAGAIN, ENOSYS, EPERM}},
        {INJECT_MMAP, "mmap", {ENOMEM, EAGAIN, ENODEV, EPERM, ENFILE}},
        {INJECT_MSYNC, "msync", {EINTR, EIO, ENOSPC, EDQUOT, ENOMEM, EBUSY}},
        {INJECT_OPEN, "open", {EINTR, EMFILE, ENFILE, ENOMEM, EACCES, ENOSPC, EROFS, EIO}},
        {INJECT_PIPE, "pipe", {EMFILE, ENFILE}},
        {INJECT_OPEN_UNNAMED,
         "open with O_TMPFILE",
         {EINTR, EOPNOTSUPP, EISDIR, EINVAL, EMFILE, ENOSPC, EIO}},
        {INJECT_POSIX_MEMALIGN, "posix_memalign", {ENOMEM}},
        {INJECT_PREAD, "pread", {PARTLY, EINTR, EIO, ENOMEM}},
        {INJECT_PTHREAD_CREATE, "pthread_create", {EAGAIN}},
        {INJECT_PWRITE, "pwrite", {PARTLY, EINTR, ENOSPC, EDQUOT, EIO, EFBIG, EPERM}},
        {INJECT_PWRITEV2,
         "pwritev2",
         {PARTLY, EINTR, ENOSPC, EDQUOT, EIO, EOPNOTSUPP, ENOSYS, EPERM}},
        {INJECT_READ, "read", {PARTLY, EINTR, EAGAIN, EIO, EFAULT}},
        {INJECT_READLINK, "readlink", {ENOENT, EACCES, EIO}},
        {INJECT_RENAME, "renameat", {EIO, ENOSPC, EXDEV, EACCES}},
        {INJECT_RENAME_NEW, "renameat2", {EINVAL, ENOSYS, EPERM, EIO, ENOSPC, EBUSY}},
        {INJECT_STATX, "statx", {ENOSYS, EPERM, EIO}},
        {INJECT_STRDUP, "strdup", {ENOMEM}},
        {INJECT_SYNC_FILE_RANGE, "sync_file_range", {EINTR, EIO, ENOSPC, ENOMEM, ENOSYS}},
        {INJECT_UNLINK, "unlink", {EIO, EBUSY, EACCES, EROFS}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Counts of all processes that libcheck forks. */
static struct totals {
        int scenes, runs, failures, of_kind[KINDS], deepest[KINDS];
} * totals;

/* The attempt that runs, for messages. */
static struct attempt {
        const struct scene *scene;
        const struct kind *kind; /* NULL: nothing fails */
        int k, outcome, times;
} attempt;

static const char *what(void)
{
        static char text[256];

        snprintf(text, sizeof(text), "%s, %s: %s number %d%s gives %s", attempt.scene->name,
                 setups[attempt.scene->setup].name, attempt.kind ? attempt.kind->name : "nothing",
                 attempt.k, attempt.times > 1 ? " and on" : "",
                 attempt.outcome > 0 ? strerror(attempt.outcome) : "half");
        return text;
}

/* Names the attempt before the crash. */
static void on_crash(int number)
{
        const char *text = what();

        if (write(STDOUT_FILENO, text, strlen(text)) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
                _exit(99);
        signal(number, SIG_DFL);
        raise(number);
}

#define expect(condition) ck_assert_msg(condition, "%s: %s", what(), #condition)

/* Retries and partial work must not be visible. */
static bool must_not_show(void)
{
        return attempt.kind == NULL || attempt.kind->call == INJECT_CLOSE ||
               attempt.outcome == PARTLY ||
               (attempt.outcome == EINTR && attempt.kind->call != INJECT_READ);
}

static void reset_results(struct results *results)
{
        memset(results, 0x7e, sizeof(*results));
}

static int sticky_error(const struct stage *stage)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(stage->file, &info));
        return info.error;
}

/* After the first or second try, everything must be there. */
static void is_good(struct stage *stage, struct results *results)
{
        expect(stage->scene->good == NULL || stage->scene->good(stage, results));
}

static void failed_well(struct stage *stage, struct results *results, int result)
{
        const struct scene *scene = stage->scene;
        struct results untouched;
        int sticky;

        reset_results(&untouched);
        expect(memcmp(results, &untouched, sizeof(untouched)) == 0);
        expect(scene->bad == NULL || scene->bad(stage, attempt.kind->call));
        sticky = scene->syncs ? sticky_error(stage) : 0;
        expect(sticky == 0 || sticky == result);
        if (sticky != 0) {
                expect(scene->act(stage, results) == sticky);
                return;
        }
        expect(scene->act(stage, results) == scene->want);
        is_good(stage, results);
}

/* Resources of this process; a leak makes them grow. */
struct held {
        size_t descriptors;
        long long mapped;
        int blocks;
};

static struct held held_now(void)
{
        return (struct held){test_count_descriptors(), inject_mapped(), inject_blocks()};
}

static void nobody_holds_a_lock(const char *path)
{
        int fd = open(path, O_RDWR | O_CLOEXEC);

        expect(fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0);
        if (fd >= 0)
                close(fd);
}

/* false: it can't be had here. */
static bool act(struct stage *stage)
{
        const struct scene *scene = stage->scene;
        struct results results;
        struct held before;
        bool synced;
        int result, failures;

        reset_results(&results);
        before = held_now();
        inject_start();
        if (attempt.kind != NULL)
                inject_fail(attempt.kind->call, attempt.k, attempt.outcome, attempt.times);
        result = scene->act(stage, &results);
        failures = inject_failed();
        synced = inject_synced_since();
        if (attempt.kind == NULL) {
                if (ON_FLOOR && result == -EOPNOTSUPP)
                        return false;
                expect(result == scene->want);
                return true;
        }
        inject_start();
        totals->runs++;
        totals->failures += failures;
        totals->of_kind[attempt.kind - kinds] += failures;
        expect(result == scene->want || (result < 0 && !must_not_show() && failures > 0));
        expect(result != -EINTR || attempt.kind->call == INJECT_READ);
        if (result != scene->want) {
                if (!scene->settles) {
                        expect(held_now().descriptors == before.descriptors);
                        expect(held_now().mapped == before.mapped);
                        expect(held_now().blocks == before.blocks);
                }
                failed_well(stage, &results, result);
        } else {
                expect(!scene->syncs || result != 0 || synced);
                is_good(stage, &results);
        }
        return true;
}

/* Plays the scene once; false: impossible here. */
static bool play(const struct scene *scene)
{
        struct stage stage = {.scene = scene, .fd = -1};
        struct held before = held_now(), after;

        scene->prepare(&stage);
        if (stage.file == NULL && (scene->clean == NULL || scene->syncs))
                return false;
        if (!act(&stage))
                return false;
        if (attempt.kind == NULL)
                return true; /* what it made is of no interest */
        if (scene->clean != NULL)
                scene->clean(&stage);
        else
                rmmap_release(stage.file);
        free(stage.data);
        free(stage.found);
        nobody_holds_a_lock(stage.path);
        after = held_now();
        expect(after.descriptors == before.descriptors);
        expect(after.mapped == before.mapped);
        expect(after.blocks == before.blocks);
        return true;
}

/* Does this attempt meet a call that it makes fail? */
static bool meets(const struct scene *scene, const struct kind *kind, int k, int outcome, int times)
{
        int failures = totals->failures;

        attempt = (struct attempt){scene, kind, k, outcome, times};
        play(scene);
        return totals->failures > failures;
}

static void sweep_kind(const struct scene *scene, const struct kind *kind)
{
        for (int i = 0; i < MOST_OUTCOMES && kind->outcomes[i] != 0; i++) {
                int outcome = kind->outcomes[i], k = 1;

                while (meets(scene, kind, k, outcome, 1)) {
                        /*
                         * Calls that are retried without limit may fail only a limited number of
                         * times.
                         */
                        if (must_not_show() || outcome == EAGAIN)
                                meets(scene, kind, k, outcome, 3);
                        else
                                meets(scene, kind, k, outcome, FOR_GOOD);
                        k++;
                }
                if (totals->deepest[kind - kinds] < k - 1)
                        totals->deepest[kind - kinds] = k - 1;
                if (k == 1)
                        break; /* not even once, so no other result will */
        }
}

/* In a process of its own, because what the dry run makes stays, and so do descriptors. */
static int count_calls(void *arg)
{
        attempt = (struct attempt){.scene = arg};
        return play(arg) ? 0 : CHILD_SKIPPED;
}

static const struct scene *const lists[] = {scenes_handle,  scenes_move,     scenes_durable,
                                            scenes_publish, scenes_recorded, scenes_windows};

/* TEST_SWEEP=all: every setup; otherwise those that differ most. */
static int setups_to_try(int *which)
{
        /* auto, auto opened, pwrite, sparse map, dense */
        static const int few[] = {0, 1, 3, 6, 10};
        const char *wish = getenv("TEST_SWEEP");
        int count = wish != NULL && strcmp(wish, "all") == 0 ? setup_count
                                                             : (int)(sizeof(few) / sizeof(few[0]));

        *which = count == setup_count ? *which : few[*which % count];
        return count;
}

/* The n-th of all scenes; false when there are no more. */
static bool find_scene(int n, struct scene *found)
{
        int setup = 0, each = setups_to_try(&setup);

        for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
                for (const struct scene *scene = lists[list]; scene->name != NULL; scene++) {
                        int times = scene->one_setup ? 1 : each;

                        if (n < times) {
                                *found = *scene;
                                setups_to_try(&n);
                                found->setup = scene->one_setup ? scene->setup : n;
                                return true;
                        }
                        n -= times;
                }
        }
        return false;
}

static int count_scenes(void)
{
        struct scene ignored;
        int count = 0;

        while (find_scene(count, &ignored))
                count++;
        return count;
}

START_TEST(one_scene)
{
        static struct scene scene;

        ck_assert(find_scene(_i, &scene));
        signal(SIGSEGV, on_crash);
        signal(SIGABRT, on_crash);
        switch (child_run(count_calls, &scene)) {
        case 0:
                break;
        case CHILD_SKIPPED:
                return; /* the mapping alone, where no space is reserved */
        default:
                ck_abort_msg("%s fails by itself", scene.name);
        }
        for (size_t i = 0; i < KINDS; i++)
                sweep_kind(&scene, &kinds[i]);
        totals->scenes++;
}
END_TEST

/* If the handler can't be installed, the call returns the error and changes nothing. */
static int fail_sigaction(void *arg)
{
        struct rmmap_options options = test_options(RMMAP_CATCH_FAULTS, 0);
        struct rmmap_file *file = UNTOUCHED;
        size_t descriptors = test_count_descriptors();
        int blocks = inject_blocks();

        inject_start();
        inject_fail(INJECT_SIGACTION, *(int *)arg, EINVAL, 1);
        child_is(rmmap_create("sigaction", SIZE, &options, &file), -EINVAL);
        child_is(inject_failed(), 1);
        child_expect(file == UNTOUCHED && access("sigaction", F_OK) != 0);
        child_expect(test_count_descriptors() == descriptors && inject_blocks() == blocks);
        options = test_options(0, RMMAP_ENGINE_PWRITE); /* needs no handler */
        child_is(rmmap_create("sigaction", SIZE, &options, &file), 0);
        child_is(unlink("sigaction"), 0);
        rmmap_release(file);
        return 0;
}

START_TEST(the_handler)
{
        ck_assert_int_eq(chdir(test_directory()), 0);
        for (int k = 1; k <= 2; k++)
                ck_child(fail_sigaction, &k);
        ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* Whether these calls are made depends on the file system and on libc. */
static bool is_optional(enum injected call)
{
        return call == INJECT_IOCTL || call == INJECT_LSEEK || call == INJECT_PWRITEV2 ||
               call == INJECT_CALLOC || call == INJECT_MINCORE || call == INJECT_STATX ||
               call == (ON_FLOOR ? INJECT_EVENTFD : INJECT_PIPE) ||
               (!HAVE_DECL_GETENTROPY && call == INJECT_GETENTROPY) ||
               (ON_FLOOR && (call == INJECT_FALLOCATE || call == INJECT_FSTATFS ||
                             call == INJECT_MADVISE || call == INJECT_OPEN_UNNAMED ||
                             call == INJECT_READLINK || call == INJECT_RENAME_NEW ||
                             call == INJECT_SYNC_FILE_RANGE || call == INJECT_UNLINK));
}

static int print_totals(void)
{
        int unmet = 0;

        for (size_t i = 0; i < KINDS; i++) {
                printf("%-20s %6d failures, up to number %d\n", kinds[i].name, totals->of_kind[i],
                       totals->deepest[i]);
                if (totals->of_kind[i] == 0 && !is_optional(kinds[i].call)) {
                        printf("%s was never made to fail\n", kinds[i].name);
                        unmet++;
                }
        }
        printf("%d scenes, %d runs, %d failures injected into %d kinds of calls\n", totals->scenes,
               totals->runs, totals->failures, (int)KINDS);
        return unmet;
}

int main(void)
{
        Suite *suite = suite_create("sweep");
        TCase *core = tcase_create("core");
        int result;

        /* Thousands of files, most of them synced: in memory, unless TEST_TMPDIR is set. */
        if (access("/dev/shm", W_OK | X_OK) == 0)
                setenv("TEST_TMPDIR", "/dev/shm", 0);
        totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);
        test_deepen_stack();
        tcase_set_timeout(core, 600);
        tcase_add_test(core, the_handler);
        tcase_add_loop_test(core, one_scene, 0, count_scenes());
        suite_add_tcase(suite, core);
        result = test_run(suite);
        return print_totals() == 0 ? result : EXIT_FAILURE;
}
