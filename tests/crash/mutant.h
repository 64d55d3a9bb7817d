/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Mutants of the library, to see that a checker finds them: linked into a program, this stands
 * between the library and libc, and leaves out what a careless library would leave out.
 */
#ifndef CRASH_MUTANT_H
#define CRASH_MUTANT_H

#include <stdbool.h>

/*
 * From here on this process is the mutant of that name: no-fdatasync, no-msync, half-msync,
 * no-dsync, no-directory, no-fsync (of a file), no-state (no msync of a file called state), deaf
 * (no error of a sync is heard). false: there is none of that name.
 */
bool mutant_become(const char *name);

#endif
