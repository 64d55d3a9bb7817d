/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What brings each error about. Every error that rmmap.h lists has a row here, or more. */
#include <errno.h>
#include <sys/stat.h>

#include "scene.h"

#define ROW(function, error, spoil, parameter)                                                     \
        {                                                                                          \
                "rmmap_" #function, error, #spoil "(" #parameter ")", spoil, (int)(parameter)      \
        }

/* What an allocator may answer comes through as it is. */
#define ANSWER(function, error) ROW(function, error, moody, -(error))
#define ANSWERS_BUT_BUSY(function)                                                                 \
        ANSWER(function, EINVAL), ANSWER(function, ENOSPC), ANSWER(function, ENOMEM),              \
                ANSWER(function, EOPNOTSUPP), ANSWER(function, ERANGE)
#define ANSWERS(function) ANSWERS_BUT_BUSY(function), ANSWER(function, EBUSY)

/* Not an answer of this op, of none, not an errno, or success and nonsense. */
#define BROKEN(function, other)                                                                    \
        ROW(function, EPROTO, moody, -(other)), ROW(function, EPROTO, moody, -EINTR),              \
                ROW(function, EPROTO, moody, MOODY_NONSENSE)

/* Of every function with a handle and a range or receipt. */
#define CHECKS(function)                                                                           \
        ROW(function, EINVAL, nothing_given, 0), ROW(function, EINVAL, zeros, 0),                  \
                ROW(function, EINVAL, forged, 0), ROW(function, EXDEV, foreign, 0)

#define SEES_CUT(function)                                                                         \
        ROW(function, ESTALE, cut_short, RMMAP_ENGINE_MAP),                                        \
                ROW(function, ESTALE, cut_short, RMMAP_ENGINE_PWRITE)
#define WRITES(function)                                                                           \
        ROW(function, EROFS, read_only, 0), ROW(function, EFBIG, over_limit, 0), SEES_CUT(function)

/* Of the three calls that make a handle. */
#define MAKES(function)                                                                            \
        ROW(function, EINVAL, nothing_given, 0), ROW(function, EINVAL, too_small, 0),              \
                ROW(function, EOPNOTSUPP, with_flag, UINT32_C(1) << 31),                           \
                ROW(function, EOPNOTSUPP, with_engine, 3), ANSWERS(function),                      \
                ANSWER(function, EFBIG), BROKEN(function, EBADMSG),                                \
                ROW(function, EFBIG, over_limit, 0), ROW(function, EBUSY, held, 0),                \
                ROW(function, ENOMEM, no_address_space, 0),                                        \
                ROW(function, EISDIR, of_kind, S_IFDIR), ROW(function, ENODEV, of_kind, S_IFIFO)
#define OPENS(function)                                                                            \
        MAKES(function), ROW(function, ENODATA, empty_file, 0),                                    \
                ROW(function, EOPNOTSUPP, with_engine, RMMAP_ENGINE_MAP),                          \
                ROW(function, EINVAL, with_flag, RMMAP_MUST_CREATE),                               \
                ROW(function, EINVAL, with_flag, RMMAP_NO_PREALLOCATE)

#define ALLOCATES(function)                                                                        \
        ROW(function, EINVAL, nothing_given, 0), ROW(function, EINVAL, zeros, 0),                  \
                ROW(function, EPERM, in_a_child, 0), ROW(function, ENOSPC, nothing_left, 0),       \
                ANSWERS(function), BROKEN(function, EFBIG)
#define DECODES(function)                                                                          \
        ROW(function, EINVAL, nothing_given, 0), ROW(function, EBADMSG, damaged, 0),               \
                ROW(function, ERANGE, beyond, 0), ROW(function, EOPNOTSUPP, bare, 0),              \
                ANSWERS_BUT_BUSY(function), BROKEN(function, EBADMSG)

