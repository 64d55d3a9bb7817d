/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads are linked statically, which libtool's flag for code in a DLL denies. */
#undef DLL_EXPORT
#include_next <pthread.h>
