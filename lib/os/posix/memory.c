/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/os.h"
#include "os/posix/calls.h"

void *memory_zeroed(size_t count, size_t size)
{
        return os_calls.calloc(count, size);
}

void *memory_aligned(size_t alignment, size_t size)
{
        void *memory;

        return os_calls.posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

char *memory_text(const char *text)
{
        return os_calls.strdup(text);
}

void memory_free(void *memory)
{
        os_calls.free(memory);
}
