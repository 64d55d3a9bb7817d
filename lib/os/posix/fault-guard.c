/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "os/inside.h"
#include "os/posix/calls.h"

/*
 * The compiler's own setjmp is three stores: around a 64-byte copy its cost can't be measured.
 * libc's takes 2 ns. Sanitizers understand only libc's.
 */
#if defined(__GNUC__) && !defined(SANITIZED) &&                                                    \
        (defined(__x86_64__) || defined(__i386__) ||                                               \
         (defined(__aarch64__) && !defined(__clang__)))
typedef void *jump_target[5];
#define jump_prepare(target) __builtin_setjmp(target)
#define jump_to(target) __builtin_longjmp(target, 1)
#else
typedef sigjmp_buf jump_target;
#define jump_prepare(target) sigsetjmp(target, 0)
#define jump_to(target) siglongjmp(target, 1)
#endif

/* A record in the stack frame that the jump returns to. */
struct guard {
        uintptr_t seal; /* shows that the record wasn't overwritten */
        jump_target jump;
        uintptr_t start;
        size_t length;
        const void *volatile fault; /* its address */
        sigset_t mask;              /* of the interrupted code */
        struct guard *outer;
};

/* The seal is one of these XOR the record's address: the library's copy, or a caller's body. */
#define SEAL_COPY ((uintptr_t)0x5bd1e995)
#define SEAL_BODY ((uintptr_t)0x7feb352d)

/*
 * The handler reads this in threads that never ran a guard. In glibc only the initial-exec model is
 * sure to allocate no memory there. In musl no model allocates, and a library that dlopen loads may
 * not use initial-exec.
 */
#if defined(__GLIBC__)
#define SIGNAL_SAFE_TLS __attribute__((__tls_model__("initial-exec")))
#else
#define SIGNAL_SAFE_TLS
#endif
static _Thread_local struct guard *volatile innermost SIGNAL_SAFE_TLS;

/* An option of POSIX. Without it handlers run on the stack of the code that they interrupt. */
#ifndef SA_ONSTACK
#define SA_ONSTACK 0
#endif

static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static int install_error;
static struct sigaction previous;     /* written before our handler can run */
static atomic_flag previous_had_turn; /* for a previous handler with SA_RESETHAND */

/*
 * The guard if its frame still exists for code with this stack pointer. NULL if the program left
 * the frame by a jump of its own, which the library doesn't notice: the record then lies below the
 * stack pointer, or was overwritten, or its stack was unmapped. The guards around such a one can't
 * be found any more, because only its record pointed to them.
 */
static struct guard *alive(struct guard *guard, uintptr_t stack)
{
        if ((uintptr_t)guard <= stack || !is_readable(guard) || !is_readable(&guard->outer))
                return NULL;
        return guard->seal == (SEAL_COPY ^ (uintptr_t)guard) ||
                               guard->seal == (SEAL_BODY ^ (uintptr_t)guard)
                       ? guard
                       : NULL;
}

static struct guard *guard_of(const void *address, uintptr_t stack)
{
        struct guard *guard = alive(innermost, stack);

        while (guard != NULL && (uintptr_t)address - guard->start >= guard->length)
                guard = alive(guard->outer, (uintptr_t)guard);
        return guard;
}

/* The guards around the library's own copy, if one is running. */
static struct guard *around_copy(uintptr_t stack)
{
        struct guard *guard = alive(innermost, stack);

        while (guard != NULL && guard->seal == (SEAL_COPY ^ (uintptr_t)guard))
                guard = alive(guard->outer, (uintptr_t)guard);
        return guard;
}

static void default_action(int signal_number)
{
        struct sigaction action;

        memset(&action, 0, sizeof(action));
        action.sa_handler = SIG_DFL;
        os_calls.sigaction(signal_number, &action, NULL);
        /* Blocked until the handler returns; then it, or the access that faults again, kills. */
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
        /* As in the kernel: SIG_IGN doesn't apply to an access that faults. */
        if (gone || previous.sa_handler == SIG_DFL || is_access_fault(info))
                default_action(signal_number);
}

/* The previous handler may jump instead of returning. Then it also leaves the running copy. */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
        struct guard *guards = innermost;

        innermost = around_copy(stack_pointer(context));
        chain(signal_number, info, context);
        innermost = guards;
}

