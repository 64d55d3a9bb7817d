/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Broken twins of the library, to see that a checker finds them: linked into a program, this stands
 * between the library and libc, and leaves out what a careless library would leave out.
 */
#ifndef CRASH_TWIN_H
#define CRASH_TWIN_H

#include <stdbool.h>

/*
 * From here on this process is the twin of that name: no-fdatasync, no-msync, half-msync,
 * no-dsync, no-directory, deaf (no error of a sync is heard). false: there is none of that name.
 */
bool twin_become(const char *name);

#endif
