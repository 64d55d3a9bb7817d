/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap.h - many threads write disjoint ranges of one file, fast, safely, durably
 *
 *      file       a reference-counted handle of one mapped file
 *      range      bytes [start, end) of a file that one allocator handed out once
 *      receipt    the proof that a range was written; what can be flushed or made durable
 *      allocator  hands out the ranges; built-in or the caller's own, through a vtable
 *
 * Rules for every function, unless its comment says otherwise:
 *
 *  - An int is 0 (or the documented positive value) on success and a negative errno on failure.
 *    Out-parameters are last and stay untouched on failure.
 *  - "Errors:" lists the library's own errors, a closed set. Errors of the system calls that the
 *    man page names pass through. EINTR never does, except from a caller's own descriptor.
 *    NULL where a pointer is needed is EINVAL.
 *  - Arguments are checked in this order: NULL, seal, owner, EPERM and EROFS, lengths and bounds,
 *    the sticky error, then I/O.
 *  - Any thread may call it at any time while it holds a reference. It takes no lock in allocate,
 *    write and read.
 *  - Offsets and sizes of files are in bytes; so are lengths of memory.
 *  - Since 0.1.
 *
 * The idea of ranges with receipts, and of allocators that make them disjoint, follows the Rust
 * crate ranged-mmap by ShaoG.
 */
#ifndef RMMAP_H
#define RMMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; rmmap_version() tells that of the library in use. */
#define RMMAP_VERSION_MAJOR 0
#define RMMAP_VERSION_MINOR 1
#define RMMAP_VERSION_MICRO 0
#define RMMAP_VERSION_STRING "0.1.0"
#define RMMAP_VERSION_NUMBER(major, minor, micro) (((major) << 16) | ((minor) << 8) | (micro))
#define RMMAP_VERSION                                                                              \
        RMMAP_VERSION_NUMBER(RMMAP_VERSION_MAJOR, RMMAP_VERSION_MINOR, RMMAP_VERSION_MICRO)

#if defined(__GNUC__) || defined(__clang__)
#define RMMAP_EXPORT __attribute__((__visibility__("default")))
#define RMMAP_CHECKED RMMAP_EXPORT __attribute__((__warn_unused_result__))
#else
#define RMMAP_EXPORT
#define RMMAP_CHECKED
#endif

/* What a call does with the memory behind a pointer: lets the compiler see buffers too small. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define RMMAP_READS(...) __attribute__((__access__(__read_only__, __VA_ARGS__)))
#define RMMAP_WRITES(...) __attribute__((__access__(__write_only__, __VA_ARGS__)))
#define RMMAP_UPDATES(...) __attribute__((__access__(__read_write__, __VA_ARGS__)))
#else
#define RMMAP_READS(...)
#define RMMAP_WRITES(...)
#define RMMAP_UPDATES(...)
#endif

/* Every range starts at a multiple of this, whatever the machine's page size. */
#define RMMAP_ALIGNMENT 4096

/* ---- ranges and receipts ------------------------------------------------------------------- */

/*
 * Values: copy them, keep them in structs of your own; 32 bytes for good. A range comes from an
 * allocator, a split, a claim or a decode. It carries a seal, so that a forged or edited one, or
 * one of another file, is refused. All zeros is never valid.
 */
struct rmmap_range {
        uint64_t opaque[4];
};

/* Another type on purpose: a range can't be passed for the receipt of its being written. */
struct rmmap_receipt {
        uint64_t opaque[4];
};

/*
 * File offsets: start <= offset < end. 0 or false for an invalid range, which equals nothing,
 * not even itself.
 */
RMMAP_EXPORT uint64_t rmmap_range_start(struct rmmap_range range);
RMMAP_EXPORT uint64_t rmmap_range_end(struct rmmap_range range);
RMMAP_EXPORT uint64_t rmmap_range_length(struct rmmap_range range);
RMMAP_EXPORT bool rmmap_range_is_empty(struct rmmap_range range);
RMMAP_EXPORT bool rmmap_range_equal(struct rmmap_range a, struct rmmap_range b);

