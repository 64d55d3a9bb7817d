/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files by name: opening, and whether the name is still the file's. Layer 1. */
#ifndef RMMAP_PATH_H
#define RMMAP_PATH_H

#include <stdbool.h>
#include <sys/types.h>

/* A name that leads elsewhere each time we look is being fought over: give up after so many. */
#define PATH_NAME_TRIES 100

struct path_request {
        const char *path;
        bool read_only;
        bool must_create; /* create only: an existing file is -EEXIST */
        bool no_follow;   /* a symbolic link at the end is -ELOOP */
        mode_t mode;      /* create only */
};

/* Never truncates. *made: this call made the file. -ENODEV for what can't be a regular file. */
int path_create(const struct path_request *request, int *fd, bool *made);
int path_open(const struct path_request *request, int *fd);

/* Does the name still lead to this very file? */
bool path_names(const struct path_request *request, int fd);

void path_remove(const struct path_request *request);

/* The directory that holds the file's entry, open for fsync; a negative errno when there's none. */
int path_open_directory(const struct path_request *request, int fd);

/*
 * The same file once more, with an open file description of its own. The caller's access is
 * never widened. -EACCES when the descriptor may not do what is asked.
 */
int path_reopen(int fd, bool read_only, int *reopened, bool *shared);

#endif