const struct row rows[] = {
        ROW(range_split_up, EINVAL, nothing_given, 0),
        ROW(range_split_up, EINVAL, forged, 0),
        ROW(range_split_up, ERANGE, beyond, 0),
        ROW(range_split_down, EINVAL, nothing_given, 0),
        ROW(range_split_down, EINVAL, forged, 0),
        ROW(range_split_down, ERANGE, beyond, 0),

        MAKES(create),
        ROW(create, EINVAL, zeros, 0),
        ROW(create, EINVAL, with_flag, RMMAP_READ_ONLY),
        ROW(create, EEXIST, with_flag, RMMAP_MUST_CREATE),
        ROW(create, EFBIG, too_large, 0),
        ROW(create, EOPNOTSUPP, sparse_with_engine, RMMAP_ENGINE_MAP),
        OPENS(open),
        OPENS(open_fd),
        ROW(open_fd, EINVAL, with_flag, RMMAP_NO_FOLLOW),
        ROW(open_fd, EACCES, not_writable, 0),
        ROW(open_fd, EBADF, names_only, 0),
        ROW(fd, EINVAL, nothing_given, 0),

        ALLOCATES(allocate),
        ALLOCATES(allocate_exact),
        ROW(claim_range, EINVAL, nothing_given, 0),
        ROW(claim_range, EINVAL, zeros, 0),
        ROW(claim_range, EINVAL, misplaced, 0),
        ROW(claim_range, ERANGE, beyond, 0),
        ROW(claim_range, EPERM, in_a_child, 0),
        ROW(claim_range, EBUSY, good, 0),
        ROW(claim_range, EOPNOTSUPP, bare, 0),
        ANSWERS(claim_range),
        BROKEN(claim_range, EBADMSG),
        CHECKS(unclaim_range),
        ROW(unclaim_range, EINVAL, unclaimed, 0),
        ROW(unclaim_range, EPERM, in_a_child, 0),
        ROW(unclaim_range, ENOMEM, no_bitmaps, 0),
        CHECKS(give_back_range),
        ROW(give_back_range, EPERM, in_a_child, 0),
        ROW(give_back_range, EOPNOTSUPP, good, 0),
        ANSWERS(give_back_range),
        BROKEN(give_back_range, EFBIG),
        ROW(allocator_save, EINVAL, nothing_given, 0),
        ROW(allocator_save, ENOBUFS, too_small, 0),
        ROW(allocator_save, EOPNOTSUPP, bare, 0),
        ANSWERS(allocator_save),
        ANSWER(allocator_save, ENOBUFS),
        BROKEN(allocator_save, EBADMSG),
        ROW(allocator_restore, EINVAL, nothing_given, 0),
        ROW(allocator_restore, EPERM, in_a_child, 0),
        ROW(allocator_restore, EBUSY, good, 0),
        ROW(allocator_restore, EBADMSG, damaged, 0),
        ROW(allocator_restore, EOPNOTSUPP, bare, 0),
        ANSWERS(allocator_restore),
        ANSWER(allocator_restore, EBADMSG),
        BROKEN(allocator_restore, ENOBUFS),

        ROW(range_encode, EINVAL, nothing_given, 0),
        ROW(range_encode, EINVAL, forged, 0),
        ROW(range_encode, ENOBUFS, too_small, 0),
        ROW(receipt_encode, EINVAL, nothing_given, 0),
        ROW(receipt_encode, EINVAL, forged, 0),
        ROW(receipt_encode, ENOBUFS, too_small, 0),
        DECODES(range_decode),
        ROW(range_decode, EPERM, in_a_child, 0),
        ROW(range_decode, EBUSY, good, 0),
        ANSWER(range_decode, EBUSY),
        DECODES(receipt_decode),

        CHECKS(write_range),
        WRITES(write_range),
        ROW(write_range, EMSGSIZE, too_small, 0),
        ROW(write_range, EMSGSIZE, too_long, 0),
        CHECKS(write_range_durable),
        ROW(write_range_durable, EPERM, in_a_child, 0),
        WRITES(write_range_durable),
        ROW(write_range_durable, EMSGSIZE, too_small, 0),
        ROW(write_range_durable, EMSGSIZE, too_long, 0),
        CHECKS(writev_range),
        WRITES(writev_range),
        ROW(writev_range, EMSGSIZE, too_small, 0),
        ROW(writev_range, EMSGSIZE, too_long, 0),
        CHECKS(write_range_from_fd),
        WRITES(write_range_from_fd),
        ROW(write_range_from_fd, ERANGE, beyond, 0),
        ROW(write_range_from_fd, ENODATA, input_ends, 0),
        CHECKS(write_within),
        WRITES(write_within),
        ROW(write_within, ERANGE, beyond, 0),
        ROW(write_within, ERANGE, too_long, 0),
        CHECKS(mark_written),
        ROW(mark_written, EROFS, read_only, 0),
        CHECKS(read_range),
        SEES_CUT(read_range),
        ROW(read_range, ENOBUFS, too_small, 0),
        CHECKS(read_within),
        SEES_CUT(read_within),
        ROW(read_within, ERANGE, beyond, 0),
        ROW(read_within, ERANGE, too_long, 0),
        CHECKS(range_data),
        ROW(range_data, EROFS, read_only, 0),
        ROW(range_data, EOPNOTSUPP, incoherent, 0),
        CHECKS(range_view),
        ROW(range_view, EOPNOTSUPP, incoherent, 0),

        ROW(flush, EINVAL, nothing_given, 0),
        ROW(flush, EPERM, in_a_child, 0),
        ROW(flush, EOPNOTSUPP, without_flush, 0),
        CHECKS(flush_range),
        ROW(flush_range, EPERM, in_a_child, 0),
        ROW(flush_range, EOPNOTSUPP, without_flush, 0),
        CHECKS(sync_range),
        ROW(sync_range, EPERM, in_a_child, 0),
        CHECKS(sync_ranges),
        ROW(sync_ranges, EPERM, in_a_child, 0),
        CHECKS(sync_within),
        ROW(sync_within, EPERM, in_a_child, 0),
        ROW(sync_within, ERANGE, beyond, 0),
        ROW(sync_within, ERANGE, too_long, 0),
        ROW(sync_all, EINVAL, nothing_given, 0),
        ROW(sync_all, EPERM, in_a_child, 0),

        ROW(raw_write, EINVAL, nothing_given, 0),
        WRITES(raw_write),
        ROW(raw_write, ERANGE, beyond, 0),
        ROW(raw_read, EINVAL, nothing_given, 0),
        SEES_CUT(raw_read),
        ROW(raw_flush, EINVAL, nothing_given, 0),
        ROW(raw_flush, EPERM, in_a_child, 0),
        ROW(raw_flush, ERANGE, beyond, 0),
        ROW(raw_flush, EOPNOTSUPP, without_flush, 0),
        ROW(raw_sync, EINVAL, nothing_given, 0),
        ROW(raw_sync, EPERM, in_a_child, 0),
        ROW(raw_sync, ERANGE, beyond, 0),
        ROW(raw_fill, EINVAL, nothing_given, 0),
        WRITES(raw_fill),
        ROW(raw_zero, EINVAL, nothing_given, 0),
        WRITES(raw_zero),
        ROW(raw_data, EINVAL, nothing_given, 0),
        ROW(raw_data, EROFS, read_only, 0),
        ROW(raw_data, EOPNOTSUPP, incoherent, 0),
        ROW(raw_view, EINVAL, nothing_given, 0),
        ROW(raw_view, EOPNOTSUPP, incoherent, 0),

        ROW(guard_call, EINVAL, nothing_given, 0),
        ROW(guard_call, EINVAL, good, 0),
        ROW(guard_call, ESTALE, cut_short, RMMAP_ENGINE_MAP),
        ROW(guard_call, EIO, page_fault, EIO),
        ROW(guard_call, ENOSPC, page_fault, ENOSPC),
        ROW(guard_call, ENOSPC, full_disk, 0),
        ROW(guard_call, EDQUOT, page_fault, EDQUOT),
        ROW(guard_call, EPERM, page_fault, EPERM),
        ROW(guard_call, EROFS, page_fault, EROFS),
        ROW(describe, EINVAL, nothing_given, 0),
};
const size_t row_count = sizeof(rows) / sizeof(rows[0]);
