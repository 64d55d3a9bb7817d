/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/linux/calls.h"

const struct linux_calls linux_calls = {LINUX_CALLS(OS_CALL_VALUE)};
