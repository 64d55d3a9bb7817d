/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every operation of the operating system that the library uses. Only lib/os/ includes headers of
 * the system and makes system calls; all other code uses these functions. Layer 1.
 *
 *   linux/   what only Linux has
 *   darwin/  what macOS has, or does in its own way
 *   posix/   what every POSIX system has. Where the others have a file of the same name, that of
 *            posix/ does without them. configure --with-os=posix uses only posix/: the floor build.
 *   windows/ Windows 10 and later. A descriptor is the 32 bits of a HANDLE: handle.h.
 *
 * Rules for all functions, unless their comment says otherwise:
 *   - int is 0 or a negative errno; errno itself may be changed.
 *   - -EOPNOTSUPP means only that this system lacks the operation. Only operations that are marked
 *     [optional] return it; their callers continue without.
 *   - Sizes and offsets are bytes; offsets and sums of them stay below 2^63.
 *   - -EINTR is never returned: a system call that a signal interrupts is made again.
 *   - Any thread may call any function at any time, also on a descriptor or mapping that another
 *     call uses. No function takes a mutex, so a forked child may call all of them, too.
 *   - Only the functions under "memory" allocate memory, and those that make an entry or a path; on
 *     Windows also those that take a path.
 *   - No function disables cancellation: callers do, because they know which calls must all happen.
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

/* An error number inside Linux, which programs see where a file system forwards a call. */
#define KERNEL_ENOTSUPP 524

/*
 * Does the error mean that the system lacks the operation? An operation that only improves
 * something (reserve, lock, start write-back, query facts, sync a directory) lets no public call
 * fail for that reason. Kernels and file systems report it as ENOSYS, EOPNOTSUPP, ENOTTY, EINVAL,
 * ENOLCK or 524, sandboxes as EPERM or EACCES, read-only file systems as EROFS. rmmap_describe
 * reports what a handle has to do without.
 */
