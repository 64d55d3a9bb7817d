/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* signals.h - Ctrl-C and the like, as a descriptor */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

bool signals_open(void);
int signals_fd(void);
int signals_caught(void); /* the signal that asks the program to end; 0: none */
void signals_die(int signal);

#endif
