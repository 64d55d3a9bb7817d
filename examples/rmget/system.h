/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * system.h - what rmget and rmmap use of the operating system: linux/ and windows/
 *
 * Paths are UTF-8. An int is 0 or a negative errno, unless its comment says otherwise. A file is an
 * int that only these functions understand: a descriptor, or the 32 bits of a HANDLE.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct rmmap_file;

/* ---- the process: program.c ---- */

/*
 * Makes sure that the first three descriptors are open, so that no file gets their numbers, and
 * that the arguments are UTF-8. prints: what the program prints is its purpose, so printing to a
 * descriptor that was closed is an error. false: there is no descriptor for a message either.
 */
bool program_begin(int *argc, char ***argv, bool prints);

void nap(unsigned milliseconds);
unsigned processors(void);
uint64_t random_number(void); /* differs between processes and calls; no secret */

/* Bytes that have come and stay to be read; negative: none so far. */
int64_t socket_peek(uintptr_t socket, void *buffer, size_t length);

/* What an errno means, in words; either sign. */
const char *error_text(int error);

/* Is it an errno of a file system or sandbox that doesn't have the call? */
bool is_missing(int error);

/* ---- a terminal: terminal.c ---- */

/* descriptor: of stdio. 0: it is no terminal. */
unsigned terminal_columns(int descriptor);
bool terminal_is_utf8(void);
/* Does the terminal of standard error show another job of the shell? */
bool in_background(void);

/* ---- an open file: file.c ---- */

enum file_kind { FILE_REGULAR, FILE_DIRECTORY, FILE_OTHER };

struct file_facts {
        enum file_kind kind;
        uint64_t size, space;  /* bytes; and on the disk */
        uint64_t identity[3];  /* all equal: the same file */
        uint32_t mode;         /* permissions; on Windows the attributes */
        uint32_t owner, group; /* 0 on Windows */
        struct timespec accessed, modified;
        struct timespec created; /* Windows only */
};

/* Each returns the file, or a negative errno. Opening never waits for another process. */
enum { FILE_WRITABLE = 1, FILE_NO_FOLLOW = 2 };
int file_open(const char *path, unsigned flags);

void file_close(int file);
int file_facts(int file, struct file_facts *facts);
bool same_facts(const struct file_facts *a, const struct file_facts *b);

/* Bytes read, 0 at the end, or a negative errno. The second reads on where the first ended. */
int64_t file_read(int file, void *buffer, size_t length, uint64_t offset);
int64_t file_read_on(int file, void *buffer, size_t length);
void file_rewind(int file);

/* -EBUSY: another process, or a handle of the library, has a lock on it. */
int file_lock(int file);

/* The library's own. */
int file_of(const struct rmmap_file *file);

/* ---- names: name.c ---- */

const char *last_name(const char *path); /* where the last part of path begins */
/* Each to be freed; NULL: no memory. */
char *directory_of(const char *path);
char *path_in(const char *directory, const char *name);

size_t longest_name(const char *directory);

int path_facts(const char *path, bool follow, struct file_facts *facts);

/* Does the name mean this file? A link to it doesn't count. */
bool name_means(const char *path, int file);

int name_remove(const char *path);
int directory_make(const char *path); /* for this user alone */
int directory_remove(const char *path);

/* Bytes that this user can still use; UINT64_MAX: not known. */
uint64_t free_space(const char *directory);

#endif
