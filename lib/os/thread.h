/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inline functions of os.h for threads; mutexes and conditions. Layer 1. */
#ifndef RMMAP_THREAD_H
#define RMMAP_THREAD_H

#ifdef _WIN32
#include "os/windows/thread.h"
#else
#include "os/posix/thread.h"
#endif

#endif
