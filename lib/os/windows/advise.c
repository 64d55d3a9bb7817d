/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Windows takes no such advice for a view; for a handle only when it is opened. */
#include "os/os.h"

void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order)
{
        (void)mapping;
        (void)fd;
        (void)order;
}