RMMAP_EXPORT uint64_t rmmap_receipt_start(struct rmmap_receipt receipt);
RMMAP_EXPORT uint64_t rmmap_receipt_end(struct rmmap_receipt receipt);
RMMAP_EXPORT uint64_t rmmap_receipt_length(struct rmmap_receipt receipt);
RMMAP_EXPORT bool rmmap_receipt_is_empty(struct rmmap_receipt receipt);
RMMAP_EXPORT bool rmmap_receipt_equal(struct rmmap_receipt a, struct rmmap_receipt b);

/* The range that was written; zeros for an invalid receipt. */
RMMAP_EXPORT struct rmmap_range rmmap_receipt_range(struct rmmap_receipt receipt);

/* The nearest multiple of RMMAP_ALIGNMENT; up saturates at the highest one, it never wraps. */
RMMAP_EXPORT uint64_t rmmap_align_up(uint64_t offset);
RMMAP_EXPORT uint64_t rmmap_align_down(uint64_t offset);

/* What a split gave: two parts, or all of the range in one of them. */
enum rmmap_split { RMMAP_SPLIT_BOTH = 0, RMMAP_SPLIT_LOW = 1, RMMAP_SPLIT_HIGH = 2 };

/*
 * Split position bytes into the range, moved up (down) to the next multiple of RMMAP_ALIGNMENT in
 * the file. Returns an enum rmmap_split. With LOW or HIGH that part is the whole range and the
 * other one becomes zeros. Up: a point at or past the end gives LOW; down: a point at or before
 * the start gives HIGH. Use the parts from then on, not the whole.
 * Errors: EINVAL (also low == high), ERANGE (position beyond the length).
 */
RMMAP_CHECKED int rmmap_range_split_up(struct rmmap_range range, uint64_t position,
                                       struct rmmap_range *low, struct rmmap_range *high);
RMMAP_CHECKED int rmmap_range_split_down(struct rmmap_range range, uint64_t position,
                                         struct rmmap_range *low, struct rmmap_range *high);

/* ---- allocators ---------------------------------------------------------------------------- */

/* rmmap_allocator_ops.flags: allocate, remaining, give_back and claim may be called at once. */
#define RMMAP_ALLOCATOR_THREAD_SAFE (UINT64_C(1) << 0)

/* Flag of the allocate op: the whole rounded size or -ENOSPC, taking nothing. */
#define RMMAP_ALLOCATE_EXACT (UINT32_C(1) << 0)

/* What the handle tells an allocator when it makes one. */
struct rmmap_allocator_args {
        size_t size;        /* sizeof (struct rmmap_allocator_args) */
        const void *config; /* rmmap_options.allocator_config; valid during create only */
        uint64_t first;     /* the first offset to hand out: a multiple of alignment, or total */
        uint64_t total;     /* the size of the file in bytes */
        uint64_t alignment; /* RMMAP_ALIGNMENT */
        uint64_t flags;     /* RMMAP_ALLOCATOR_START_AT_END */
        uint64_t max_total; /* the size to which the file may grow; 0 or total: it doesn't grow */
};

/*
 * An allocator. The struct is copied when a handle is opened. The ops round, the handle checks:
 * an allocate that returns what is not aligned, not in bounds or empty is answered EPROTO.
 * Ops return 0 or one of -ENOSPC, -EBUSY, -ENOMEM, -EINVAL, -EOPNOTSUPP, -ERANGE; create also
 * -EFBIG, save -ENOBUFS, restore -EBADMSG; anything else becomes EPROTO. They must not call back
 * into their handle. The installed program allocator-contract tests one.
 */
