/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "os/windows/inside.h"

/* What HeapAlloc returned is kept right below each block, whatever its alignment. */
static void *allocate(size_t alignment, size_t size, DWORD flags)
{
        size_t more = alignment + sizeof(void *);
        unsigned char *raw = NULL;
        void **block;

        if (size <= SIZE_MAX - more)
                raw = windows_calls.HeapAlloc(GetProcessHeap(), flags, size + more);
        if (raw == NULL)
                return NULL;
        block = (void **)(uintptr_t)align_up_to((uintptr_t)(raw + sizeof(void *)), alignment);
        block[-1] = raw;
        return block;
}

void *memory_zeroed(size_t count, size_t size)
{
        if (size != 0 && count > SIZE_MAX / size)
                return NULL;
        return allocate(MEMORY_ALLOCATION_ALIGNMENT, count * size, HEAP_ZERO_MEMORY);
}

void *memory_aligned(size_t alignment, size_t size)
{
        return allocate(alignment, size, 0);
}

char *memory_text(const char *text)
{
        size_t size = strlen(text) + 1;
        char *copy = allocate(sizeof(void *), size, 0);

        return copy == NULL ? NULL : memcpy(copy, text, size);
}

void memory_free(void *memory)
{
        if (memory != NULL)
                windows_calls.HeapFree(GetProcessHeap(), 0, ((void **)memory)[-1]);
}
