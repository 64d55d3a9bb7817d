/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* In place of libcheck on Windows: without fork, all tests run in the program's own process. */
#ifndef TEST_WINDOWS_CHECK_H
#define TEST_WINDOWS_CHECK_H

/* printf is that of mingw's own library, which knows C11's formats. */
#define __printf__ __gnu_printf__

#define STAND_IN_LINKAGE extern
#include "../stand-in/suite.h"

#include "posix.h"

#endif
