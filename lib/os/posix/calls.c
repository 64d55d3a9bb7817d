/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/posix/calls.h"

const struct os_calls os_calls = {OS_CALLS(OS_CALL_VALUE)};
