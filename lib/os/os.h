/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every operation of the operating system that the library uses. Only lib/os/ includes headers of
 * the system and makes system calls; all else sees this contract. Layer 1.
 *
 *   linux/   what only Linux has
 *   posix/   what both have; and, where a file of the same name is in linux/, how a POSIX system
 *            does without. configure --with-os=posix builds only these: the floor.
 *
 * Rules for all, where nothing else is said:
 *   - int is 0 or a negative errno; errno itself may be changed.
 *   - -EOPNOTSUPP means "can't be had here", and only that. Only the operations that are marked
 *     [optional] answer it; their callers go on without.
 *   - Sizes and offsets are bytes; offsets and sums of them stay below 2^63.
 *   - EINTR is never an answer: a call that a signal interrupted is made again.
 *   - Any thread may call anything at any time; two calls on one descriptor or mapping don't
 *     disturb each other. Nothing here takes a lock, so a child of fork may call everything, too.
 *   - No memory is allocated, but by the family that does.
 *   - Nothing puts cancellation off: that is up to callers, who know what must happen together.
 */
#ifndef RMMAP_OS_H
#define RMMAP_OS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/fork-generation.h"
#include "os/thread.h"

/* ---- errors ---------------------------------------------------------------------------------- */

/* What Linux keeps for itself, and lets through where a file system passes a call on. */
#define KERNEL_ENOTSUPP 524

/*
 * The one rule for answers of the system that mean "not here". A call that only makes things better
 * (reserve, lock, start write-back, ask for facts, sync a directory) never makes anything fail
 * because it can't be had. Kernels and file systems say so in many ways: ENOSYS, EOPNOTSUPP,
 * ENOTTY, EINVAL, ENOLCK, 524; sandboxes by EPERM or EACCES; what can't be written by EROFS. What
 * is left of such an answer is a fact that rmmap_describe tells.
 */
static inline bool is_unavailable(int error)
{
        switch (error) {
        case ENOSYS:
        case EOPNOTSUPP:
        case EINVAL:
        case EPERM:
        case EACCES:
        case EROFS:
        case ENOLCK:
        case ENOTTY:
        case KERNEL_ENOTSUPP:
                return true;
        default:
                return false;
        }
}

/* The negative errno of a call that failed; -EOPNOTSUPP for all that mean "not here". */
static inline int unavailable_or(int error)
{
        return is_unavailable(error) ? -EOPNOTSUPP : -error;
}

/* ---- files by name: path.c, reopen.c --------------------------------------------------------- */

/* A name that leads elsewhere each time we look is being fought over: give up after so many. */
#define PATH_NAME_TRIES 100

struct path_request {
        const char *path;
        bool read_only;
        bool must_create; /* create only: an existing file is -EEXIST */
        bool no_follow;   /* a symbolic link at the end is -ELOOP */
        uint32_t mode;    /* create only */
};

/*
 * Open for reading and writing, made if it isn't there. Never truncates. *made: this call made the
 * file. -ENODEV for what can't be a regular file.
 */
int path_create(const struct path_request *request, int *fd, bool *made);
int path_open(const struct path_request *request, int *fd);

/* Does the name still lead to this very file? */
bool path_names(const struct path_request *request, int fd);

void path_remove(const struct path_request *request);

/* The directory that holds the file's entry, open for fsync; a negative errno when there's none. */
int path_open_directory(const struct path_request *request, int fd);

/*
 * The same file once more. The caller's access is never widened: -EACCES when the descriptor may
 * not do what is asked. *shared: it shares the open file description, and so its lock, its position
 * and its errors, with the caller's; -EINVAL when that one's flags would send writes astray.
 */
int path_reopen(int fd, bool read_only, int *reopened, bool *shared);

/* ---- an open file: file.c -------------------------------------------------------------------- */

/* Is it in a directory? A memfd isn't, nor what was unlinked. true when that can't be told. */
bool storage_has_name(int fd);

/* The size of a regular file; -EISDIR, -ENODEV for what isn't one. */
int storage_size(int fd, uint64_t *size);

int storage_resize(int fd, uint64_t size);

/* All of data, or an error. -EFBIG where the process's limit would be met. */
int storage_write(int fd, uint64_t offset, const void *data, size_t length);

/* All of it, or an error; -ESTALE when the file ends too early. */
int storage_read(int fd, uint64_t offset, void *buffer, size_t length);

/* A close that fails has closed all the same. Nothing for a negative fd. */
void storage_close(int fd);

