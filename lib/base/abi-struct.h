/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Structs that cross the ABI start with their size and grow at the end, where zero always means
 * the default. (The size-first idea is that of libbpf and of Linux's extensible system calls.)
 * Layer 0.
 */
#ifndef RMMAP_ABI_STRUCT_H
#define RMMAP_ABI_STRUCT_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* A size beyond this was never set: no struct will be that long. */
#define ABI_STRUCT_MAX 4096

/*
 * Copy a caller's struct of whatever version into ours of known bytes. -EINVAL when it is shorter
 * than version 0.1's, first_size, or absurdly long; -EOPNOTSUPP when it asks for something that is
 * not known here.
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

/* Fill a caller's struct from ours: the smaller of the two, the rest zero, the size left alone. */
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