/*
 * A jump doesn't restore what the kernel restores when a handler returns. The signal stack is
 * restored here, with all signals blocked, so that no handler starts on it. The mask is restored
 * after the jump: with SIGBUS blocked, the next fault of this thread would end the process.
 */
static _Noreturn void leave(struct guard *guard, const ucontext_t *interrupted)
{
        sigset_t all;

        guard->mask = interrupted->uc_sigmask;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        give_back_stack(interrupted);
        jump_to(guard->jump);
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
        int before = errno;
        struct guard *guard = NULL;

        if (is_access_fault(info))
                guard = guard_of(info->si_addr, stack_pointer(context));
        if (guard != NULL) {
                guard->fault = info->si_addr;
                leave(guard, context);
        }
        errno = before;
        pass_on(signal_number, info, context);
        errno = before;
}

/*
 * The handler's code must stay in memory, so the library or program with it is never unloaded, if
 * the system can find what it is part of.
 * dlopen is found by dlsym, because the linker warns about a direct call in a static program, which
 * needs none.
 */
#if defined(PIC) && HAVE_DECL_DLADDR
static void pin_library(void)
{
        void *(*open_library)(const char *name, int mode);
        void *found;
        Dl_info self;

        /* Not found, or without a name: part of the main program. */
        if (dladdr((const void *)(uintptr_t)fault_guard_install, &self) == 0 ||
            self.dli_fname == NULL)
                return;
        found = dlsym(RTLD_DEFAULT, "dlopen");
        memcpy(&open_library, &found, sizeof(open_library));
        if (open_library != NULL) /* the reference is kept on purpose */
                (void)open_library(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}
#else
static void pin_library(void)
{
}
#endif

static void install(void)
{
        struct sigaction action;

        pin_library();
        if (os_calls.sigaction(SIGBUS, NULL, &previous) != 0) {
                install_error = -errno;
                return;
        }
        memset(&action, 0, sizeof(action));
        action.sa_sigaction = on_fault;
        action.sa_mask = previous.sa_mask;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | (previous.sa_flags & (SA_NODEFER | SA_RESTART));
        if (os_calls.sigaction(SIGBUS, &action, NULL) != 0)
                install_error = -errno;
}

int fault_guard_install(void)
{
        pthread_once(&install_once, install);
        return install_error;
}

/* Sets everything except the jump target. */
static inline void prepare(struct guard *guard, uintptr_t seal, const void *start, size_t length)
{
        struct guard *outer = innermost;

        guard->seal = seal ^ (uintptr_t)guard;
        guard->start = (uintptr_t)start;
        guard->length = length;
        /* A guard below this one is in a frame that has ended. */
        guard->outer = (uintptr_t)outer > (uintptr_t)guard ? outer : NULL;
}

/*
 * The function that runs between these two is called by a volatile pointer. If the compiler knew
 * it, it would see that nothing in it jumps, and remove the code after the jump.
 *
 * volatile and the signal fences: the record is complete before the handler can find it, and the
 * function runs between the two.
 */
static inline void enter(struct guard *guard)
{
        atomic_signal_fence(memory_order_release);
        innermost = guard;
        atomic_signal_fence(memory_order_acq_rel);
}

static inline void finish(const struct guard *guard)
{
        atomic_signal_fence(memory_order_acq_rel);
        innermost = guard->outer;
}

/* Runs after the jump, when locals that changed since jump_prepare have no defined value. */
static NOINLINE const void *caught(const struct guard *guard)
{
        innermost = guard->outer;
        pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
        return guard->fault;
}

NOINLINE const void *fault_guard_run(const void *start, size_t length, void (*body)(void *arg),
                                     void *arg)
{
        void (*volatile run)(void *arg) = body;
        struct guard guard;

        prepare(&guard, SEAL_BODY, start, length);
        if (jump_prepare(guard.jump) != 0)
                return caught(&guard);
        enter(&guard);
        run(arg);
        finish(&guard);
        return NULL;
}

NOINLINE const void *fault_guard_copy(const void *start, size_t length, void *to, const void *from,
                                      size_t bytes)
{
        void *(*volatile copy)(void *, const void *, size_t) = memcpy;
        struct guard guard;

        prepare(&guard, SEAL_COPY, start, length);
        if (jump_prepare(guard.jump) != 0)
                return caught(&guard);
        enter(&guard);
        copy(to, from, bytes);
        finish(&guard);
        return NULL;
}
