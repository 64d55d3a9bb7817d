/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <mach/mach.h>

#include "os/inside.h"

/*
 * The kernel copies, or says that it can't. The advice that posix/ gives instead reports errors
 * here by -1 and errno, as other calls do, and for less than all memory that can't be read.
 */
bool is_readable(const volatile void *address)
{
        uint64_t copy;
        vm_size_t copied = 0;

        return vm_read_overwrite(mach_task_self(), (vm_address_t)address, sizeof(copy),
                                 (vm_address_t)&copy, &copied) == KERN_SUCCESS;
}

bool is_access_fault(const siginfo_t *info)
{
        return info->si_code == BUS_ADRALN || info->si_code == BUS_ADRERR ||
               info->si_code == BUS_OBJERR;
}

#if defined(__aarch64__)
uintptr_t stack_pointer(const ucontext_t *interrupted)
{
        return (uintptr_t)__darwin_arm_thread_state64_get_sp(interrupted->uc_mcontext->__ss);
}
#elif defined(__x86_64__)
uintptr_t stack_pointer(const ucontext_t *interrupted)
{
        return (uintptr_t)interrupted->uc_mcontext->__ss.__rsp;
}
#endif

/* The kernel's note that a thread is on its signal stack isn't for programs to change. */
void give_back_stack(const ucontext_t *interrupted)
{
        (void)interrupted;
}
