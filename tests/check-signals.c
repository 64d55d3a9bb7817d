/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The SIGBUS handler of the library passes every signal that isn't the library's to the handler
 * that was installed before. Each case runs in a process of its own, because a handler is installed
 * once.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

#define SIZE ((size_t)(16 * 4096))

static volatile sig_atomic_t calls, code, usr1_blocked;
static const void *volatile fault_address, *volatile handler_frame;
static volatile char *foreign; /* a mapping that is not the library's */
static int foreign_fd;

/* Its file has one page and the mapping two: the second page can't be touched. */
static int map_foreign(void)
{
        void *map;

        foreign_fd = open(test_path("foreign"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (foreign_fd < 0 || ftruncate(foreign_fd, 4096) != 0)
                return -1;
        map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, foreign_fd, 0);
        foreign = map;
        return map == MAP_FAILED ? -1 : 0;
}

/* Extends the file, so that the access succeeds after the handler. */
static void repair(void)
{
        if (ftruncate(foreign_fd, 8192) != 0)
                _exit(99);
}

static void on_signal_info(int number, siginfo_t *info, void *context)
{
        sigset_t mask;

        (void)number;
        calls++;
        code = info->si_code;
        handler_frame = &mask;
        fault_address = info->si_addr;
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        usr1_blocked = sigismember(&mask, SIGUSR1);
        if (context == NULL)
                _exit(98);
        repair();
}

static void on_signal(int number)
{
        calls++;
        if (number != SIGBUS)
                _exit(98);
        repair();
}

/* The first guarded handle of this process is made after the program's own handler. */
static struct rmmap_file *guarded(void)
{
        struct rmmap_options options = test_options(RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP);
        struct rmmap_file *file = NULL;

        if (map_foreign() != 0 || rmmap_create(test_path("own"), SIZE, &options, &file) != 0)
                _exit(97);
        return file;
}

static void set_action(void (*handler)(int number), int flags)
{
        struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

        sigemptyset(&action.sa_mask);
        if (sigaction(SIGBUS, &action, NULL) != 0)
                _exit(96);
}

static void set_info_action(int flags)
{
        struct sigaction action = {.sa_sigaction = on_signal_info, .sa_flags = SA_SIGINFO | flags};

        sigemptyset(&action.sa_mask);
        sigaddset(&action.sa_mask, SIGUSR1);
        if (sigaction(SIGBUS, &action, NULL) != 0)
                _exit(96);
}

/* The library's own faults don't reach the program's handlers. */
static int own_fault_is_caught(struct rmmap_file *file)
{
        int before = calls;

        child_is(truncate(test_path("own"), 4096), 0);
        child_is(rmmap_raw_write(file, 8192, "x", 1), -ESTALE);
        child_is(rmmap_raw_write(file, 8192, "x", 1), -ESTALE);
        child_expect(calls == before);
        return 0;
}

/* ---- each case: with the program's handler set, and a guarded handle */

static int with_information(struct rmmap_file *file)
{
        child_is(own_fault_is_caught(file), 0);
        foreign[5000] = 'x';
        child_expect(calls == 1 && code == BUS_ADRERR && usr1_blocked == 1);
        child_expect(fault_address == (const void *)(foreign + 5000));
        child_expect(foreign[5000] == 'x');
        return 0;
}

static int without_information(struct rmmap_file *file)
{
        foreign[5000] = 'x';
        child_expect(calls == 1 && foreign[5000] == 'x');
        child_is(own_fault_is_caught(file), 0);
        raise(SIGBUS);
        child_expect(calls == 2);
        return 0;
}

/* Inside a guarded copy or body, too; the body continues. */
static int touch_foreign(void *arg)
{
        (void)arg;
        foreign[5000] = 'y';
        return raise(SIGBUS) == 0 ? 11 : 12;
}

static int of_others_in_a_body(struct rmmap_file *file)
{
        int result = 0;

        child_is(rmmap_guard_call(file, touch_foreign, NULL, &result), 0);
        child_expect(result == 11 && calls == 2);
        return 0;
}

/* A signal that a process sends is no fault, whatever address it carries. */
static int sent_by_somebody(struct rmmap_file *file)
{
        (void)file;
        child_is(kill(getpid(), SIGBUS), 0);
        child_expect(calls == 1 && code == SI_USER);
        child_is(pthread_kill(pthread_self(), SIGBUS), 0);
        child_expect(calls == 2 && code == SI_TKILL);
        return 0;
}

static void *touch_in_thread(void *arg)
{
        foreign[5000] = 't';
        return arg;
}

/* In a thread that has never called the library. */
static int in_another_thread(struct rmmap_file *file)
{
        pthread_t thread;

        (void)file;
        child_is(pthread_create(&thread, NULL, touch_in_thread, NULL), 0);
        child_is(pthread_join(thread, NULL), 0);
        child_expect(calls == 1 && foreign[5000] == 't');
        return 0;
}

/* The thread's stack may be small or gone: handlers use the alternate stack if there is one. */
static int on_the_alternate_stack(struct rmmap_file *file)
{
        static char memory[65536];
        stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};

        (void)file;
        child_is(sigaltstack(&stack, NULL), 0);
        foreign[5000] = 'x';
        child_expect((const char *)handler_frame >= memory &&
                     (const char *)handler_frame < memory + sizeof(memory));
        return 0;
}

