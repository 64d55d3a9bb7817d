/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "fault-guard.h"

struct guard {
        sigjmp_buf jump;
        uintptr_t start;
        size_t length;
        const void *volatile fault; /* where */
        struct guard *outer;
};

/*
 * The handler reads this in threads that never ran a guard. On glibc only the initial-exec model
 * is sure not to allocate there; on musl no model allocates, and a library loaded later may not
 * use that one.
 */
#if defined(__GLIBC__)
#define SIGNAL_SAFE_TLS __attribute__((__tls_model__("initial-exec")))
#else
#define SIGNAL_SAFE_TLS
#endif
static _Thread_local struct guard *volatile innermost SIGNAL_SAFE_TLS;

static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static int install_error;
static struct sigaction previous;     /* written before our handler can run */
static atomic_flag previous_had_turn; /* for a previous handler that wanted one call only */

/* Raised by an access just now, not sent by somebody nor told of memory lost elsewhere. */
static bool is_access_fault(const siginfo_t *info)
{
        switch (info->si_code) {
        case BUS_ADRALN:
        case BUS_ADRERR:
        case BUS_OBJERR:
#ifdef BUS_MCEERR_AR
        case BUS_MCEERR_AR:
#endif
                return true;
        default:
                return false;
        }
}

static struct guard *guard_of(const void *address)
{
        for (struct guard *guard = innermost; guard != NULL; guard = guard->outer)
                if ((uintptr_t)address - guard->start < guard->length)
                        return guard;
        return NULL;
}

static void default_action(int signal_number)
{
        struct sigaction action;

        memset(&action, 0, sizeof(action));
        action.sa_handler = SIG_DFL;
        sigaction(signal_number, &action, NULL);
        /* Blocked until the handler returns, if it isn't the access that then faults again. */
        raise(signal_number);
}

static void chain(int signal_number, siginfo_t *info, void *context)
{
        bool gone = ((unsigned int)previous.sa_flags & SA_RESETHAND) != 0 &&
                    atomic_flag_test_and_set_explicit(&previous_had_turn, memory_order_relaxed);

        if (!gone && (previous.sa_flags & SA_SIGINFO)) {
                previous.sa_sigaction(signal_number, info, context);
                return;
        }
        if (!gone && previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
                previous.sa_handler(signal_number);
                return;
        }
        /* The kernel doesn't let a faulting access be ignored either. */
        if (gone || previous.sa_handler == SIG_DFL || is_access_fault(info))
                default_action(signal_number);
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
        struct guard *guard = is_access_fault(info) ? guard_of(info->si_addr) : NULL;
        const ucontext_t *interrupted = context;

        if (guard == NULL) {
                chain(signal_number, info, context);
                return;
        }
        /*
         * The jump doesn't restore the mask (that would cost a system call in every guard), so
         * it is done here: else the next fault of this thread would find SIGBUS blocked, and kill.
         */
        pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, NULL);
        guard->fault = info->si_addr;
        siglongjmp(guard->jump, 1);
}

/* Weak: a program that is linked statically has none, and the linker doesn't warn of it. */
#ifdef DLOPEN_IN_LIBC
#pragma weak dlopen
#endif

/* A handler must not outlive its code: never unload what holds this function. */
static void pin_library(void)
{
#ifdef PIC
        Dl_info self;

        /* The reference is kept on purpose. Not found, or NULL: part of the main program. */
        if (dlopen != NULL && dladdr((const void *)(uintptr_t)fault_guard_install, &self) != 0 &&
            self.dli_fname != NULL)
                (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

static void install(void)
{
        struct sigaction action;

        pin_library();
        if (sigaction(SIGBUS, NULL, &previous) != 0) {
                install_error = -errno;
                return;
        }
        memset(&action, 0, sizeof(action));
        action.sa_sigaction = on_fault;
        action.sa_mask = previous.sa_mask;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | (previous.sa_flags & (SA_NODEFER | SA_RESTART));
        if (sigaction(SIGBUS, &action, NULL) != 0)
                install_error = -errno;
}

int fault_guard_install(void)
{
        pthread_once(&install_once, install);
        return install_error;
}

const void *fault_guard_run(const void *start, size_t length, void (*body)(void *arg), void *arg)
{
        struct guard guard;

        guard.start = (uintptr_t)start;
        guard.length = length;
        guard.outer = innermost;
        /* Mask not saved: see on_fault. Nothing after the jump reads a local that changed. */
        if (sigsetjmp(guard.jump, 0) != 0) {
                innermost = guard.outer;
                return guard.fault;
        }
        /* volatile, and a signal fence: the record is whole before the handler can find it. */
        atomic_signal_fence(memory_order_release);
        innermost = &guard;
        body(arg);
        innermost = guard.outer;
        return NULL;
}