static inline bool is_unavailable(int error)
{
        if (error == ENOTSUP) /* on macOS another number than EOPNOTSUPP */
                return true;
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

/* The negative errno of a call that failed; -EOPNOTSUPP if the system lacks the operation. */
static inline int unavailable_or(int error)
{
        return is_unavailable(error) ? -EOPNOTSUPP : -error;
}

/* ---- files by name: path.c, reopen.c --------------------------------------------------------- */

/* How often to look a name up again if each time another process has replaced the file. */
#define PATH_NAME_TRIES 100

struct path_request {
        const char *path;
        bool read_only;
        bool must_create; /* create only: an existing file is -EEXIST */
        bool no_follow;   /* a symbolic link at the end is -ELOOP */
        uint32_t mode;    /* create only */
};

/*
 * Opens the file for reading and writing; creates it if it doesn't exist. Never truncates. *made:
 * this call created the file. -ENODEV: it is a device, a socket or a FIFO.
 */
int path_create(const struct path_request *request, int *fd, bool *made);
int path_open(const struct path_request *request, int *fd);

/* Does the name still lead to the file that fd has open? */
bool path_names(const struct path_request *request, int fd);

void path_remove(const struct path_request *request);

/*
 * Opens the file of fd once more. -EACCES: fd itself doesn't allow this access. *shared: the new
 * descriptor shares the open file description with fd, and so its lock, its position and its
 * errors; -EINVAL: it would share flags under which writes fail or go elsewhere (O_APPEND).
 */
int path_reopen(int fd, bool read_only, int *reopened, bool *shared);

/* ---- the entry of a file in its directory: entry.c, rename.c, unnamed.c ---------------------- */

struct entry {
        char *name;    /* memory_free; NULL: there is none. UTF-16 on Windows */
        int directory; /* which the name is relative to, for fsync too; -1: the name is a path */
};
#define NO_ENTRY ((struct entry){.name = NULL, .directory = -1})

/*
 * The entry by which this request created or opened the file of fd, behind all symbolic links.
 * Where that isn't to be found, entry_check of the result is -ESTALE. directory is -1 where the
 * directory can't be opened. -ENOMEM.
 */
int entry_find(const struct path_request *request, int fd, struct entry *entry);

/*
 * The entry that path stands for, which needn't exist; a symbolic link as the last component is the
 * entry itself. -EISDIR: path ends in a slash.
 */
int entry_at(const char *path, struct entry *entry);

/* hidden-name.c: the last component of a hidden file's path, and its longest length with the 0. */
#define HIDDEN_PREFIX ".rmmap-"
#define HIDDEN_NAME (sizeof(HIDDEN_PREFIX) + 16)
int hidden_name(char name[HIDDEN_NAME]);

/* A new name for a hidden file in the directory of an entry. */
int entry_hidden_name(const struct entry *beside, char **name);

/*
 * As entry_hidden_name, the path of a file in a directory; the caller frees *path by memory_free.
 * -ENOTDIR, or -ELOOP of a link with no_follow.
 */
int path_hidden_in(const struct path_request *directory, char **path);

/* The same for a file beside path, which needn't exist. */
int path_hidden_beside(const char *path, char **hidden);

/* 0: the entry leads to the file of fd; -ESTALE: to another file; -EISDIR: to a directory. */
int entry_check(const struct entry *entry, int fd);

/* Are both in the same directory? false if unknown. */
bool entry_is_beside(const struct entry *a, const struct entry *b);

/* Moves the file to another entry, in one step. Without replace, -EEXIST, or [optional]. */
int entry_rename(const struct entry *from, const struct entry *to, bool replace);

/* Gives the file one more entry. -EEXIST. [optional] */
int entry_link(const struct entry *from, const struct entry *to);

void entry_remove(const struct entry *entry);

/* Closes the directory and frees the name. */
void entry_free(struct entry *entry);

/*
 * Creates a file without an entry in the directory that the request names. [optional] Where a file
 * could be created, but not be given an entry later, that is -EOPNOTSUPP too.
 */
int unnamed_create(const struct path_request *directory, int *fd);

/* Its first entry. -EEXIST. */
int unnamed_link(int fd, const struct entry *to);

/* ---- an open file: file.c, identity.c, resize.c ---------------------------------------------- */

/* Is the file in a directory? A memfd or an unlinked file isn't. true if unknown. */
bool storage_has_name(int fd);

/* The size of a regular file. -EISDIR: a directory; -ENODEV: another kind of file. */
int storage_size(int fd, uint64_t *size);

/*
 * Which file it is. The birth time tells a file from an older one whose inode it got; 0 where the
 * system or the file system keeps none.
 */
struct file_identity {
        uint64_t device, inode, born_seconds, born_nanoseconds;
};
int storage_identity(int fd, struct file_identity *identity);

/*
 * Where both have a birth time it decides: the number of a device may be another one when the
 * system has started again.
 */
static inline bool file_identity_equal(const struct file_identity *a, const struct file_identity *b)
{
        bool born = (a->born_seconds | a->born_nanoseconds) != 0 &&
                    (b->born_seconds | b->born_nanoseconds) != 0;

        return a->inode == b->inode && (born ? a->born_seconds == b->born_seconds &&
                                                        a->born_nanoseconds == b->born_nanoseconds
                                             : a->device == b->device);
}

/*
 * A word, never 0, of which every open of this file in this mount since the machine started gets
 * the same. With another one, what a process stored and nobody synced may be lost. [optional]
 */
int storage_session(int fd, uint64_t *session);

int storage_resize(int fd, uint64_t size);

/* The permissions of one file for another. Only advice; on Windows nothing. */
void storage_copy_mode(int from, int to);

/*
 * Before the file gets its size: shall only what is written take space? Elsewhere than on Windows
 * every file that isn't reserved is so. Only advice.
 */
void storage_set_sparse(int fd, bool sparse);

/* Writes all of data, or returns an error. -EFBIG where it would exceed RLIMIT_FSIZE. */
int storage_write(int fd, uint64_t offset, const void *data, size_t length);

/* Fills all of buffer, or returns an error. -ESTALE: the file ends before. */
int storage_read(int fd, uint64_t offset, void *buffer, size_t length);

/* Closes fd even where close reports an error. No effect on a negative fd. */
void storage_close(int fd);

/*
 * Not on Windows. Reads a caller's descriptor at its position. Returns the bytes read, 0 at the
 * end, or a negative errno; callers handle -EINTR and -EAGAIN. -EFAULT: the kernel can't supply a
 * page of buffer. A cancellation point.
 */
int64_t source_read(int fd, void *buffer, size_t length);

/* Moves the position back over the last length bytes read; no effect on a pipe or socket. */
void source_unread(int fd, size_t length);

/* ---- what limits it: limits.c, write-access.c ------------------------------------------------ */

/* -EFBIG where a file of end bytes would exceed RLIMIT_FSIZE; the kernel would send SIGXFSZ. */
int storage_check_limit(uint64_t end);

/* Is it a memfd with F_SEAL_FUTURE_WRITE, so that only existing mappings can write? */
bool storage_is_sealed(int fd);

/*
 * Why an access to the mapping at offset failed; never 0. In this order: the error of a read there;
 * -EPERM for an immutable file; -EROFS; the error of a request for space there (-EDQUOT, -ESTALE,
 * or -EIO where the file system has shut down); otherwise -ENOSPC, even where that request
 * succeeds: xfs keeps a reserve that a system call may use and a page fault may not.
 */
int storage_probe_fault(int fd, uint64_t offset);

/* ---- the file system: file-system.c ---------------------------------------------------------- */

/* Can space for every byte of a file be reserved, and how does the library see that it was? */
enum reservation {
        RESERVES_NOTHING,  /* copy-on-write, or unknown: any write may find the disk full */
        RESERVES_EXTENTS,  /* by storage_reserve; the extents show what is reserved */
        RESERVES_PAGES,    /* by storage_reserve; a file without holes is reserved (tmpfs) */
        RESERVES_BY_MAP,   /* mmap itself reserves (hugetlbfs) */
        RESERVES_AS_UPPER, /* overlayfs: as RESERVES_EXTENTS or _NOTHING, which each file shows */
};

struct file_system {
        const char *name;
        uint64_t magic;
        enum reservation reservation;
        bool coherent; /* the mapping and pread/pwrite always see the same bytes */
        /* overlayfs: opening a file for writing may replace it by a copy. writeback_start and
         * writeback_finish do nothing; writeback_drop_cache works. */
        bool layered;
        size_t page; /* bytes in a page of its mappings; 0: the machine's page size */
};

/* An unknown file system counts as RESERVES_NOTHING, and on Linux and macOS as not coherent. */
int file_system_of(int fd, struct file_system *file_system);

/* ---- space on disk: preallocate.c, punch.c, extents.c ---------------------------------------- */

/*
 * Reserves space for all of the file, never by writing zeros. *reserved: every byte has its space
 * now, which a copy-on-write file system can't promise. [optional] -ENOSPC, -EDQUOT.
 */
int storage_reserve(int fd, const struct file_system *file_system, uint64_t size, bool *reserved);

/*
 * Reserves space for [start, end), also beyond the end of the file, whose size doesn't change. What
 * is there stays. After an error some of it may stay reserved; beyond the end until storage_resize
 * is called, with any size. [optional] -ENOSPC, -EDQUOT. 0 where storage_resize itself reserves.
 */
int storage_reserve_ahead(int fd, uint64_t start, uint64_t end);

/* Does every byte of the file have its own space already? false if unknown. */
bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size);