static int ignored_but_no_fault(struct rmmap_file *file)
{
        (void)file;
        kill(getpid(), SIGBUS);
        raise(SIGBUS);
        return 0;
}

static const struct signal_case {
        int (*body)(struct rmmap_file *file);
        void (*handler)(int number); /* NULL: with information */
        int flags;
} cases[] = {
        {with_information, NULL, 0},        {without_information, on_signal, 0},
        {of_others_in_a_body, NULL, 0},     {sent_by_somebody, NULL, 0},
        {in_another_thread, NULL, 0},       {on_the_alternate_stack, NULL, SA_ONSTACK},
        {ignored_but_no_fault, SIG_IGN, 0},
};
#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

static int run_case(void *arg)
{
        const struct signal_case *one = arg;
        struct rmmap_file *file;

        if (one->handler != NULL)
                set_action(one->handler, one->flags);
        else
                set_info_action(one->flags);
        file = guarded();
        child_is(one->body(file), 0);
        child_is(own_fault_is_caught(file), 0);
        rmmap_release(file);
        return 0;
}

START_TEST(goes_to_the_handler_before)
{
        if (cases[_i].flags == SA_ONSTACK && !HAVE_DECL_SA_ONSTACK) {
                skip_part("the library was configured without SA_ONSTACK");
                return;
        }
        ck_child(run_case, (void *)(uintptr_t)&cases[_i]);
}
END_TEST

/* ---- cases without a handler */

static const struct death {
        void (*handler)(int number);
        bool sent; /* else a fault, which the kernel doesn't let be ignored either */
} deaths[] = {{SIG_DFL, false}, {SIG_DFL, true}, {SIG_IGN, false}};
#define DEATHS ((int)(sizeof(deaths) / sizeof(deaths[0])))

static int die(void *arg)
{
        const struct death *death = arg;

        set_action(death->handler, 0);
        guarded();
        if (death->sent)
                kill(getpid(), SIGBUS);
        else
                foreign[5000] = 'x';
        return 0; /* not reached */
}

/* A handler that was installed for one call is gone after it. */
static int once_only(void *arg)
{
        (void)arg;
        set_action(on_signal, (int)SA_RESETHAND);
        guarded();
        raise(SIGBUS);
        if (calls != 1)
                return 1;
        raise(SIGBUS);
        return 2; /* not reached */
}

/* With RMMAP_ENGINE_PWRITE the program's handlers stay untouched. */
static int unasked(void *arg)
{
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_PWRITE);
        struct sigaction before, after;
        struct rmmap_file *file;

        (void)arg;
        child_is(sigaction(SIGBUS, NULL, &before), 0);
        child_is(rmmap_create(test_path("unasked"), SIZE, &options, &file), 0);
        child_is(rmmap_raw_fill(file, 1), 0);
        child_is(rmmap_sync_all(file), 0);
        rmmap_release(file);
        child_is(sigaction(SIGBUS, NULL, &after), 0);
        child_expect(before.sa_handler == after.sa_handler);
        return 0;
}

START_TEST(kills_where_nobody_was)
{
        for (int i = 0; i < DEATHS; i++)
                ck_assert_int_eq(child_run(die, (void *)(uintptr_t)&deaths[i]),
                                 CHILD_KILLED + SIGBUS);
        ck_assert_int_eq(child_run(once_only, NULL), CHILD_KILLED + SIGBUS);
}
END_TEST

START_TEST(without_a_mapping_no_handler)
{
        ck_child(unasked, NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("signals");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, goes_to_the_handler_before, 0, CASES);
        tcase_add_test(core, kills_where_nobody_was);
        tcase_add_test(core, without_a_mapping_no_handler);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
