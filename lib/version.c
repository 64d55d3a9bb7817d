/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rmmap.h"

uint32_t rmmap_version(void)
{
        return RMMAP_VERSION;
}
