/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files from HANDLEs, on Windows. */
#include <errno.h>

#include "file.h"
#include "os/handle.h"

_Static_assert(RMMAP_ESTALE == ESTALE && RMMAP_EDQUOT == EDQUOT, "what <errno.h> lacks");

int rmmap_open_handle(void *handle, const struct rmmap_options *options, struct rmmap_file **file)
{
        if (handle_of(fd_of(handle)) != handle)
                return -EBADF;
        return file_open_again(fd_of(handle), options, file);
}

void *rmmap_handle(const struct rmmap_file *file)
{
        return file == NULL ? NULL : handle_of(file->os.fd);
}