struct rmmap_allocator_ops {
        size_t size;      /* sizeof (struct rmmap_allocator_ops) */
        const char *name; /* for rmmap_describe; copied; NULL: "unnamed" */
        uint64_t flags;   /* RMMAP_ALLOCATOR_... */
        int (*create)(const struct rmmap_allocator_args *args, void **state);
        /* In the thread of the last release; in a forked child too, on its copy. */
        void (*destroy)(void *state);
        /* Hands out size bytes, rounded up to the alignment; or all that is left. */
        int (*allocate)(void *state, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end);
        uint64_t (*remaining)(const void *state);
        /* The ops from here on are optional: calls that need a missing one are EOPNOTSUPP. */
        int (*give_back)(void *state, uint64_t start, uint64_t end);
        /*
         * Reports the use of [start, end). 0: all of it was in use before this state handed out
         * anything: it lies before first, or the restored state or config says so. -ERANGE: some of
         * it is free. -EBUSY: none of it is free, and this state has handed out some of it.
         */
        int (*claim)(const void *state, uint64_t start, uint64_t end);
        /*
         * Writes the state to buffer. *length is the capacity on entry and the bytes used on
         * return. A buffer that is too small: -ENOBUFS, and the length needed in *length. A NULL
         * buffer: 0, and the length needed in *length.
         */
        int (*save)(const void *state, void *buffer, size_t *length);
        /*
         * Loads a saved state. Only before the first allocate, otherwise -EBUSY. -EBADMSG: the
         * bytes are damaged, or come from another allocator or a longer file. Allocation goes on
         * at the higher of the saved position and first; with RMMAP_ALLOCATOR_START_AT_END,
         * at the saved position.
         */
        int (*restore)(void *state, const void *buffer, size_t length);
        /*
         * The file is total bytes long from now on. Handles call it from one thread at a time, with
         * a total that never falls, while other threads call the other ops.
         */
        int (*grow)(void *state, uint64_t total);
        /*
         * Hands out [start, end): whole units, the last of which may be the short one at the end of
         * the file. -EBUSY: some of it isn't free.
         */
        int (*allocate_at)(void *state, uint64_t start, uint64_t end);
        /*
         * The file ends where what was never handed out begins, or after the first unit: *total.
         * No other op runs meanwhile. Later grow may raise the total again, up to what it was; so
         * an allocator with this op needs grow, too.
         */
        int (*trim)(void *state, uint64_t *total);
        const void *reserved; /* must be NULL */
};

/*
 * One thread at a time: no atomic read-modify-write. Most overlapping calls are answered EBUSY,
 * not all. Lives for ever. Also usable without a file, straight through its ops.
 */
RMMAP_EXPORT const struct rmmap_allocator_ops *rmmap_sequential_allocator(void);

/*
 * Any number of threads. allocate is wait-free where the processor has fetch-and-add of size_t,
 * exact is lock-free. At most 2^53 bytes (2^31 in a 32-bit process).
 */
RMMAP_EXPORT const struct rmmap_allocator_ops *rmmap_concurrent_allocator(void);

/* ---- the handle ---------------------------------------------------------------------------- */

struct rmmap_file; /* opaque, reference-counted */

/* rmmap_options.flags */
#define RMMAP_MUST_CREATE (UINT32_C(1) << 0)    /* an existing file is EEXIST */
#define RMMAP_READ_ONLY (UINT32_C(1) << 1)      /* the opens only: every change is EROFS */
#define RMMAP_NO_PREALLOCATE (UINT32_C(1) << 2) /* create only: leave the file sparse */
#define RMMAP_POPULATE (UINT32_C(1) << 3)       /* fault everything in now */
#define RMMAP_HUGE_PAGES (UINT32_C(1) << 4)     /* ask for huge pages */
#define RMMAP_LOCK_FILE (UINT32_C(1) << 5)      /* keep every other handle out: theirs is EBUSY */
#define RMMAP_CATCH_FAULTS (UINT32_C(1) << 6)   /* SIGBUS in a copy becomes an error */
#define RMMAP_NO_FOLLOW (UINT32_C(1) << 7)      /* a symbolic link at the end is ELOOP */
#define RMMAP_WRITE_BEHIND (UINT32_C(1) << 8)   /* start writing large writes to disk at once */

/* rmmap_options.engine: how copying calls move data */
#define RMMAP_ENGINE_AUTO UINT32_C(0)   /* the library chooses; rmmap_describe tells */
#define RMMAP_ENGINE_MAP UINT32_C(1)    /* by the mapping */
#define RMMAP_ENGINE_PWRITE UINT32_C(2) /* by pwrite and pread */

