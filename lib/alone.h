/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For rmmap_publish and rmmap_trim: neither a second reference nor another handle. Layer 3. */
#ifndef RMMAP_ALONE_H
#define RMMAP_ALONE_H

#include <stdbool.h>

#include "file.h"

/* One call at a time, and only with the last reference; false: it isn't. */
bool alone_enter(struct rmmap_file *file);
void alone_leave(struct rmmap_file *file);

/* The exclusive lock: -EBUSY if another handle has the file. 0 also where files aren't locked. */
int alone_lock(struct rmmap_file *file);

/*
 * Back to the lock that the handle had, after what returned err. Where changing a lock takes two
 * steps, whoever came in between has the file now, and its size may show it. may_grow: another
 * handle may make it longer. Returns the sticky error, or err.
 */
int alone_unlock(struct rmmap_file *file, int err, bool may_grow);

#endif
