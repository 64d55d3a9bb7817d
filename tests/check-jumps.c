/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs whose signal handlers leave the library by a jump, at any point. Afterwards the
 * library's handler must not use anything from the abandoned call. Each case runs in a process of
 * its own.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "child.h"
#include "setups.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#define PAGE ((size_t)4096)
#define SIZE (16 * PAGE)
#define STACK ((size_t)512 << 10)

static sigjmp_buf recovery;
static volatile sig_atomic_t jumps;
static char *nothing; /* a page past the end of its file: SIGBUS */
static char *nobody;  /* a page without access: SIGSEGV */

static void jump(int number)
{
        (void)number;
        jumps++;
        siglongjmp(recovery, 1);
}

/* First the program's recovery, then a handle with guarded copies. */
static struct rmmap_file *prepare(void)
{
        struct rmmap_options options = test_options(RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP);
        struct sigaction action = {.sa_handler = jump, .sa_flags = SA_ONSTACK};
        int fd = open(test_path("nothing"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct rmmap_file *file = NULL;

        sigemptyset(&action.sa_mask);
        nothing = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        nobody = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (nothing == MAP_FAILED || nobody == MAP_FAILED ||
            sigaction(SIGBUS, &action, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0 ||
            rmmap_create(test_path("own"), SIZE, &options, &file) != 0)
                _exit(97);
        close(fd);
        return file;
}

/* Overwrites what a frame that was left held. */
static NOINLINE void overwrite_stack(unsigned char byte)
{
        volatile unsigned char frame[16384];

        for (size_t i = 0; i < sizeof(frame); i++)
                frame[i] = byte;
}

static NOINLINE void touch(volatile char *page)
{
        if (sigsetjmp(recovery, 1) == 0)
                *page = 1;
}

/* Foreign faults still reach the program's handler, and the library still catches its own. */
static int all_is_well(struct rmmap_file *file)
{
        int before = jumps;

        for (int i = 0; i < 3; i++) {
                overwrite_stack((unsigned char)(0xff >> i));
                touch(nothing);
                child_is(jumps, before + i + 1);
        }
        child_is(truncate(test_path("own"), (off_t)PAGE), 0);
        child_is(rmmap_raw_write(file, 2 * PAGE, "x", 1), -ESTALE);
        child_is(rmmap_raw_write(file, 2 * PAGE, "x", 1), -ESTALE);
        child_is(truncate(test_path("own"), (off_t)SIZE), 0);
        child_is(rmmap_raw_write(file, 2 * PAGE, "x", 1), 0);
        child_is(jumps, before + 3);
        return 0;
}

/* The source of the copy faults. */
static NOINLINE void copy_from(struct rmmap_file *file, const char *source)
{
        volatile char deeper[4096];

        deeper[0] = 0;
        if (sigsetjmp(recovery, 1) == 0 && rmmap_raw_write(file, 0, source, 100) != 0)
                _exit(96);
        deeper[1] = deeper[0];
}

static int out_of_a_copy(void *arg)
{
        struct rmmap_file *file = prepare();

        copy_from(file, *(const int *)arg == SIGBUS ? nothing : nobody);
        child_is(jumps, 1);
        child_is(all_is_well(file), 0);
        rmmap_release(file);
        return 0;
}

/* A body that jumps out, which is forbidden. Later faults of its stores belong to the program. */
static int touch_nothing(void *arg)
{
        *(volatile char *)nothing = *(const char *)arg;
        return 0;
}

static int out_of_a_body(void *arg)
{
        struct rmmap_file *file = prepare();
        void *data;

        (void)arg;
        child_is(rmmap_raw_data(file, &data), 0);
        if (sigsetjmp(recovery, 1) == 0 && rmmap_guard_call(file, touch_nothing, data, NULL) != 0)
                return 2;
        child_is(jumps, 1);
        child_is(truncate(test_path("own"), (off_t)PAGE), 0);
        overwrite_stack(0x55);
        touch((char *)data + 2 * PAGE);
        child_is(jumps, 2);
        child_is(all_is_well(file), 0);
        rmmap_release(file);
        return 0;
}

/* A body that recovers from a copy's fault continues under its own guard. */
static int recover_inside(void *arg)
{
        struct rmmap_file *file = arg;
        void *data;

        copy_from(file, nothing);
        overwrite_stack(0x55);
        copy_from(file, nothing);
        if (rmmap_raw_data(file, &data) != 0 || truncate(test_path("own"), (off_t)PAGE) != 0)
                return 1;
        ((volatile char *)data)[2 * PAGE] = 1;
        return 2; /* not reached */
}

static int inside_a_body(void *arg)
{
        struct rmmap_file *file = prepare();

        (void)arg;
        child_is(rmmap_guard_call(file, recover_inside, file, NULL), -ESTALE);
        child_is(jumps, 2);
        child_is(truncate(test_path("own"), (off_t)SIZE), 0);
        child_is(all_is_well(file), 0);
        rmmap_release(file);
        return 0;
}

/* ---- on a stack that is unmapped afterwards, at a higher address than the thread's */

static struct rmmap_file *shared_file;

static void copy_here(int number)
{
        (void)number;
        (void)!rmmap_raw_write(shared_file, 0, nobody, 100);
}

static void *copy_on_another_stack(void *arg)
{
        char *upper = arg;
        stack_t stack = {.ss_sp = upper, .ss_size = STACK}, none = {.ss_flags = SS_DISABLE};
        struct sigaction action = {.sa_handler = copy_here, .sa_flags = SA_ONSTACK};
        int *result = malloc(sizeof(*result));

        sigemptyset(&action.sa_mask);
        if (sigaction(SIGUSR1, &action, NULL) != 0 || sigaltstack(&stack, NULL) != 0)
                _exit(95);
        if (sigsetjmp(recovery, 1) == 0)
                pthread_kill(pthread_self(), SIGUSR1);
        if (sigaltstack(&none, NULL) != 0 || munmap(upper, STACK) != 0)
                _exit(94);
        *result = all_is_well(shared_file);
        return result;
}

static int with_its_stack(void *arg)
{
        char *stacks =
                mmap(NULL, 2 * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        pthread_attr_t attributes;
        pthread_t thread;
        void *result;

        (void)arg;
        shared_file = prepare();
        pthread_attr_init(&attributes);
        child_is(pthread_attr_setstack(&attributes, stacks, STACK), 0);
        child_is(pthread_create(&thread, &attributes, copy_on_another_stack, stacks + STACK), 0);
        child_is(pthread_join(thread, &result), 0);
        child_is(*(int *)result, 0);
        free(result);
        rmmap_release(shared_file);
        return 0;
}

/* ---- an alternate signal stack that is removed while a handler runs */

static int disarmed_stack(void *arg)
{
        stack_t stack = {.ss_sp = malloc(STACK), .ss_size = STACK, .ss_flags = (int)SS_AUTODISARM};
        struct rmmap_file *file = prepare();
        stack_t now;

        (void)arg;
        if (sigaltstack(&stack, NULL) != 0) {
                skip_part("the kernel knows no SS_AUTODISARM");
                return CHILD_SKIPPED;
        }
        child_is(truncate(test_path("own"), (off_t)PAGE), 0);
        for (int i = 0; i < 3; i++) {
                child_is(rmmap_raw_write(file, 2 * PAGE, "x", 1), -ESTALE);
                child_is(sigaltstack(NULL, &now), 0);
                child_expect(now.ss_sp == stack.ss_sp && now.ss_size == STACK);
                child_expect((unsigned int)now.ss_flags == SS_AUTODISARM);
        }
        stack.ss_flags = SS_DISABLE;
        child_is(sigaltstack(&stack, NULL), 0);
        free(now.ss_sp);
        rmmap_release(file);
        return 0;
}

START_TEST(the_program_jumps)
{
        int bus = SIGBUS, segv = SIGSEGV;

        ck_child(out_of_a_copy, &bus);
        ck_child(out_of_a_copy, &segv);
        ck_child(out_of_a_body, NULL);
        ck_child(inside_a_body, NULL);
        ck_child(with_its_stack, NULL);
}
END_TEST

START_TEST(the_stack_for_signals_comes_back)
{
        FLOOR_LACKS("stack that a signal takes away");
        ck_child(disarmed_stack, NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("jumps");
        TCase *core = tcase_create("core");

        if (test_sanitized())
                test_skip_all("a sanitizer's copies look at their source by themselves");
        if (test_under_valgrind())
                test_skip_all("valgrind has signal stacks and an idea of jumps of its own");
        tcase_set_timeout(core, 120);
        tcase_add_test(core, the_program_jumps);
        tcase_add_test(core, the_stack_for_signals_comes_back);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
