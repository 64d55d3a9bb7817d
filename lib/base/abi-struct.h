/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Structs that cross the ABI start with their size. New members are added at the end, and zero in
 * one always means the default, as in libbpf and Linux's extensible system calls. Layer 0.
 */
#ifndef RMMAP_ABI_STRUCT_H
#define RMMAP_ABI_STRUCT_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* A larger size is an uninitialised struct: no version will be that long. */
#define ABI_STRUCT_MAX 4096

/*
 * Copies a caller's struct of any version into the library's, which is known bytes long. -EINVAL:
 * it is shorter than first_size, its size in version 0.1, or longer than ABI_STRUCT_MAX.
 * -EOPNOTSUPP: it sets a member that this version doesn't know.
 */
static inline int abi_struct_read(void *ours, size_t known, size_t first_size, const void *theirs)
{
        const unsigned char *bytes = theirs;
        size_t size;

        memcpy(&size, theirs, sizeof(size));
        if (size < first_size || size > ABI_STRUCT_MAX)
                return -EINVAL;
        for (size_t i = known; i < size; i++)
                if (bytes[i] != 0)
                        return -EOPNOTSUPP;
        memset(ours, 0, known);
        memcpy(ours, theirs, size < known ? size : known);
        return 0;
}

/* Fills a caller's struct, the common part from ours, the rest with zeros. Its size stays. */
static inline int abi_struct_write(void *theirs, size_t first_size, const void *ours, size_t known)
{
        size_t size, used;

        memcpy(&size, theirs, sizeof(size));
        if (size < first_size || size > ABI_STRUCT_MAX)
                return -EINVAL;
        used = size < known ? size : known;
        memcpy((unsigned char *)theirs + sizeof(size), (const unsigned char *)ours + sizeof(size),
               used - sizeof(size));
        memset((unsigned char *)theirs + used, 0, size - used);
        return 0;
}

#endif