/* Can holes be punched into a file of this size? Changes nothing. */
bool storage_can_punch(int fd, uint64_t size);

/*
 * Returns the space of a piece, whole blocks of 4 KiB, to the file system: its bytes read as zeros
 * from then on, through the mapping too. The size stays, also where the piece ends beyond it. Only
 * if storage_can_punch.
 */
int storage_punch(int fd, uint64_t offset, uint64_t length);

/*
 * Finds the first unwritten extent in [*start, *end): space that is reserved, but was never written
 * to the disk. 1: *start and *end are now its bounds within theirs; 0: there is none. [optional]
 */
int extents_find_unwritten(int fd, uint64_t *start, uint64_t *end);

/* ---- locks: lock.c. They belong to the open file description --------------------------------- */

enum file_lock { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE, FILE_LOCK_GROWTH };

/*
 * Of the first two, for a handle that has none; else file_lock_change. Never waits: -EBUSY while
 * another handle has one that conflicts. [optional]
 */
int file_lock_take(int fd, enum file_lock lock);

/*
 * From one of the two to the other. After an error the caller takes the shared one again, which it
 * may have lost. May wait half a second for a process that was stopped in a call of these.
 * doc/platforms.md: where another handle can get the lock meanwhile.
 */
int file_lock_change(int fd, enum file_lock lock);

/* Closing fd isn't enough: a child between fork and exec has a copy of it, and so the lock. */
void file_lock_drop(int fd);

/* Closes fd; locked: drops its lock before. */
void file_lock_close(int fd, bool locked);

/*
 * The lock of the thread that changes the size of a file that other handles have open, in any
 * process: GROWTH. Never waits: -EBUSY. [optional]
 */
int growth_lock_try(int fd);
void growth_lock_drop(int fd);

/* Tries of file_lock_wait: half a second in all, for a lock held for a moment; five seconds. */
#define LOCK_TRIES_SHORT (BACKOFF_YIELDS + 500)
#define LOCK_TRIES (BACKOFF_YIELDS + 4800)