/* rmmap_options.pattern: a hint, how the file will be used; changes speed, never results */
#define RMMAP_PATTERN_UNKNOWN UINT32_C(0)
#define RMMAP_PATTERN_DENSE UINT32_C(1)      /* all of it written */
#define RMMAP_PATTERN_SCATTERED UINT32_C(2)  /* few small pieces of it written, far apart */
#define RMMAP_PATTERN_SEQUENTIAL UINT32_C(3) /* read or written in order, from front to back */
#define RMMAP_PATTERN_RANDOM UINT32_C(4)     /* small pieces of it read, all over */

struct rmmap_checkpoint;

struct rmmap_options {
        size_t size;                                 /* set by RMMAP_OPTIONS_INIT */
        const struct rmmap_allocator_ops *allocator; /* NULL: rmmap_concurrent_allocator() */
        const void *allocator_config;                /* passed to the allocator's create */
        const struct rmmap_checkpoint *checkpoint;   /* NULL: none; see below */
        uint64_t allocate_from; /* first offset to hand out; rounded up; past the end: nothing;
                                   0 in an open for writing: the end, unless RMMAP_REWRITE */
        uint32_t flags;         /* RMMAP_MUST_CREATE and so on */
        uint32_t mode;          /* permissions of a created file; 0: 0666; the umask applies */
        uint32_t engine;        /* RMMAP_ENGINE_... */
        uint32_t pattern;       /* RMMAP_PATTERN_... */
        uint64_t max_size;      /* the file may grow to this size; 0: it doesn't grow */
        uint64_t grow_step;     /* when nothing is left, an allocation lets the file grow by this,
                                   rounded up; 0: only rmmap_grow does */
        uint64_t dirty_limit;   /* bytes written that may wait for write-back before writers help
                                   with it; 0: the library chooses */
};
#define RMMAP_OPTIONS_INIT                                                                         \
        {                                                                                          \
                sizeof(struct rmmap_options), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0             \
        }

/*
 * Create the file of size bytes, or take an existing one over (its content is gone); reserve its
 * space, so that a full disk is ENOSPC here and not a signal later; map it. options may be NULL.
 * Never truncates a file that another handle has open. On failure a file that this call made is
 * removed; an older one stays, possibly empty. The caller releases *file.
 * Errors: EINVAL, EOPNOTSUPP, EFBIG (also beyond RLIMIT_FSIZE), EBUSY (another handle has it),
 * EEXIST, EISDIR, ENODEV (can't be mapped), ENOMEM, EPROTO (allocator), ENOSPC (also the
 * allocator's), ERANGE (the allocator's).
 */
RMMAP_CHECKED int rmmap_create(const char *path, uint64_t size, const struct rmmap_options *options,
                               struct rmmap_file **file);

/*
 * Open an existing file as it is, at its size. Allocation starts at allocate_from.
 * Errors: EINVAL, EOPNOTSUPP, EFBIG, EBUSY, ENODATA (empty), EISDIR, ENODEV, ENOMEM, EPROTO,
 * ENOSPC and ERANGE (the allocator's).
 */
RMMAP_CHECKED int rmmap_open(const char *path, const struct rmmap_options *options,
                             struct rmmap_file **file);

/*
 * The same from a descriptor, which stays the caller's: the file is opened anew where possible.
 * Errors: as rmmap_open, and EACCES (the descriptor may not do what is asked), EBADF.
 */
RMMAP_CHECKED int rmmap_open_fd(int fd, const struct rmmap_options *options,
                                struct rmmap_file **file);

/* One more reference; returns file. Never fails. NULL gives NULL. */
RMMAP_EXPORT struct rmmap_file *rmmap_clone(struct rmmap_file *file);

/*
 * One reference less; the last one unmaps and closes. Always returns NULL. NULL is fine. It
 * can't report write-back errors: rmmap_sync_all first.
 */
RMMAP_EXPORT struct rmmap_file *rmmap_release(struct rmmap_file *file);

