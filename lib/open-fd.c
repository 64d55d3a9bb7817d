/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files from descriptors, where there are descriptors. */
#include <errno.h>

#include "file.h"

int rmmap_open_fd(int fd, const struct rmmap_options *options, struct rmmap_file **file)
{
        return file_open_again(fd, options, file);
}

int rmmap_fd(const struct rmmap_file *file)
{
        return file == NULL ? -EINVAL : file->os.fd;
}
