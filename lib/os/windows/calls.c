/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/windows/calls.h"

const struct windows_calls windows_calls = {WINDOWS_CALLS(WINDOWS_CALL_VALUE)};