RMMAP_EXPORT uint64_t rmmap_size(const struct rmmap_file *file); /* bytes; NULL: 0 */

/*
 * Borrowed, for fstat, ioctl and the like; don't close it, nor lock or sync by it.
 * Errors: EINVAL.
 */
RMMAP_CHECKED int rmmap_fd(const struct rmmap_file *file);

/* ---- allocation through the handle --------------------------------------------------------- */

/*
 * size bytes rounded up to RMMAP_ALIGNMENT; when less is left, all that is left. Wait-free with
 * the default allocator. Not in a forked child (EPERM).
 * Errors: EINVAL, EPERM, ENOSPC (nothing left), EPROTO, and what the allocator may answer:
 * EBUSY, ENOMEM, EOPNOTSUPP, ERANGE.
 */
RMMAP_CHECKED int rmmap_allocate(struct rmmap_file *file, uint64_t size, struct rmmap_range *range);

/* The whole rounded size, or ENOSPC and nothing is taken. Errors: as rmmap_allocate. */
RMMAP_CHECKED int rmmap_allocate_exact(struct rmmap_file *file, uint64_t size,
                                       struct rmmap_range *range);

/*
 * A range over what was handed out before: by this run, by an earlier one, or what lies before
 * allocate_from. Whole multiples of RMMAP_ALIGNMENT, or up to the end of the file.
 * Errors: EINVAL, ERANGE (not handed out, or past the end), EOPNOTSUPP, EPROTO, EBUSY, ENOMEM,
 * ENOSPC.
 */
RMMAP_CHECKED int rmmap_claim_range(struct rmmap_file *file, uint64_t start, uint64_t end,
                                    struct rmmap_range *range);

/*
 * Give a range back to its allocator; an empty one is 0. The built-in allocators can't take any.
 * Errors: EINVAL, EXDEV, EPERM, EOPNOTSUPP, EPROTO, EBUSY, ENOMEM, ENOSPC, ERANGE.
 */
RMMAP_CHECKED int rmmap_give_back_range(struct rmmap_file *file, struct rmmap_range range);

/* Bytes left to hand out; and size minus that: the next position. NULL: 0. */
RMMAP_EXPORT uint64_t rmmap_remaining(const struct rmmap_file *file);
RMMAP_EXPORT uint64_t rmmap_allocated(const struct rmmap_file *file);

/*
 * The allocator's state as bytes. *length: the buffer's capacity in, the bytes used out; on
 * ENOBUFS the length needed. A NULL buffer asks for that length and gives 0.
 * Errors: EINVAL, ENOBUFS, EOPNOTSUPP, EPROTO, EBUSY, ENOMEM, ENOSPC, ERANGE.
 */
RMMAP_CHECKED int rmmap_allocator_save(const struct rmmap_file *file, void *buffer, size_t *length);

/*
 * Go on where a saved state stopped; before the first allocate only. The higher of the saved
 * position and allocate_from holds.
 * Errors: EINVAL, EPERM, EBUSY, EBADMSG, EOPNOTSUPP, EPROTO, ENOMEM, ENOSPC, ERANGE.
 */
RMMAP_CHECKED int rmmap_allocator_restore(struct rmmap_file *file, const void *buffer,
                                          size_t length) RMMAP_READS(2, 3);

/*
 * A range or receipt as bytes, the same on every machine: magic, start, end, owner, checksum.
 * Errors: EINVAL, ENOBUFS.
 */
#define RMMAP_RANGE_ENCODED_SIZE 40
#define RMMAP_RECEIPT_ENCODED_SIZE 40
RMMAP_CHECKED int rmmap_range_encode(struct rmmap_range range, void *buffer, size_t capacity)
        RMMAP_WRITES(2, 3);
RMMAP_CHECKED int rmmap_receipt_encode(struct rmmap_receipt receipt, void *buffer, size_t capacity)
        RMMAP_WRITES(2, 3);

/*
 * Back to a range of this file: the bytes are checked, then the range by the rules of
 * rmmap_claim_range (an empty one is fine), and it is sealed anew. length is exact.
 * Errors: EINVAL, EBADMSG, ERANGE, EOPNOTSUPP, EPROTO, EBUSY, ENOMEM, ENOSPC.
 */