/*
 * A caller's descriptor, at its position: bytes read, 0 at the end, or a negative errno, of which
 * EINTR and EAGAIN are the caller's business. -EFAULT for memory whose pages can't be had. A
 * cancellation point.
 */
int64_t source_read(int fd, void *buffer, size_t length);

/* What was read last goes back; a pipe or socket can't take it. */
void source_unread(int fd, size_t length);

/* ---- what limits it: limits.c, write-access.c ------------------------------------------------ */

/* -EFBIG where a file of this size would meet RLIMIT_FSIZE, which the kernel tells by a signal. */
int storage_check_limit(uint64_t end);

/* Sealed by a memfd's owner against each later way to write? false when that can't be told. */
bool storage_is_sealed(int fd);

/*
 * Why an access at offset by the mapping failed, never 0: the error of a call that reads there;
 * -EPERM of an immutable file; -EROFS; what the file system says that is asked for room, -EIO when
 * it has shut down; -ENOSPC otherwise. (xfs keeps a reserve that a call finds and a fault may not
 * use.)
 */
int storage_probe_fault(int fd, uint64_t offset);

/* ---- the file system: file-system.c ---------------------------------------------------------- */

/* How it can be told that every byte of a file has its space. */
enum reservation {
        RESERVES_NOTHING, /* copies on write, or not known: a full disk may come at any write */
        RESERVES_EXTENTS, /* storage_reserve does; its extents tell what is there */
        RESERVES_PAGES,   /* storage_reserve does; a file without holes is all there (tmpfs) */
        RESERVES_BY_MAP,  /* mmap itself reserves (hugetlbfs) */
};

struct file_system {
        const char *name;
        uint64_t magic;
        enum reservation reservation;
        bool coherent;  /* mapping and pread/pwrite see the same bytes at once */
        bool copies_up; /* a file becomes another one when somebody writes to it (overlayfs) */
        size_t page;    /* a mapping's granularity where it isn't the machine's page; else 0 */
};

/* What isn't known is taken for the worst: it reserves nothing, and isn't coherent. */
int file_system_of(int fd, struct file_system *file_system);

/* ---- space on disk: preallocate.c, extents.c ------------------------------------------------- */

/* Reserve space for all of the file, never by writing zeros. [optional] -ENOSPC and the like. */
int storage_reserve(int fd, uint64_t size);

/* Does every byte of the file have its own space already? false when that can't be told. */
bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size);

/*
 * 1: what is first in [*start, *end) of what is reserved and was never written to the disk, to
 * which the two are narrowed; 0: there is none. [optional]
 */
int extents_find_unwritten(int fd, uint64_t *start, uint64_t *end);

/* ---- locks: lock.c. They belong to the open file description --------------------------------- */

enum file_lock { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE };

/* Never waits: -EBUSY when another handle stands against it. [optional] */
int file_lock_take(int fd, enum file_lock lock);

/* The exclusive one, after those who hold a lock for a moment only: half a second at most. */
int file_lock_outlast(int fd);

/* Explicitly, because a child between fork and exec would hold the lock on. */
void file_lock_drop(int fd);

/* Closes fd, and drops its lock first when it has one. */
void file_lock_close(int fd, bool locked);

/* ---- to the device: sync.c, writeback.c ------------------------------------------------------ */

/*
 * Start I/O on the dirty pages of [offset, offset + length); length 0: to the end. It promises
 * nothing; but an error may be told here only, and must be latched. [optional]
 */
int writeback_start(int fd, uint64_t offset, uint64_t length);

/*
 * Wait until all data is durable; with_metadata: everything about the file (fsync), which may be a
 * directory.
 */
int writeback_sync(int fd, bool with_metadata);

/*
 * pwrite of all of data, durable when it returns 0. [optional] Then a write and a sync do it, or
 * tell why not.
 */
int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length);

/* ---- the mapping: mapping.c ------------------------------------------------------------------ */

/* Address space: reserved first, then filled with the file. */
struct mapping {
        unsigned char *base; /* NULL: none */
        size_t length;       /* the file's size rounded up to whole pages */
};

/* Can't be mapped from here up: half of what x86-64 and aarch64 processes address. */
#define MAPPING_LIMIT (UINT64_C(1) << 47)

/* The machine's page: a power of two that doesn't change. */
size_t mapping_page_size(void);

/* -EFBIG for a size that no mapping of this process could hold. */
int mapping_check_size(uint64_t size);

