/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A page that can't be supplied raises an exception in the thread. A vectored handler, which runs
 * on that thread's stack, changes where the thread continues: at a landing pad, which jumps to the
 * guard. As in os/posix/fault-guard.c a guard is a record in the frame that the jump returns to.
 */
#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "os/windows/inside.h"

typedef void *jump_target[5];

struct guard {
        uintptr_t seal; /* shows that the record wasn't overwritten */
        jump_target jump;
        uintptr_t start;
        size_t length;
        const void *volatile fault; /* its address */
        struct guard *outer;
};

/* The seal is this XOR the record's address. */
#define SEAL ((uintptr_t)0x5bd1e995)

/* Not _Thread_local: the compiler's own may allocate memory, which the handler must not do. */
static DWORD innermost = TLS_OUT_OF_INDEXES;

static INIT_ONCE install_once = INIT_ONCE_STATIC_INIT;
static int install_error;

/* ---- the registers */

#ifdef _WIN64
#define STACK_POINTER(context) ((context)->Rsp)
#define CONTINUE_AT(context, code, argument)                                                       \
        ((context)->Rip = (uintptr_t)(code), (context)->Rcx = (uintptr_t)(argument))
#define FIRST_IN_REGISTER
#else
#define STACK_POINTER(context) ((context)->Esp)
#define CONTINUE_AT(context, code, argument)                                                       \
        ((context)->Eip = (uintptr_t)(code), (context)->Ecx = (uintptr_t)(argument))
#define FIRST_IN_REGISTER __attribute__((__fastcall__))
#endif

/* The copy may have been going downwards; functions expect the other direction. */
#define DIRECTION_FLAG ((DWORD)0x400)

/* What a function may use above its return address: 32 bytes on 64 bits. */
#define ABOVE_RETURN_ADDRESS 64

static _Noreturn FIRST_IN_REGISTER void land(struct guard *guard)
{
        __builtin_longjmp(guard->jump, 1);
}

/* As if the interrupted code had called land(guard). */
static void redirect(CONTEXT *context, struct guard *guard)
{
        uintptr_t stack = (uintptr_t)STACK_POINTER(context) - ABOVE_RETURN_ADDRESS;

        stack = (stack & ~(uintptr_t)15) - sizeof(void *);
        *(void **)stack = NULL;
        STACK_POINTER(context) = stack;
        context->EFlags &= ~DIRECTION_FLAG;
        CONTINUE_AT(context, land, guard);
}

/* ---- the handler */

/*
 * The guard if its frame still exists for code with this stack pointer. NULL if the program left
 * the frame by a jump of its own, or runs on another stack.
 */
static struct guard *alive(struct guard *guard, uintptr_t stack)
{
        ULONG_PTR lowest, end;

        GetCurrentThreadStackLimits(&lowest, &end);
        if ((uintptr_t)guard <= stack || (uintptr_t)guard > end - sizeof(*guard))
                return NULL;
        return guard->seal == (SEAL ^ (uintptr_t)guard) ? guard : NULL;
}

static struct guard *guard_of(uintptr_t address, uintptr_t stack)
{
        struct guard *guard = alive(TlsGetValue(innermost), stack);

        while (guard != NULL && address - guard->start >= guard->length)
                guard = alive(guard->outer, (uintptr_t)guard);
        return guard;
}

/*
 * Windows raises EXCEPTION_IN_PAGE_ERROR. Wine raises EXCEPTION_ACCESS_VIOLATION for a page that
 * the view has, and that allows the access.
 */
static bool is_missing_page(const EXCEPTION_RECORD *record)
{
        const DWORD writable = PAGE_READWRITE | PAGE_WRITECOPY;
        MEMORY_BASIC_INFORMATION page;

        if (record->NumberParameters < 2)
                return false;
        if (record->ExceptionCode == EXCEPTION_IN_PAGE_ERROR)
                return true;
        return record->ExceptionCode == EXCEPTION_ACCESS_VIOLATION &&
               VirtualQuery((const void *)record->ExceptionInformation[1], &page, sizeof(page)) &&
               page.State == MEM_COMMIT && page.Type == MEM_MAPPED &&
               (page.Protect &
                (record->ExceptionInformation[0] == 0 ? writable | PAGE_READONLY : writable));
}

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *raised)
{
        const EXCEPTION_RECORD *record = raised->ExceptionRecord;
        struct guard *guard;
        DWORD before;

        if (record->ExceptionCode != EXCEPTION_IN_PAGE_ERROR &&
            record->ExceptionCode != EXCEPTION_ACCESS_VIOLATION)
                return EXCEPTION_CONTINUE_SEARCH;
        before = GetLastError();
        guard = is_missing_page(record) ? guard_of(record->ExceptionInformation[1],
                                                   (uintptr_t)STACK_POINTER(raised->ContextRecord))
                                        : NULL;
        SetLastError(before);
        if (guard == NULL)
                return EXCEPTION_CONTINUE_SEARCH;
        guard->fault = (const void *)record->ExceptionInformation[1];
        redirect(raised->ContextRecord, guard);
        return EXCEPTION_CONTINUE_EXECUTION;
}

/* The handler's code must stay in memory, so the module with it is never unloaded. */
static BOOL CALLBACK install(INIT_ONCE *once, void *argument, void **context)
{
        HMODULE self;

        (void)once;
        (void)argument;
        (void)context;
        GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                           (const WCHAR *)(uintptr_t)on_exception, &self);
        innermost = windows_calls.TlsAlloc();
        if (innermost == TLS_OUT_OF_INDEXES ||
            windows_calls.AddVectoredExceptionHandler(1, on_exception) == NULL)
                install_error = -ENOMEM;
        return TRUE;
}

int fault_guard_install(void)
{
        InitOnceExecuteOnce(&install_once, install, NULL, NULL);
        return install_error;
}

/* ---- guarded code */

/* Sets everything except the jump target. */
static inline void prepare(struct guard *guard, const void *start, size_t length)
{
        struct guard *outer = TlsGetValue(innermost);

        guard->seal = SEAL ^ (uintptr_t)guard;
        guard->start = (uintptr_t)start;
        guard->length = length;
        /* A guard below this one is in a frame that has ended. */
        guard->outer = (uintptr_t)outer > (uintptr_t)guard ? outer : NULL;
}

/* Runs after the jump, when locals that changed since __builtin_setjmp have no defined value. */
static NOINLINE const void *caught(const struct guard *guard)
{
        TlsSetValue(innermost, guard->outer);
        return guard->fault;
}

/*
 * The function that is guarded is called by a volatile pointer. If the compiler knew it, it would
 * see that nothing in it jumps, and remove the code after the jump.
 */
NOINLINE const void *fault_guard_run(const void *start, size_t length, void (*body)(void *arg),
                                     void *arg)
{
        void (*volatile run)(void *arg) = body;
        struct guard guard;

        prepare(&guard, start, length);
        if (__builtin_setjmp(guard.jump) != 0)
                return caught(&guard);
        TlsSetValue(innermost, &guard);
        run(arg);
        TlsSetValue(innermost, guard.outer);
        return NULL;
}

NOINLINE const void *fault_guard_copy(const void *start, size_t length, void *to, const void *from,
                                      size_t bytes)
{
        void *(*volatile copy)(void *, const void *, size_t) = memcpy;
        struct guard guard;

        prepare(&guard, start, length);
        if (__builtin_setjmp(guard.jump) != 0)
                return caught(&guard);
        TlsSetValue(innermost, &guard);
        copy(to, from, bytes);
        TlsSetValue(innermost, guard.outer);
        return NULL;
}
