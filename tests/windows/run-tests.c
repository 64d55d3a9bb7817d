/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A test that fails, or needs what Windows lacks, is left by a jump; what it had open stays open.
 * One that takes too long, or crashes, ends the program.
 */
#include "../support.h"

#include "left-out.h"
#include "os/windows/calls.h"

static void *jump[5];
static const stand_in_test *running;
static bool failed;
static DWORD main_thread;

/* Lines end as elsewhere. */
__attribute__((__constructor__)) static void begin(void)
{
        _setmode(_fileno(stdout), _O_BINARY);
}

/* What a thread finds can't be left by a jump of the main thread. */
_Noreturn static void leave(void)
{
        fflush(stdout);
        if (GetCurrentThreadId() != main_thread || running == NULL)
                _exit(1);
        __builtin_longjmp(jump, 1);
}

void stand_in_end_test(void)
{
        failed = true;
        leave();
}

void test_lacks(const char *what)
{
        printf("SKIP: %s: Windows has no %s\n", running != NULL ? running->name : "main", what);
        leave();
}

void windows_may_lack(const char *what)
{
        static const char *const has[] = {
                "names of file systems",
                "other description for a descriptor",
                "reservation of space",
        };

        for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
                if (strcmp(has[i], what) == 0)
                        return;
        test_lacks(what);
}

static VOID CALLBACK out_of_time(void *unused, BOOLEAN fired)
{
        (void)unused;
        (void)fired;
        printf("%s: out of time\n", running->name);
        fflush(stdout);
        TerminateProcess(GetCurrentProcess(), 1);
}

static LONG CALLBACK crashed(EXCEPTION_POINTERS *raised)
{
        printf("%s: exception %lx at %p\n", running != NULL ? running->name : "main",
               raised->ExceptionRecord->ExceptionCode, raised->ExceptionRecord->ExceptionAddress);
        fflush(stdout);
        TerminateProcess(GetCurrentProcess(), 1);
        return EXCEPTION_CONTINUE_SEARCH;
}

/* Says the reason once. */
static bool is_left_out(const stand_in_test *test, int i)
{
        for (size_t n = 0; n < sizeof(left_out) / sizeof(left_out[0]); n++) {
                int first = left_out[n].end > 0 ? left_out[n].first : test->first;
                int end = left_out[n].end > 0 ? left_out[n].end : test->end;

                if (strcmp(left_out[n].test, test->name) != 0 || i < first || i >= end)
                        continue;
                if (i == first)
                        printf("SKIP: %s: %s\n", test->name, left_out[n].reason);
                return true;
        }
        return false;
}

/* Not inlined: what the jump returns to has nothing in registers that it would need. */
__attribute__((__noinline__)) static void run(const TCase *tcase, const stand_in_test *test, int i)
{
        if (__builtin_setjmp(jump) == 0)
                stand_in_call(tcase, test, i);
        else
                test_next_directory();
}

void stand_in_run_test(SRunner *runner, const TCase *tcase, const stand_in_test *test, int i)
{
        HANDLE timer;

        if (windows_calls.HeapAlloc == HeapAlloc)
                abort(); /* the library isn't linked with the table of inject.c */
        main_thread = GetCurrentThreadId();
        SetUnhandledExceptionFilter(crashed);
        if (is_left_out(test, i))
                return;
        running = test;
        failed = false;
        CreateTimerQueueTimer(&timer, NULL, out_of_time, NULL, (DWORD)tcase->seconds * 1000, 0,
                              WT_EXECUTEONLYONCE);
        run(tcase, test, i);
        (void)DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
        running = NULL;
        if (!failed)
                return;
        runner->failures++;
        printf("%s:%s:%s:%d: failed\n", runner->suite->name, tcase->name, test->name, i);
        fflush(stdout);
}