/* Takes one of the locks. While another handle has it, tries again so many times: -EBUSY. */
int file_lock_wait(int fd, enum file_lock lock, unsigned int tries);

/* From the exclusive lock to the shared one, which is taken as by file_lock_wait if it is lost. */
int file_lock_downgrade(int fd, unsigned int tries);

/* ---- to the device: sync.c, writeback.c ------------------------------------------------------ */

/*
 * Starts I/O on the dirty pages of [offset, offset + length); length 0: to the end. Makes nothing
 * durable. The kernel may report a write-back error only here, so the caller must latch it.
 * [optional]
 */
int writeback_start(int fd, uint64_t offset, uint64_t length);

/*
 * As writeback_start, which must have succeeded, and waits until the device has the data. The
 * device may still lose it, so the data isn't durable yet. Every error is one of write-back, and
 * must be latched.
 */
int writeback_finish(int fd, uint64_t offset, uint64_t length);

/*
 * Clean pages of [offset, offset + length) that aren't mapped leave the page cache. Only advice.
 * Linux also starts write-back of dirty ones, on overlayfs too, and reports no error of that: not
 * for space that may turn out to be missing. Pages whose write-back started only now stay.
 */
void writeback_drop_cache(int fd, uint64_t offset, uint64_t length);

struct mapping;

/*
 * Waits until all data of fd is durable, and all that was stored in the file's mapping (NULL:
 * none); with_metadata: the metadata too (fsync), for a file or a directory.
 */
int writeback_sync(int fd, const struct mapping *mapping, bool with_metadata);

/* Makes the entry's name durable, by its directory. [optional] */
static inline int entry_sync(const struct entry *entry)
{
        int err = entry->directory < 0 ? -EOPNOTSUPP : writeback_sync(entry->directory, NULL, true);

        return err == 0 ? 0 : unavailable_or(-err);
}

/*
 * Waits until the pages that [offset, offset + length) touches are durable. fd: of the file, opened
 * for writing; only Linux does without.
 */
int mapping_sync(const struct mapping *mapping, int fd, uint64_t offset, uint64_t length);

/*
 * Writes all of data, which is durable when this returns 0. [optional] After -EOPNOTSUPP a write
 * and a sync do the same, or return the true error.
 */
int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length);

/* ---- the mapping: mapping.c ------------------------------------------------------------------ */

/* Address space: first reserved, then the file is mapped there. */
struct mapping {
        unsigned char *base; /* NULL: none */
        size_t length;       /* the file's size, or what it may grow to; in whole pages */
};

/* Files of this size or larger are never mapped: half of what 48-bit addresses reach. */
#define MAPPING_LIMIT (UINT64_C(1) << 47)

/* Bytes in a page of the machine: a power of two that doesn't change. */
size_t mapping_page_size(void);

/* -EFBIG for a size that no mapping of this process can have. */
int mapping_check_size(uint64_t size);

/* Reserves address space for size bytes, aligned to huge pages; page: its pages' size in bytes. */
int mapping_reserve(struct mapping *mapping, uint64_t size, size_t page);

/*
 * Can a mapping reach beyond the end of the file? Then what the file grows by is mapped at once. A
 * page wholly beyond the end raises SIGBUS.
 */
bool mapping_reaches_beyond(const struct file_system *file_system);

/*
 * Maps the file there; on Windows base is known only then. -ENODEV where the file system can't map
 * files.
 */
int mapping_attach(struct mapping *mapping, int fd, bool read_only);

/*
 * Gives the file what was stored in its mapping, where closing the mapping might leave it behind:
 * a later writeback_sync without the mapping makes it durable.
 */
int mapping_settle(const struct mapping *mapping);

/* Unmaps it, if base isn't NULL. No other thread may use the mapping any more. */
void mapping_free(struct mapping *mapping);

/* ---- its pages: populate.c, advise.c --------------------------------------------------------- */

/* How the file will be read, through the mapping or by pread. Only advice: never an error. */
enum mapping_order { MAPPING_IN_ORDER, MAPPING_AT_RANDOM };
void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order);

/* Requests huge pages. true: the kernel accepts the request. */
bool mapping_want_huge_pages(const struct mapping *mapping);

/*
 * Faults all pages of the first size bytes in. [optional] -ENOSPC, or with read_only -EIO: a page
 * can't be supplied.
 */
int mapping_populate(const struct mapping *mapping, uint64_t size, bool read_only);

/*
 * Maps all of a piece for writing, whatever state its pages are in. [optional] Another negative
 * errno: not all of it is mapped for writing. Makes all of it dirty. Pointers into it stay valid,
 * and it keeps what other threads store meanwhile.
 */
