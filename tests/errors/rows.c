/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What brings each error about. Every error that rmmap.h lists has a row here, or more. Where two
 * things are wrong at once, the one that is checked first decides: NULL, the seal, the owner, EPERM
 * and EROFS, lengths and bounds, the sticky error; then comes I/O.
 */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "scene.h"

#define ROW(function, error, spoil, parameter)                                                     \
        {                                                                                          \
                "rmmap_" #function, error, #spoil "(" #parameter ")", spoil,                       \
                        (uint64_t)(parameter), NULL, 0                                             \
        }
#define ROW2(function, error, spoil, parameter, then, its)                                         \
        {                                                                                          \
                "rmmap_" #function, error, #spoil "(" #parameter "), " #then "(" #its ")", spoil,  \
                        (uint64_t)(parameter), then, (uint64_t)(its)                               \
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

/* Of every function with a range or receipt; and with a handle beside it. Holds F.1, F.2. */
#define SEALS(function)                                                                            \
        ROW(function, EINVAL, zeros, 0), ROW(function, EINVAL, forged, 0),                         \
                ROW(function, EINVAL, other_kind, 0)
#define CHECKS(function)                                                                           \
        ROW(function, EINVAL, no_file, 0), SEALS(function),                                        \
                ROW(function, EXDEV, foreign, OTHER_FILE),                                         \
                ROW(function, EXDEV, foreign, OTHER_HANDLE),                                       \
                ROW(function, EXDEV, foreign, RELEASED_HANDLE),                                    \
                ROW2(function, EINVAL, foreign, OTHER_FILE, forged, 0)

/* Pointers: no_input, no_results. */
#define NEEDS(function, what)                                                                      \
        ROW(function, EINVAL, what, 0), ROW2(function, EINVAL, foreign, OTHER_FILE, what, 0)

#define OWN_PROCESS(function) ROW(function, EPERM, in_a_child, 0)
#define OWN_PROCESS_AND_SEAL(function)                                                             \
        OWN_PROCESS(function), ROW2(function, EINVAL, in_a_child, 0, forged, 0),                   \
                ROW2(function, EXDEV, in_a_child, 0, foreign, OTHER_FILE)

#define WRITABLE(function, what)                                                                   \
        ROW(function, EROFS, read_only, 0), ROW2(function, EINVAL, read_only, 0, what, 0),         \
                ROW2(function, EXDEV, read_only, 0, foreign, OTHER_FILE)

#define SEES_CUT(function)                                                                         \
        ROW(function, ESTALE, cut_short, RMMAP_ENGINE_MAP),                                        \
                ROW(function, ESTALE, cut_short, RMMAP_ENGINE_PWRITE)
#define WRITES(function) ROW(function, EFBIG, over_limit, 0), SEES_CUT(function)
#define WRITES_RANGE(function, what)                                                               \
        CHECKS(function), NEEDS(function, what), WRITABLE(function, what), WRITES(function)

/* Of what moves a whole range. Holds F.3. */
#define LENGTHS(function)                                                                          \
        ROW(function, EMSGSIZE, length_is, 0), ROW(function, EMSGSIZE, length_is, 1),              \
                ROW(function, EMSGSIZE, length_is, SCENE_RANGE - 1),                               \
                ROW(function, EMSGSIZE, length_is, SCENE_RANGE + 1),                               \
                ROW(function, EMSGSIZE, length_is, SIZE_MAX),                                      \
                ROW2(function, EMSGSIZE, empty_range, 0, length_is, 1),                            \
                ROW2(function, EXDEV, foreign, OTHER_FILE, length_is, 1),                          \
                ROW2(function, EROFS, read_only, 0, length_is, 1)

/* Pieces that don't lie within the length of all. Holds F.3. */
#define PIECE(function, offset, length) ROW2(function, ERANGE, offset_is, offset, length_is, length)
#define OUTSIDE(function, all)                                                                     \
        PIECE(function, 0, (all) + 1), PIECE(function, 1, all), PIECE(function, all, 1),           \
                PIECE(function, (all) + 1, 0), PIECE(function, (all)-1, 2),                        \
                PIECE(function, UINT64_MAX, 0), PIECE(function, UINT64_MAX, 1),                    \
                PIECE(function, UINT64_MAX - (all) + 1, all), PIECE(function, 0, SIZE_MAX),        \
                PIECE(function, all, SIZE_MAX - (all) + 1),                                        \
                PIECE(function, UINT64_C(1) << 32, all), PIECE(function, UINT64_C(1) << 63, all)

/* Of what moves a piece of a range. */
#define WITHIN(function)                                                                           \
        OUTSIDE(function, SCENE_RANGE), ROW2(function, ERANGE, empty_range, 0, length_is, 1),      \
                ROW2(function, EXDEV, foreign, OTHER_FILE, offset_is, UINT64_MAX),                 \
                ROW2(function, EINVAL, forged, 0, offset_is, UINT64_MAX)

/* However bytes are copied, what is refused moves none. */
#define COPIED_BY(engine)                                                                          \
        ROW2(write_range, EMSGSIZE, copied_by, engine, length_is, 1),                              \
                ROW2(write_range_durable, EMSGSIZE, copied_by, engine, length_is, 1),              \
                ROW2(writev_range, EMSGSIZE, copied_by, engine, length_is, 1),                     \
                ROW2(write_within, ERANGE, copied_by, engine, offset_is, 1),                       \
                ROW2(read_range, ENOBUFS, copied_by, engine, capacity_is, 1),                      \
                ROW2(read_within, ERANGE, copied_by, engine, offset_is, 1),                        \
                ROW2(raw_write, ERANGE, copied_by, engine, offset_is, SCENE_SIZE)

/* Of the three calls that make a handle. */
#define MAKES(function)                                                                            \
        ROW(function, EINVAL, no_results, 0),                                                      \
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
        ROW(function, EINVAL, no_file, 0), ROW(function, EINVAL, no_results, 0),                   \
                ROW(function, EINVAL, zeros, 0), OWN_PROCESS(function),                            \
                ROW2(function, EINVAL, in_a_child, 0, no_results, 0),                              \
                ROW2(function, EPERM, in_a_child, 0, wanted_is, 0),                                \
                ROW2(function, EPERM, in_a_child, 0, wanted_is, UINT64_MAX),                       \
                ROW(function, ENOSPC, nothing_left, 0),                                            \
                ROW2(function, ENOSPC, nothing_left, 0, wanted_is, UINT64_MAX), ANSWERS(function), \
                BROKEN(function, EFBIG)

#define ENCODES(function)                                                                          \
        SEALS(function), ROW(function, EINVAL, no_results, 0),                                     \
                ROW(function, ENOBUFS, capacity_is, 0), ROW(function, ENOBUFS, capacity_is, 39),   \
                ROW2(function, EINVAL, no_results, 0, capacity_is, 0),                             \
                ROW2(function, EINVAL, forged, 0, capacity_is, 0)
#define DECODES(function)                                                                          \
        ROW(function, EINVAL, no_file, 0), ROW(function, EINVAL, no_input, 0),                     \
                ROW(function, EINVAL, no_results, 0), ROW(function, EBADMSG, damaged, 0),          \
                ROW(function, EBADMSG, other_kind, 0),                                             \
                ROW(function, EBADMSG, encoded_length_is, 0),                                      \
                ROW(function, EBADMSG, encoded_length_is, 39),                                     \
                ROW(function, EBADMSG, encoded_length_is, 41),                                     \
                ROW(function, EBADMSG, encoded_length_is, SIZE_MAX),                               \
                ROW2(function, EINVAL, no_input, 0, encoded_length_is, 0),                         \
                ROW2(function, EINVAL, no_results, 0, encoded_length_is, 1),                       \
                ROW(function, ERANGE, beyond, 0), ROW(function, EOPNOTSUPP, bare, 0),              \
                ANSWERS_BUT_BUSY(function), BROKEN(function, EBADMSG)

#define SPLITS(function)                                                                           \
        SEALS(function), ROW(function, EINVAL, no_results, 0),                                     \
                ROW(function, EINVAL, parts, NO_LOW_PART),                                         \
                ROW(function, EINVAL, parts, NO_HIGH_PART),                                        \
                ROW(function, EINVAL, parts, ONE_PLACE),                                           \
                ROW(function, ERANGE, offset_is, SCENE_RANGE + 1),                                 \
                ROW(function, ERANGE, offset_is, UINT64_MAX - SCENE_RANGE + 1),                    \
                ROW(function, ERANGE, offset_is, UINT64_MAX),                                      \
                ROW2(function, ERANGE, empty_range, 0, offset_is, 1),                              \
                ROW2(function, EINVAL, no_results, 0, offset_is, UINT64_MAX),                      \
                ROW2(function, EINVAL, forged, 0, offset_is, UINT64_MAX)

/* Of what syncs; the error stays, and all that is wrong with the arguments comes before it. */
#define RECORDS(function)                                                                          \
        ROW(function, EBUSY, recording, RECORDING_TAKEN_OVER),                                     \
                ROW(function, EFBIG, recording, RECORDING_AT_ITS_LIMIT)
#define RESUMES(function)                                                                          \
        ROW(function, ESTALE, side_file_is, SIDE_FILE_MISSING),                                    \
                ROW(function, EBADMSG, side_file_is, SIDE_FILE_DAMAGED)
#define SYNCS(function) OWN_PROCESS(function), ROW(function, EIO, sticky, 0)
#define SYNCS_RANGE(function)                                                                      \
        CHECKS(function), OWN_PROCESS_AND_SEAL(function), ROW(function, EIO, sticky, 0),           \
                ROW2(function, EINVAL, sticky, 0, forged, 0),                                      \
                ROW2(function, EXDEV, sticky, 0, foreign, OTHER_FILE)

const struct row rows[] = {
        SPLITS(range_split_up),
        SPLITS(range_split_down),

        MAKES(create),
        ROW(create, EINVAL, no_input, 0),
        ROW2(create, EINVAL, new_name, 0, no_results, 0),
        ROW(create, EINVAL, zeros, 0),
        ROW2(create, EINVAL, new_name, 0, zeros, 0),
        ROW(create, EINVAL, with_flag, RMMAP_READ_ONLY),
        ROW(create, EEXIST, with_flag, RMMAP_MUST_CREATE),
        ROW(create, EBUSY, in_use, 0),
        ROW(create, EFBIG, size_is, UINT64_C(1) << 47),
        ROW(create, EFBIG, size_is, (UINT64_C(1) << 53) + 1),
        ROW(create, EFBIG, size_is, INT64_MAX),
        ROW(create, EFBIG, size_is, UINT64_MAX),
        ROW2(create, EFBIG, new_name, 0, size_is, UINT64_MAX),
        ROW(create, EOPNOTSUPP, sparse_with_engine, RMMAP_ENGINE_MAP),
        ROW(create, ENOTDIR, with_flag, RMMAP_UNNAMED),
        ROW(create, ELOOP, behind_a_link, 0),
        OPENS(open),
        ROW(open, EINVAL, no_input, 0),
        OPENS(open_fd),
        ROW(open_fd, EINVAL, with_flag, RMMAP_NO_FOLLOW),
        ROW(open_fd, EACCES, not_writable, 0),
        ROW(open_fd, EBADF, names_only, 0),
        ROW(open_fd, EBADF, no_descriptor, -1),
        ROW(open_fd, EBADF, no_descriptor, INT_MIN),
        ROW(open_fd, EBADF, no_descriptor, INT_MAX),
        ROW(fd, EINVAL, no_file, 0),

        ALLOCATES(allocate),
        ALLOCATES(allocate_exact),
        ROW(allocate_exact, ENOSPC, wanted_is, SCENE_SIZE - SCENE_RANGE), /* the end is short */
        ROW(allocate_exact, ENOSPC, wanted_is, UINT64_MAX - RMMAP_ALIGNMENT + 2),
        ROW(allocate_exact, ENOSPC, wanted_is, UINT64_MAX),
        ROW2(allocate, EFBIG, over_limit, 0, wanted_is, SCENE_SIZE),
        ROW2(allocate, ESTALE, cut_short, RMMAP_ENGINE_MAP, wanted_is, SCENE_SIZE),
        ROW2(allocate_exact, EFBIG, over_limit, 0, wanted_is, SCENE_SIZE),
        ROW2(allocate_exact, ESTALE, cut_short, RMMAP_ENGINE_MAP, wanted_is, SCENE_SIZE),
        ROW(allocate, EROFS, published, 0),
        ROW(allocate, EROFS, published, SCENE_SIZE),
        ROW2(allocate, EROFS, published, 0, wanted_is, 0),
        ROW(allocate_exact, EROFS, published, 0),
        ROW(claim_range, EROFS, published, 0),
        ROW2(claim_range, EROFS, published, 0, misplaced, 0),
        ROW(give_back_range, EROFS, published, 0),
        ROW2(give_back_range, EXDEV, published, 0, foreign, OTHER_FILE),
        ROW(allocator_restore, EROFS, published, 0),
        ROW(allocate_at, EROFS, published, 0),
        ROW(allocate_at, EINVAL, no_file, 0),
        ROW(allocate_at, EINVAL, no_results, 0),
        ROW(allocate_at, EINVAL, zeros, 0),
        ROW(allocate_at, EINVAL, misplaced, 0),
        ROW2(allocate_at, EINVAL, start_is, UINT64_MAX, end_is, 0),
        ROW(allocate_at, ERANGE, end_is, UINT64_MAX),
        ROW(allocate_at, ERANGE, end_is, SCENE_SIZE + 1),
        OWN_PROCESS(allocate_at),
        ROW(allocate_at, EOPNOTSUPP, good, 0),
        ROW(allocate_at, EOPNOTSUPP, bare, 0),
        ANSWERS(allocate_at),
        BROKEN(allocate_at, EBADMSG),
        ROW(claim_range, EINVAL, no_file, 0),
        ROW(claim_range, EINVAL, no_results, 0),
        ROW(claim_range, EINVAL, zeros, 0),
        ROW(claim_range, EINVAL, misplaced, 0),
        ROW2(claim_range, EINVAL, start_is, UINT64_MAX, end_is, 0),
        ROW(claim_range, ERANGE, beyond, 0),
        ROW(claim_range, ERANGE, end_is, UINT64_MAX),
        ROW(claim_range, ERANGE, end_is, SCENE_SIZE + 1),
        ROW(claim_range, EBUSY, end_is, SCENE_SIZE),
        OWN_PROCESS(claim_range),
        ROW(claim_range, EBUSY, good, 0),
        ROW(claim_range, EOPNOTSUPP, bare, 0),
        ANSWERS(claim_range),
        BROKEN(claim_range, EBADMSG),
        CHECKS(unclaim_range),
        ROW(unclaim_range, EINVAL, unclaimed, 0),
        OWN_PROCESS_AND_SEAL(unclaim_range),
        ROW(unclaim_range, ENOMEM, no_bitmaps, 0),
        CHECKS(give_back_range),
        OWN_PROCESS_AND_SEAL(give_back_range),
        ROW2(give_back_range, EPERM, in_a_child, 0, empty_range, 0),
        ROW(give_back_range, EOPNOTSUPP, good, 0),
        ANSWERS(give_back_range),
        BROKEN(give_back_range, EFBIG),
        ROW(allocator_save, EINVAL, no_file, 0),
        ROW(allocator_save, EINVAL, no_results, 0),
        ROW(allocator_save, ENOBUFS, capacity_is, 0),
        ROW(allocator_save, ENOBUFS, state_off_by, -1),
        ROW(allocator_save, EOPNOTSUPP, bare, 0),
        ANSWERS(allocator_save),
        ANSWER(allocator_save, ENOBUFS),
        BROKEN(allocator_save, EBADMSG),
        ROW(allocator_restore, EINVAL, no_file, 0),
        ROW(allocator_restore, EINVAL, no_input, 0),
        OWN_PROCESS(allocator_restore),
        ROW2(allocator_restore, EINVAL, in_a_child, 0, no_input, 0),
        ROW2(allocator_restore, EPERM, in_a_child, 0, damaged, 0),
        ROW(allocator_restore, EBUSY, good, 0),
        ROW(allocator_restore, EBADMSG, damaged, 0),
        ROW(allocator_restore, EBADMSG, state_length_is, 0),
        ROW(allocator_restore, EBADMSG, state_length_is, SIZE_MAX),
        ROW(allocator_restore, EBADMSG, state_off_by, -1),
        ROW(allocator_restore, EBADMSG, state_off_by, 1),
        ROW(allocator_restore, EOPNOTSUPP, bare, 0),
        ANSWERS(allocator_restore),
        ANSWER(allocator_restore, EBADMSG),
        BROKEN(allocator_restore, ENOBUFS),

        ENCODES(range_encode),
        ENCODES(receipt_encode),
        DECODES(range_decode),
        OWN_PROCESS(range_decode),
        ROW(range_decode, EBUSY, good, 0),
        ANSWER(range_decode, EBUSY),
        DECODES(receipt_decode),

        COPIED_BY(RMMAP_ENGINE_MAP),
        COPIED_BY(RMMAP_ENGINE_PWRITE),
        WRITES_RANGE(write_range, no_input),
        LENGTHS(write_range),
        WRITES_RANGE(write_range_durable, no_input),
        LENGTHS(write_range_durable),
        OWN_PROCESS(write_range_durable),
        ROW(write_range_durable, EIO, sticky, 0),
        ROW2(write_range_durable, EMSGSIZE, sticky, 0, length_is, 1),
        ROW2(write_range_durable, EXDEV, sticky, 0, foreign, OTHER_FILE),
        WRITES_RANGE(writev_range, no_input),
        LENGTHS(writev_range),
        ROW(writev_range, EMSGSIZE, odd_pieces, 0),
        ROW(writev_range, EMSGSIZE, odd_pieces, 1),
        ROW(writev_range, EMSGSIZE, odd_pieces, 2),
        ROW(writev_range, EMSGSIZE, piece_count_is, 0),
        ROW(writev_range, EMSGSIZE, piece_count_is, 2),
        ROW2(writev_range, EMSGSIZE, no_input, 0, piece_count_is, 0),
        ROW(writev_range, EINVAL, hole_in_pieces, 0),
        ROW(writev_range, EINVAL, piece_count_is, -1),
        ROW(writev_range, EINVAL, piece_count_is, INT_MIN),
        ROW2(writev_range, EINVAL, no_input, 0, piece_count_is, -1),
        ROW2(writev_range, EINVAL, no_input, 0, piece_count_is, INT_MAX),
        WRITES_RANGE(write_range_from_fd, no_results),
        ROW(write_range_from_fd, ERANGE, done_is, SCENE_RANGE + 1),
        ROW(write_range_from_fd, ERANGE, done_is, UINT64_MAX),
        ROW2(write_range_from_fd, ERANGE, empty_range, 0, done_is, 1),
        ROW2(write_range_from_fd, EROFS, read_only, 0, done_is, UINT64_MAX),
        ROW(write_range_from_fd, ENODATA, input_ends, 0),
        ROW(write_range_from_fd, EBADF, no_descriptor, -1),
        ROW(write_range_from_fd, EBADF, no_descriptor, INT_MIN),
        ROW(write_range_from_fd, EBADF, no_descriptor, INT_MAX),
        ROW2(write_range_from_fd, EBADF, no_descriptor, -1, done_is, SCENE_RANGE - 1),
        WRITES_RANGE(write_within, no_input),
        WITHIN(write_within),
        ROW2(write_within, EROFS, read_only, 0, offset_is, UINT64_MAX),
        CHECKS(mark_written),
        NEEDS(mark_written, no_results),
        WRITABLE(mark_written, no_results),
        CHECKS(read_range),
        NEEDS(read_range, no_input),
        SEES_CUT(read_range),
        ROW(read_range, ERANGE, published, SCENE_RANGE - 1),
        ROW(read_within, ERANGE, published, SCENE_RANGE - 1),
        ROW(read_range, ENOBUFS, capacity_is, 0),
        ROW(read_range, ENOBUFS, capacity_is, SCENE_RANGE - 1),
        ROW2(read_range, ENOBUFS, no_input, 0, capacity_is, 0),
        ROW2(read_range, EXDEV, foreign, OTHER_FILE, capacity_is, 0),
        ROW2(read_range, EINVAL, forged, 0, capacity_is, 0),
        CHECKS(read_within),
        NEEDS(read_within, no_input),
        SEES_CUT(read_within),
        WITHIN(read_within),
        CHECKS(range_data),
        NEEDS(range_data, no_results),
        WRITABLE(range_data, no_results),
        ROW(range_data, EOPNOTSUPP, incoherent, 0),
        CHECKS(range_view),
        NEEDS(range_view, no_results),
        ROW(range_view, EOPNOTSUPP, incoherent, 0),

        ROW(flush, EINVAL, no_file, 0),
        OWN_PROCESS(flush),
        ROW(flush, EOPNOTSUPP, without_flush, 0),
        CHECKS(flush_range),
        OWN_PROCESS_AND_SEAL(flush_range),
        ROW(flush_range, EOPNOTSUPP, without_flush, 0),
        SYNCS_RANGE(sync_range),
        SYNCS_RANGE(sync_ranges),
        ROW(sync_ranges, EINVAL, no_input, 0),
        ROW2(sync_ranges, EINVAL, no_input, 0, receipt_count_is, SIZE_MAX),
        ROW2(sync_ranges, EINVAL, sticky, 0, no_input, 0),
        ROW2(sync_ranges, EINVAL, no_file, 0, receipt_count_is, 0),
        SYNCS_RANGE(sync_within),
        WITHIN(sync_within),
        ROW2(sync_within, ERANGE, sticky, 0, offset_is, UINT64_MAX),
        ROW(sync_all, EINVAL, no_file, 0),
        SYNCS(sync_all),
        RECORDS(sync_range),
        RECORDS(sync_ranges),
        RECORDS(sync_all),
        RECORDS(close),
        ROW(write_range_durable, EBUSY, recording, RECORDING_TAKEN_OVER),
        ROW(give_back_range, EFBIG, recording, RECORDED_AT_ITS_LIMIT),
        ROW2(publish, ENODATA, recording, RECORDING_NOTHING, offset_is, SCENE_SIZE),
        ROW(next_recorded, EINVAL, no_file, 0),
        ROW(next_recorded, EINVAL, no_results, 0),
        ROW(next_recorded, EOPNOTSUPP, good, 0),
        ROW(next_recorded, ENODATA, recording, RECORDING_NOTHING),
        ROW2(create, ESTALE, with_flag, RMMAP_KEEP, side_file_is, SIDE_FILE_MISSING),
        ROW2(create, EBADMSG, with_flag, RMMAP_KEEP, side_file_is, SIDE_FILE_DAMAGED),
        RESUMES(open),
        RESUMES(open_fd),
        ROW(publish, EINVAL, no_file, 0),
        ROW(publish, EINVAL, no_input, 0),
        ROW2(publish, EINVAL, in_a_child, 0, no_input, 0),
        OWN_PROCESS(publish),
        ROW2(publish, EPERM, in_a_child, 0, offset_is, SCENE_SIZE + 1),
        ROW(publish, EROFS, read_only, 0),
        ROW2(publish, EROFS, read_only, 0, offset_is, SCENE_SIZE + 1),
        ROW(publish, EROFS, published, 0),
        ROW2(publish, EINVAL, recording, RECORDING_NOTHING, flags_are, RMMAP_PUBLISH_NO_SYNC),
        ROW(publish, EOPNOTSUPP, flags_are, 4),
        ROW(publish, EOPNOTSUPP, flags_are, UINT32_C(1) << 31),
        ROW(publish, ERANGE, offset_is, SCENE_SIZE + 1),
        ROW(publish, ERANGE, offset_is, UINT64_MAX),
        ROW(publish, EIO, sticky, 0),
        ROW2(publish, ERANGE, sticky, 0, offset_is, SCENE_SIZE + 1),
        ROW(publish, EBUSY, foreign, OTHER_HANDLE),
        ROW(publish, EEXIST, target_is, OLDER_FILE),
        ROW(publish, EISDIR, target_is, DIRECTORY),
        ROW(publish, ENOENT, target_is, EMPTY_PATH),
        ROW(publish, ENAMETOOLONG, target_is, LONG_PATH),
        ROW(publish, ENOMEM, no_strdup, 0),
        ROW(publish, ESTALE, nameless, 0),
        ROW(error, EINVAL, no_file, 0),
        ROW(error, EIO, sticky, 0),

        ROW(queue_create, EINVAL, no_results, 0),
        ROW(queue_create, EINVAL, queue_options_end_at, 0),
        ROW(queue_create, EINVAL, queue_options_end_at, sizeof(struct rmmap_queue_options) - 1),
        ROW(queue_create, EINVAL, queue_threads_are, 1025),
        ROW(queue_create, EINVAL, queue_threads_are, UINT32_MAX),
        ROW(queue_create, EOPNOTSUPP, queue_reserved_is, 1),
        ROW2(queue_create, ENOMEM, no_threads, 1, queue_depth_is, 1000000),
        ROW(queue_create, EAGAIN, no_threads, 1024),
        ROW(queue_fd, EINVAL, no_queue, 0),
        OWN_PROCESS(queue_fd),
        CHECKS(queue_sync),
        OWN_PROCESS_AND_SEAL(queue_sync),
        ROW(queue_sync, EINVAL, no_queue, 0),
        ROW(queue_sync, EINVAL, no_input, 0),
        ROW(queue_sync, EAGAIN, full_queue, 0),
        ROW2(queue_sync, EXDEV, full_queue, 0, foreign, OTHER_FILE),
        CHECKS(queue_write),
        NEEDS(queue_write, no_input),
        WRITABLE(queue_write, no_input),
        LENGTHS(queue_write),
        OWN_PROCESS_AND_SEAL(queue_write),
        ROW(queue_write, EINVAL, no_queue, 0),
        ROW(queue_write, EOPNOTSUPP, queue_flags_are, 2),
        ROW(queue_write, EOPNOTSUPP, queue_flags_are, UINT32_MAX),
        ROW(queue_write, EAGAIN, full_queue, 0),
        ROW2(queue_write, EMSGSIZE, full_queue, 0, length_is, 1),
        ROW(queue_reap, EINVAL, no_queue, 0),
        ROW(queue_reap, EINVAL, no_results, 0),
        OWN_PROCESS(queue_reap),

        ROW(raw_write, EINVAL, no_file, 0),
        ROW(raw_write, EINVAL, no_input, 0),
        ROW(raw_write, EROFS, read_only, 0),
        ROW2(raw_write, EROFS, read_only, 0, length_is, 0),
        ROW2(raw_write, EROFS, read_only, 0, offset_is, UINT64_MAX),
        ROW2(raw_write, EINVAL, read_only, 0, no_input, 0),
        WRITES(raw_write),
        OUTSIDE(raw_write, SCENE_SIZE),
        ROW(raw_read, EINVAL, no_file, 0),
        ROW(raw_read, EINVAL, no_input, 0),
        ROW2(raw_read, EINVAL, no_input, 0, offset_is, UINT64_MAX),
        SEES_CUT(raw_read),
        ROW(raw_flush, EINVAL, no_file, 0),
        OWN_PROCESS(raw_flush),
        OUTSIDE(raw_flush, SCENE_SIZE),
        ROW(raw_flush, EOPNOTSUPP, without_flush, 0),
        ROW(raw_sync, EINVAL, no_file, 0),
        SYNCS(raw_sync),
        OUTSIDE(raw_sync, SCENE_SIZE),
        ROW2(raw_sync, ERANGE, sticky, 0, offset_is, UINT64_MAX),
        ROW(raw_fill, EINVAL, no_file, 0),
        ROW(raw_fill, EROFS, read_only, 0),
        WRITES(raw_fill),
        ROW(grow, EINVAL, no_file, 0),
        OWN_PROCESS(grow),
        ROW2(grow, EPERM, in_a_child, 0, grown_is, UINT64_MAX),
        ROW2(grow, EROFS, read_only, 0, grown_is, SCENE_SIZE + 1),
        ROW(grow, EFBIG, grown_is, SCENE_SIZE + 1),
        ROW(grow, EFBIG, grown_is, UINT64_MAX),
        ROW2(grow, EFBIG, over_limit, 0, grown_is, SCENE_GROWN),
        ROW2(grow, ESTALE, cut_short, RMMAP_ENGINE_MAP, grown_is, 0),
        ROW2(grow, ESTALE, cut_short, RMMAP_ENGINE_PWRITE, grown_is, SCENE_GROWN),
        ROW(grow, EOPNOTSUPP, bare, 0),
        ANSWERS(grow),
        BROKEN(grow, ENOBUFS),
        ROW(trim, EINVAL, no_file, 0),
        OWN_PROCESS(trim),
        ROW(trim, EROFS, read_only, 0),
        ROW(trim, EROFS, published, 0),
        ROW(trim, EIO, sticky, 0),
        ROW(trim, EBUSY, foreign, OTHER_HANDLE),
        SEES_CUT(trim),
        ROW(trim, EOPNOTSUPP, bare, 0),
        ANSWERS(trim),
        BROKEN(trim, ENOBUFS),
        OWN_PROCESS(close),
        ROW(raw_zero, EINVAL, no_file, 0),
        ROW(raw_zero, EROFS, read_only, 0),
        WRITES(raw_zero),
        ROW(raw_data, EINVAL, no_file, 0),
        ROW(raw_data, EINVAL, no_results, 0),
        ROW(raw_data, EROFS, read_only, 0),
        ROW2(raw_data, EINVAL, read_only, 0, no_results, 0),
        ROW(raw_data, EOPNOTSUPP, incoherent, 0),
        ROW(raw_view, EINVAL, no_file, 0),
        ROW(raw_view, EINVAL, no_results, 0),
        ROW(raw_view, EOPNOTSUPP, incoherent, 0),

        ROW(guard_call, EINVAL, no_file, 0),
        ROW(guard_call, EINVAL, good, 0),
        ROW2(guard_call, EINVAL, copied_by, RMMAP_ENGINE_AUTO, no_input, 0),
        ROW(guard_call, ESTALE, cut_short, RMMAP_ENGINE_MAP),
        ROW(guard_call, EIO, page_fault, EIO),
        ROW(guard_call, ENOSPC, page_fault, ENOSPC),
        ROW(guard_call, ENOSPC, full_disk, 0),
        ROW(guard_call, EDQUOT, page_fault, EDQUOT),
        ROW(guard_call, EPERM, page_fault, EPERM),
        ROW(guard_call, EROFS, page_fault, EROFS),
        ROW(describe, EINVAL, no_file, 0),
        ROW(describe, EINVAL, no_results, 0),
};
const size_t row_count = sizeof(rows) / sizeof(rows[0]);