/* Reserve address space for size bytes, aligned to huge pages; page: the file's own page size. */
int mapping_reserve(struct mapping *mapping, uint64_t size, size_t page);

/* Put the file there. -ENODEV where the file system has no mapping. */
int mapping_attach(const struct mapping *mapping, int fd, bool read_only);

/* Nothing for one that is free; nobody else may use it any more. */
void mapping_free(struct mapping *mapping);

/* msync the pages that [offset, offset + length) touches; waits until they are durable. */
int mapping_sync(const struct mapping *mapping, uint64_t offset, uint64_t length);

/* ---- its pages: populate.c ------------------------------------------------------------------- */

/* What is going to be read, by whichever way: in order, or here and there. Only advice. */
enum mapping_order { MAPPING_IN_ORDER, MAPPING_AT_RANDOM };
void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order);

/* Did the kernel take the wish? */
bool mapping_want_huge_pages(const struct mapping *mapping);

/* Fault everything in. [optional] -ENOSPC (write) or -EIO (read) where a page can't be had. */
int mapping_populate(const struct mapping *mapping, bool read_only);

/*
 * Map a piece for writing at once, whatever its pages are now. [optional] Another negative errno
 * when it isn't so afterwards. Dirties all of it. Pointers into it stay valid, and what other
 * threads write meanwhile stays.
 */
int mapping_populate_region(const struct mapping *mapping, uint64_t offset, uint64_t length);

/*
 * The same for a piece that was hardly written yet: nothing beyond it is read ahead, which with a
 * large read-ahead takes longer than the piece itself. at_random: the mapping is MAPPING_AT_RANDOM.
 * [optional]
 */
int mapping_dirty(const struct mapping *mapping, uint64_t offset, uint64_t length, bool at_random);

/*
 * A piece's page table entries go, if the system can; its pages and what they hold stay, and so do
 * pointers.
 */
void mapping_forget(const struct mapping *mapping, uint64_t offset, uint64_t length);

/* ---- faults: fault-guard.c, fault-context.c -------------------------------------------------- */

/*
 * Code that touches a mapping whose pages may be missing (file truncated, disk full, I/O error)
 * runs under a guard: the SIGBUS it takes ends the guarded call instead of the process.
 *
 * This installs the handler, the first time; it stays, and the library with it. What isn't ours
 * goes to the handler found there.
 */
int fault_guard_install(void);

/*
 * Run body(arg). NULL, or where in [start, start + length) the fault was that ended it. Guards
 * nest. body is left without unwinding; what it must tell on the way it writes to volatile memory.
 */
const void *fault_guard_run(const void *start, size_t length, void (*body)(void *arg), void *arg);

/* The same around memcpy(to, from, bytes), for what a nanosecond counts in. */
const void *fault_guard_copy(const void *start, size_t length, void *to, const void *from,
                             size_t bytes);

/* ---- time and threads: thread.c, thread.h ---------------------------------------------------- */

/* Nanoseconds since some moment; never goes back. */
uint64_t clock_now(void);

/* To any other thread that could run here. */
void backoff_yield(void);

/* So often the processor is offered to others at once; then a millisecond passes each time. */
#define BACKOFF_YIELDS 200

/*
 * Waiting for a thread that is done in a moment, without a lock to sleep on: call with tries
 * counting up from 0. Never a cancellation point.
 */
void backoff(unsigned int tries);

/* ---- memory: memory.c. As safe for threads and in children as malloc ------------------------- */

/* NULL: there is none. Much of it costs nothing until it is written to. */
void *memory_zeroed(size_t count, size_t size);

/* Not zeroed; alignment is a power of two, and a multiple of a pointer's size. */
void *memory_aligned(size_t alignment, size_t size);

/* A copy of it. */
char *memory_text(const char *text);

/* Of each of them; nothing for NULL. */
void memory_free(void *memory);

/* ---- process and machine: random.c, fork-generation.c, limits.c ------------------------------ */

/* Words nobody can guess, for keys; 256 at most. A negative errno only where the system has no
 * source at all. */
int random_bytes(void *buffer, size_t length);

/* Some word other than 0 that no handle of any process has had. */
int random_word(uint64_t *word);

/* This process's generation, never 0; drawn at the first call. fork-generation.h has more. */
int fork_generation(uint64_t *generation);

/* Of the processor's last level of cache; 0 when that can't be told. */
uint64_t cache_size(void);

#endif