int mapping_populate_region(const struct mapping *mapping, uint64_t offset, uint64_t length);

/*
 * The same for a piece of which little was written yet. Reads nothing ahead beyond the piece: with
 * a large read-ahead that takes longer than the piece itself. at_random: the mapping was advised
 * MAPPING_AT_RANDOM. [optional]
 */
int mapping_dirty(const struct mapping *mapping, uint64_t offset, uint64_t length, bool at_random);

/*
 * Drops a piece's page table entries, if the system can; false: they stay. Its pages and their
 * contents stay, and pointers into it stay valid.
 */
bool mapping_forget(const struct mapping *mapping, uint64_t offset, uint64_t length);

/* Is the page at offset in memory? true also where the system doesn't tell. */
bool mapping_is_cached(const struct mapping *mapping, uint64_t offset);

/* ---- faults: fault-guard.c, fault-context.c -------------------------------------------------- */

/*
 * Code that accesses a mapping whose pages may be missing (file truncated, disk full, I/O error)
 * runs under a guard: the SIGBUS that it raises ends the guarded call instead of the process.
 *
 * The first call installs the handler. It is never removed, and the library is never unloaded. A
 * SIGBUS that no guard expects goes to the handler that was installed before.
 */
int fault_guard_install(void);

/*
 * Runs body(arg). Returns NULL, or the address in [start, start + length) of the fault that ended
 * it. Guards nest. A fault leaves body by a jump, without unwinding: results that the caller needs
 * then must be in volatile memory.
 */
const void *fault_guard_run(const void *start, size_t length, void (*body)(void *arg), void *arg);

/* The same for memcpy(to, from, bytes), for copies in which each nanosecond counts. */
const void *fault_guard_copy(const void *start, size_t length, void *to, const void *from,
                             size_t bytes);

/* ---- time and threads: thread.c, thread.h ---------------------------------------------------- */

/* Nanoseconds since an arbitrary time; never goes back. */
uint64_t clock_now(void);

/* Yields the processor to another thread that can run on it. */
void backoff_yield(void);

/* backoff only yields in this many tries; in each later try it sleeps for a millisecond. */
#define BACKOFF_YIELDS 200

/*
 * Waits a little for another thread that needs only a moment, where no lock can be waited for. To
 * be called in a loop, with tries counting up from 0. Never a cancellation point.
 */
void backoff(unsigned int tries);

/*
 * Runs body(arg) in a new thread, in which all signals but those of faults are blocked. The struct
 * stays in its place until thread_join, which waits for body to return. -EAGAIN, -ENOMEM: the
 * system has no thread.
 */
int thread_start(struct thread *thread, void (*body)(void *arg), void *arg);
void thread_join(struct thread *thread);

/* ---- what event loops wait for: notifier.c --------------------------------------------------- */

/* readable is a descriptor that is readable exactly while the notifier is set. */
struct notifier {
        int readable, writable; /* may be the same one */
};

/* It isn't set. */
int notifier_create(struct notifier *notifier);
void notifier_close(struct notifier *notifier);

/* One call at a time, and each in turn: set, clear, set. */
void notifier_set(const struct notifier *notifier);
void notifier_clear(const struct notifier *notifier);

/* ---- memory: memory.c. As safe for threads and in children as malloc ------------------------- */

/* NULL: no memory. The pages of a large block take no memory until they are written to. */
void *memory_zeroed(size_t count, size_t size);

/* Not zeroed; alignment is a power of two, and a multiple of a pointer's size. */
void *memory_aligned(size_t alignment, size_t size);

/* A copy of a string. NULL: no memory. */
char *memory_text(const char *text);

/* Frees what one of these returned; NULL: no effect. */
void memory_free(void *memory);

/* ---- process and machine: random.c, fork-generation.c, limits.c ------------------------------ */

/* Bytes that can't be guessed, for keys; length: 256 at most. Fails only where neither getentropy
 * nor /dev/urandom works. */
int random_bytes(void *buffer, size_t length);

/* A random word other than 0. It has 64 bits, so no other handle or process has drawn it. */
int random_word(uint64_t *word);

/* This process's generation, never 0; drawn at the first call. See fork-generation.h. */
int fork_generation(uint64_t *generation);

/*
 * Bytes of page cache that this process may fill before the kernel reclaims memory that is in use:
 * the least of what the machine and each memory group have left, where clean and dirty cache of the
 * group counts as left. UINT64_MAX: no limit is known. Takes 40 to 70 us.
 */
uint64_t memory_room(void);

#endif