RMMAP_CHECKED int rmmap_range_decode(struct rmmap_file *file, const void *buffer, size_t length,
                                     struct rmmap_range *range) RMMAP_READS(2, 3);
RMMAP_CHECKED int rmmap_receipt_decode(struct rmmap_file *file, const void *buffer, size_t length,
                                       struct rmmap_receipt *receipt) RMMAP_READS(2, 3);

/* ---- writing and reading ------------------------------------------------------------------- */

/*
 * Write the whole range and give the receipt (may be NULL). length must be the range's. data
 * must not overlap the range. Ranges that don't overlap may be written at once by any threads.
 * Errors: EINVAL, EXDEV, EROFS, EMSGSIZE (length differs; nothing written), EFBIG (beyond a
 * lowered RLIMIT_FSIZE), ESTALE (file became shorter, with CATCH_FAULTS).
 */
RMMAP_CHECKED int rmmap_write_range(struct rmmap_file *file, struct rmmap_range range,
                                    const void *data, size_t length, struct rmmap_receipt *receipt)
        RMMAP_READS(3, 4);

/* The same, and durable when it returns 0. Also the sticky error, before anything is written. */
RMMAP_CHECKED int rmmap_write_range_durable(struct rmmap_file *file, struct rmmap_range range,
                                            const void *data, size_t length,
                                            struct rmmap_receipt *receipt) RMMAP_READS(3, 4);

/* From pieces of memory whose lengths add up to the range's. Errors: as rmmap_write_range. */
RMMAP_CHECKED int rmmap_writev_range(struct rmmap_file *file, struct rmmap_range range,
                                     const struct iovec *iov, int iovcnt,
                                     struct rmmap_receipt *receipt);

/*
 * Fill the range from a descriptor. *done is how many bytes are there already, in and out, valid
 * on failure too: after EAGAIN or EINTR of the descriptor call again and it goes on. The receipt
 * (may be NULL) comes when the range is complete.
 * Errors: EINVAL, EXDEV, EROFS, ERANGE (*done beyond the length), ENODATA (input ended), EFBIG,
 * ESTALE.
 */
RMMAP_CHECKED int rmmap_write_range_from_fd(struct rmmap_file *file, struct rmmap_range range,
                                            int fd, uint64_t *done, struct rmmap_receipt *receipt);

/*
 * Write a piece, offset bytes into the range. Disjoint pieces of one range may be written at
 * once. Then say that the range is complete, and take its receipt (not NULL): the library takes
 * the caller's word.
 * Errors of within: EINVAL, EXDEV, EROFS, ERANGE (piece outside), EFBIG, ESTALE.
 * Errors of commit: EINVAL, EXDEV, EROFS.
 */
RMMAP_CHECKED int rmmap_write_within(struct rmmap_file *file, struct rmmap_range range,
                                     uint64_t offset, const void *data, size_t length)
        RMMAP_READS(4, 5);
RMMAP_CHECKED int rmmap_mark_written(struct rmmap_file *file, struct rmmap_range range,
                                     struct rmmap_receipt *receipt);

/*
 * Read the whole range; *length (may be NULL) is its length. A buffer smaller than the range is
 * ENOBUFS and nothing is read. Or a piece of it, offset bytes into the range.
 * Errors: EINVAL, EXDEV, ENOBUFS (range), ERANGE (within: piece outside), ESTALE (the file became
 * shorter).
 */
RMMAP_CHECKED int rmmap_read_range(struct rmmap_file *file, struct rmmap_range range, void *buffer,
                                   size_t capacity, size_t *length) RMMAP_WRITES(3, 4);
RMMAP_CHECKED int rmmap_read_within(struct rmmap_file *file, struct rmmap_range range,
                                    uint64_t offset, void *buffer, size_t length)
        RMMAP_WRITES(4, 5);

