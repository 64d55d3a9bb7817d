/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* facts.h - what file.c and name.c share */
#ifndef FACTS_H
#define FACTS_H

#include "system.h"

struct stat;
void facts_from(struct file_facts *facts, const struct stat *from);

#endif