/*
 * The bytes themselves, to write or to read, valid until the last release. What a full disk does
 * to a store through them is not the library's to answer, except inside rmmap_guard_call.
 * Errors: EINVAL, EXDEV, EROFS (data), EOPNOTSUPP (file system without a coherent mapping).
 */
RMMAP_CHECKED int rmmap_range_data(struct rmmap_file *file, struct rmmap_range range, void **data);
RMMAP_CHECKED int rmmap_range_view(struct rmmap_file *file, struct rmmap_range range,
                                   const void **data);

/* ---- making it durable --------------------------------------------------------------------- */

/*
 * Start write-back of the file, or of one range, and don't wait for it. Promises nothing; may
 * block while the device's queue is full. Ignores the sticky error.
 * Errors: EINVAL, EXDEV (range), EOPNOTSUPP (kernel without sync_file_range).
 */
RMMAP_CHECKED int rmmap_flush(struct rmmap_file *file);
RMMAP_CHECKED int rmmap_flush_range(struct rmmap_file *file, struct rmmap_receipt receipt);

/*
 * Durable when it returns 0. The first sync of a created file makes its size and its directory
 * entry durable too. An error stays: every later sync of this handle, its clones and forked
 * children returns it again. Syncs may wait for each other, one serving several. No cancellation
 * points. Every receipt is checked before any I/O; of none it is 0, or the sticky error.
 * Errors: EINVAL, EXDEV (not sync_all), ERANGE (sync_within: piece outside the range).
 */
RMMAP_CHECKED int rmmap_sync_range(struct rmmap_file *file, struct rmmap_receipt receipt);
RMMAP_CHECKED int rmmap_sync_ranges(struct rmmap_file *file, const struct rmmap_receipt *receipts,
                                    size_t count) RMMAP_READS(2, 3);
RMMAP_CHECKED int rmmap_sync_within(struct rmmap_file *file, struct rmmap_range range,
                                    uint64_t offset, uint64_t length);
RMMAP_CHECKED int rmmap_sync_all(struct rmmap_file *file);

/* ---- raw access: bounds are checked, overlap is the caller's business ---------------------- */

/*
 * Errors: EINVAL, EROFS (write, fill, zero, data), ERANGE (write, flush, sync: beyond the end,
 * nothing is done in part), EFBIG and ESTALE (write, fill, zero), ESTALE (read),
 * EOPNOTSUPP (data, view, flush). A read at the end is short, past it 0 bytes: *length tells (may
 * be NULL).
 */
RMMAP_CHECKED int rmmap_raw_write(struct rmmap_file *file, uint64_t offset, const void *data,
                                  size_t length) RMMAP_READS(3, 4);
RMMAP_CHECKED int rmmap_raw_read(struct rmmap_file *file, uint64_t offset, void *buffer,
                                 size_t capacity, size_t *length) RMMAP_WRITES(3, 4);
RMMAP_CHECKED int rmmap_raw_flush(struct rmmap_file *file, uint64_t offset, uint64_t length);
RMMAP_CHECKED int rmmap_raw_sync(struct rmmap_file *file, uint64_t offset, uint64_t length);
RMMAP_CHECKED int rmmap_raw_fill(struct rmmap_file *file, unsigned char byte);
RMMAP_CHECKED int rmmap_raw_zero(struct rmmap_file *file);
RMMAP_CHECKED int rmmap_raw_data(struct rmmap_file *file, void **data);
RMMAP_CHECKED int rmmap_raw_view(struct rmmap_file *file, const void **data);

/* ---- faults -------------------------------------------------------------------------------- */

/*
 * Run body(arg) so that a SIGBUS it takes on this file's mapping becomes an error of this call;
 * otherwise 0, and body's value in *result (may be NULL). body is left without unwinding: it must
 * hold no lock and own no memory while it touches the mapping. Needs RMMAP_CATCH_FAULTS.
 * Errors: EINVAL, ESTALE, ENOSPC, EDQUOT, EIO.
 */
RMMAP_CHECKED int rmmap_guard_call(struct rmmap_file *file, int (*body)(void *arg), void *arg,
                                   int *result);

/* ---- about the library and the handle ------------------------------------------------------ */

/* As RMMAP_VERSION, of the library in use. */
RMMAP_EXPORT uint32_t rmmap_version(void);

/* rmmap_info.facts */
#define RMMAP_FACT_READ_ONLY (UINT32_C(1) << 0)
#define RMMAP_FACT_RESERVED (UINT32_C(1) << 1)   /* every byte of the file has its space */
#define RMMAP_FACT_COHERENT (UINT32_C(1) << 2)   /* mapping and file I/O see the same bytes */
#define RMMAP_FACT_MAPPED (UINT32_C(1) << 3)     /* data and view calls work */
#define RMMAP_FACT_HUGE_PAGES (UINT32_C(1) << 4) /* the kernel took the wish for huge pages */
#define RMMAP_FACT_CATCH_FAULTS (UINT32_C(1) << 5)
#define RMMAP_FACT_LOCKED (UINT32_C(1) << 6)         /* holds a lock on the file */
#define RMMAP_FACT_ERRORS_SHARED (UINT32_C(1) << 7)  /* write-back errors shared with the caller */
#define RMMAP_FACT_ENTRY_UNSYNCED (UINT32_C(1) << 8) /* created, directory entry can't be synced */
#define RMMAP_FACT_FORKED (UINT32_C(1) << 9)         /* inherited over fork */

/* rmmap_info.uncached */
#define RMMAP_UNCACHED_OFF UINT32_C(0)
#define RMMAP_UNCACHED_DROPPED UINT32_C(1)
#define RMMAP_UNCACHED_ADVISED UINT32_C(2)
#define RMMAP_UNCACHED_KEPT UINT32_C(3)
#define RMMAP_UNCACHED_UNAVAILABLE UINT32_C(4)

struct rmmap_info {
        size_t size;               /* set by RMMAP_INFO_INIT */
        const char *file_system;   /* "ext4" and so on, or "unknown"; valid as long as the handle */
        const char *allocator;     /* its name; valid as long as the handle */
        const char *engine_reason; /* why this engine, in words; always valid */
        uint64_t file_size;        /* bytes */
        uint64_t page_size;        /* bytes */
        uint64_t file_system_magic; /* as in statfs */
        uint64_t allocated;         /* bytes, as rmmap_allocated */
        uint64_t pwrite_bytes;      /* written by system calls instead of through the mapping */
        uint64_t sync_calls;        /* calls that asked for durability */
        uint64_t sync_rounds;       /* batches of I/O that served them */
        uint64_t flush_calls;
        uint64_t faults_caught;
        uint32_t facts;     /* RMMAP_FACT_... */
        uint32_t engine;    /* in use; RMMAP_ENGINE_AUTO: the faster one for each write */
        uint32_t pattern;   /* as requested */
        int32_t error;      /* the sticky error, a negative errno; 0: none */
        uint64_t map_bytes; /* written through the mapping by copying calls; may be slightly low */
        uint64_t faults_avoided;        /* pages that were mapped without a page fault each */
        uint64_t dirty_limit;           /* bytes; in force now; 0: none, or none was chosen yet */
        uint64_t dirty_bytes;           /* an estimate: written, and not known to be on the disk */
        uint64_t dirty_highest;         /* the highest dirty_bytes so far */
        uint32_t uncached;              /* RMMAP_UNCACHED_OFF and so on */
        uint32_t reserved;              /* 0 */
        const char *dirty_limit_reason; /* why this limit, in words; always valid */
        const char *uncached_reason;    /* why uncached has this value, in words; always valid */
        uint64_t max_size;              /* the file may grow to this; file_size: it doesn't */
        uint64_t recorded;              /* bytes that the checkpoint has recorded now */
};
#define RMMAP_INFO_INIT                                                                            \
        {                                                                                          \
                sizeof(struct rmmap_info), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
                        0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0                                   \
        }

/* Fill *info; set info->size first. Errors: EINVAL. */
RMMAP_CHECKED int rmmap_describe(const struct rmmap_file *file, struct rmmap_info *info);

#ifdef __cplusplus
}
#endif

#endif /* RMMAP_H */
