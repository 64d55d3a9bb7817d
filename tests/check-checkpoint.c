/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Checkpoints: what is synced is recorded, and only that. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "queue.h"

#define PIECE 4096
#define PIECES 24
#define SIZE (PIECES * PIECE - 100) /* the last piece is short */

static unsigned char data[PIECE], found[PIECE];
static const char *const data_path = "data", *const side_path = "data.side";

static void remove_all(void)
{
        remove(test_path(data_path));
        remove(test_path(side_path));
        remove(test_path("final"));
}

/* ---- a job: the loop that users write */

static struct rmmap_checkpoint checkpoint_of(const char *identity)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;

        checkpoint.path = test_path(side_path);
        checkpoint.identity = identity;
        checkpoint.identity_length = strlen(identity);
        return checkpoint;
}

static int create_for(const char *identity, uint32_t flags, uint64_t size, struct rmmap_file **file)
{
        struct rmmap_checkpoint checkpoint = checkpoint_of(identity);
        struct rmmap_options options = test_options(flags, RMMAP_ENGINE_AUTO);

        options.checkpoint = &checkpoint;
        return rmmap_create(test_path(data_path), size, &options, file);
}

static struct rmmap_file *resume(void)
{
        struct rmmap_file *file;

        ck_ok(create_for("job", RMMAP_KEEP, SIZE, &file));
        return file;
}

static struct rmmap_file *begin(void)
{
        struct rmmap_file *file;

        ck_ok(create_for("job", 0, SIZE, &file));
        return file;
}

static struct rmmap_range next_piece(struct rmmap_file *file)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, PIECE, &range));
        return range;
}

static struct rmmap_receipt write_piece(struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt receipt;

        memset(data, (int)(rmmap_range_start(range) / PIECE + 1), sizeof(data));
        ck_ok(rmmap_write_range(file, range, data, (size_t)rmmap_range_length(range), &receipt));
        return receipt;
}

/* Writes and syncs the next pieces; returns their ranges, which the next call overwrites. */
static struct rmmap_range *do_pieces(struct rmmap_file *file, int count)
{
        static struct rmmap_range done[PIECES];

        for (int i = 0; i < count; i++) {
                done[i] = next_piece(file);
                ck_ok(rmmap_sync_range(file, write_piece(file, done[i])));
        }
        return done;
}

static uint64_t recorded(const struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        uint64_t start, end = 0, bytes = 0;

        ck_ok(rmmap_describe(file, &info));
        while (rmmap_next_recorded(file, end, &start, &end) == 0)
                bytes += end - start;
        ck_assert_uint_eq(bytes, info.recorded);
        return bytes;
}

static bool is_resumed(const struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return (info.facts & RMMAP_FACT_RESUMED) != 0;
}

static bool is_recorded(const struct rmmap_file *file, uint64_t piece)
{
        uint64_t start, end;

        return rmmap_next_recorded(file, piece * PIECE, &start, &end) == 0 &&
               start == piece * PIECE;
}

/* Holds E.1, E.3. */
START_TEST(same_loop_resumes)
{
        struct rmmap_file *file = resume();
        uint64_t start, end;

        ck_assert(!is_resumed(file));
        ck_is(rmmap_next_recorded(file, 0, &start, &end), -ENODATA);
        do_pieces(file, 10);
        write_piece(file, next_piece(file)); /* not synced */
        rmmap_release(file);

        file = resume();
        ck_assert(is_resumed(file));
        ck_assert_uint_eq(recorded(file), 10 * PIECE);
        ck_assert_uint_eq(rmmap_remaining(file), SIZE - 10 * PIECE);
        for (int i = 10; i < PIECES; i++) {
                struct rmmap_range range = next_piece(file);

                ck_assert_uint_eq(rmmap_range_start(range), (uint64_t)i * PIECE);
                write_piece(file, range);
        }
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        ck_assert_uint_eq(recorded(file), 10 * PIECE);
        ck_ok(rmmap_close(file));

        file = resume();
        ck_assert_uint_eq(recorded(file), SIZE);
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        for (int i = 0; i < PIECES; i++) {
                size_t length = i + 1 < PIECES ? PIECE : SIZE % PIECE;

                ck_ok(rmmap_raw_read(file, (uint64_t)i * PIECE, found, length, NULL));
                memset(data, i + 1, sizeof(data));
                ck_assert_mem_eq(found, data, length);
        }
        ck_is(rmmap_next_recorded(file, SIZE, &start, &end), -ENODATA);
        ck_ok(rmmap_next_recorded(file, 5, &start, &end));
        ck_assert_uint_eq(start, 5);
        ck_assert_uint_eq(end, SIZE);
        rmmap_release(file);
}
END_TEST

/* Holds E.1. */
START_TEST(holes_are_handed_out)
{
        struct rmmap_file *file = begin();
        struct rmmap_range ranges[PIECES];

        for (int i = 0; i < PIECES; i++)
                ranges[i] = next_piece(file);
        for (int i = 1; i < PIECES; i += 2)
                ck_ok(rmmap_sync_range(file, write_piece(file, ranges[i])));
        rmmap_release(file);

        file = resume();
        ck_assert_uint_eq(rmmap_remaining(file), PIECES / 2 * PIECE);
        for (int i = 0; i < PIECES / 2; i++) {
                struct rmmap_range range;

                ck_ok(rmmap_allocate(file, SIZE, &range));
                ck_assert_uint_eq(rmmap_range_length(range), PIECE);
                ck_assert_uint_eq(rmmap_range_start(range) / PIECE % 2, 0);
        }
        ck_is(rmmap_allocate(file, PIECE, &ranges[0]), -ENOSPC);
        rmmap_release(file);
}
END_TEST

/* Holds E.2, E.3. */
START_TEST(receipts_are_recorded)
{
        struct rmmap_file *file = begin();
        struct rmmap_range ranges[8];
        struct rmmap_receipt receipts[8];

        for (int i = 0; i < 8; i++)
                ranges[i] = next_piece(file);
        memset(data, 7, sizeof(data));
        ck_ok(rmmap_write_within(file, ranges[0], 0, data, PIECE));
        ck_ok(rmmap_sync_within(file, ranges[0], 0, PIECE));
        ck_ok(rmmap_raw_sync(file, 0, PIECE));
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_eq(recorded(file), 0); /* there is no receipt */

        receipts[1] = write_piece(file, ranges[1]);
        ck_ok(rmmap_raw_sync(file, PIECE, PIECE));
        ck_ok(rmmap_sync_within(file, ranges[1], 0, PIECE));
        ck_ok(flushed(rmmap_flush_range(file, receipts[1])));
        ck_assert_uint_eq(recorded(file), 0); /* these record nothing */

        receipts[3] = write_piece(file, ranges[3]);
        ck_ok(rmmap_sync_ranges(file, &receipts[3], 1));
        ck_assert(is_recorded(file, 3) && !is_recorded(file, 1));
        ck_assert_uint_eq(recorded(file), PIECE);

        ck_ok(rmmap_write_within(file, ranges[5], 0, data, PIECE));
        ck_ok(rmmap_mark_written(file, ranges[5], &receipts[5]));
        ck_ok(rmmap_sync_all(file));
        ck_assert(is_recorded(file, 1) && is_recorded(file, 5));

        ck_ok(rmmap_write_range(file, ranges[6], data, PIECE, NULL));
        ck_ok(rmmap_sync_all(file));
        ck_assert(is_recorded(file, 6));
        ck_ok(rmmap_write_range_durable(file, ranges[7], data, PIECE, NULL));
        ck_assert(is_recorded(file, 7));
        ck_assert_uint_eq(recorded(file), 5 * PIECE);
        ck_assert(!is_recorded(file, 0));
        rmmap_release(file);
        file = resume();
        ck_assert_uint_eq(recorded(file), 5 * PIECE);
        rmmap_release(file);
}
END_TEST

START_TEST(without_reserved_space)
{
        struct rmmap_range range;
        struct rmmap_file *file;

        ck_ok(create_for("job", RMMAP_NO_PREALLOCATE, SIZE, &file));
        range = next_piece(file);
        memset(data, 3, sizeof(data));
        ck_ok(rmmap_write_range_durable(file, range, data, PIECE, NULL));
        ck_assert_uint_eq(recorded(file), PIECE);
        ck_ok(rmmap_close(file));
}
END_TEST

/* Holds E.3. */
START_TEST(queue_records)
{
        struct rmmap_file *file = begin();
        struct rmmap_queue *queue;
        struct rmmap_range ranges[3];
        struct rmmap_receipt receipt;

        for (int i = 0; i < 3; i++)
                ranges[i] = next_piece(file);
        ck_ok(rmmap_queue_create(NULL, &queue));
        receipt = write_piece(file, ranges[1]);
        ck_ok(rmmap_queue_sync(queue, file, &receipt, 1, 1));
        queue_gives(queue, 1, 0);
        ck_assert(is_recorded(file, 1));
        ck_ok(rmmap_queue_write(queue, file, ranges[2], data, PIECE, RMMAP_QUEUE_DURABLE, NULL, 2));
        queue_gives(queue, 2, 0);
        ck_assert(is_recorded(file, 2));
        ck_ok(rmmap_queue_write(queue, file, ranges[0], data, PIECE, 0, NULL, 3));
        queue_gives(queue, 3, 0);
        ck_assert(!is_recorded(file, 0));
        ck_ok(rmmap_queue_sync(queue, file, NULL, 0, 4));
        queue_gives(queue, 4, 0);
        ck_assert_uint_eq(recorded(file), 3 * PIECE);
        ck_ok(rmmap_give_back_range(file, ranges[1]));
        ck_is(rmmap_queue_sync(queue, file, &receipt, 1, 5), -EINVAL);
        rmmap_queue_release(queue);
        rmmap_release(file);
}
END_TEST

/* ---- give back */

/* Holds E.4. */
START_TEST(give_back_forgets)
{
        unsigned char encoded[RMMAP_RECEIPT_ENCODED_SIZE];
        struct rmmap_file *file = begin();
        struct rmmap_range range = do_pieces(file, 3)[1], again;
        struct rmmap_receipt receipt, old;

        ck_ok(rmmap_mark_written(file, range, &receipt));
        ck_ok(rmmap_receipt_encode(receipt, encoded, sizeof(encoded)));
        rmmap_release(file);

        /* The next run finds its content wrong, and fetches it again. */
        file = resume();
        ck_is(rmmap_allocate_at(file, PIECE, 2 * PIECE, &range), -EBUSY);
        ck_ok(rmmap_claim_range(file, PIECE, 2 * PIECE, &range));
        ck_ok(rmmap_receipt_decode(file, encoded, sizeof(encoded), &old));
        ck_ok(rmmap_sync_range(file, old));
        ck_ok(rmmap_give_back_range(file, range));
        ck_assert_uint_eq(recorded(file), 2 * PIECE);
        ck_is(rmmap_sync_range(file, old), -EINVAL);
        ck_is(rmmap_sync_ranges(file, &old, 1), -EINVAL);
        ck_is(rmmap_flush_range(file, old), -EINVAL);
        ck_is(rmmap_give_back_range(file, range), -EINVAL);
        rmmap_release(file);

        file = resume();
        ck_assert_uint_eq(recorded(file), 2 * PIECE);
        ck_ok(rmmap_allocate_at(file, PIECE, 2 * PIECE, &again));
        /* Written anew, by its new owner, it counts only when it is synced. */
        receipt = write_piece(file, again);
        ck_assert_uint_eq(recorded(file), 2 * PIECE);
        ck_ok(rmmap_sync_range(file, receipt));
        ck_assert_uint_eq(recorded(file), 3 * PIECE);
        rmmap_release(file);
}
END_TEST

START_TEST(give_back_of_what_is_free_forgets_nothing)
{
        struct rmmap_file *file = begin();
        struct rmmap_range whole, low, high;

        ck_ok(rmmap_allocate_exact(file, 2 * PIECE, &whole));
        ck_ok(rmmap_mark_written(file, whole, &(struct rmmap_receipt){{0}}));
        ck_ok(rmmap_sync_all(file));
        ck_is(rmmap_range_split_up(whole, PIECE, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_give_back_range(file, low));
        ck_is(rmmap_give_back_range(file, whole), -EINVAL);
        ck_assert(is_recorded(file, 1) && !is_recorded(file, 0));
        rmmap_release(file);
}
END_TEST

/* ---- side files that don't belong */

/* XORs a byte of the side file; returns false at its end. */
static void damage(off_t offset)
{
        int fd = open(test_path(side_path), O_RDWR | O_CLOEXEC);
        unsigned char byte;

        ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
        byte ^= 0x55;
        ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
        close(fd);
}

static int try_resume(void)
{
        struct rmmap_file *file = UNTOUCHED;
        int err = create_for("job", RMMAP_KEEP, SIZE, &file);

        if (err == 0)
                rmmap_release(file);
        else
                ck_assert_ptr_eq(file, UNTOUCHED);
        return err;
}

/* A file of which some pieces are recorded. Both copies of the slot are in use. */
static void leave_behind(void)
{
        struct rmmap_file *file = begin();

        do_pieces(file, 4);
        rmmap_release(file);
}

static uint64_t recorded_after(void)
{
        struct rmmap_file *file = resume();
        uint64_t bytes = recorded(file);

        rmmap_release(file);
        return bytes;
}

#define FIRST_HEAD 20
#define SECOND_HEAD (4096 + 20)
#define FIRST_SLOT (2 * 4096 + 30)
#define SECOND_SLOT (3 * 4096 + 30)

/* Holds E.6. */
START_TEST(damage_is_seen)
{
        uint64_t older;

        leave_behind();
        damage(FIRST_HEAD);
        ck_assert_uint_eq(recorded_after(), 4 * PIECE);
        damage(SECOND_HEAD);
        ck_assert_uint_eq(recorded_after(), 4 * PIECE);
        damage(FIRST_HEAD);
        damage(SECOND_HEAD);
        ck_is(try_resume(), -EBADMSG);
        ck_is(try_resume(), -EBADMSG); /* and left as it is */
        damage(FIRST_HEAD);
        damage(SECOND_HEAD);

        /* One copy has all of it, the other all but what was synced last. */
        damage(FIRST_SLOT);
        older = recorded_after();
        damage(FIRST_SLOT);
        damage(SECOND_SLOT);
        ck_assert_uint_eq(older + recorded_after(), 7 * PIECE);
        damage(FIRST_SLOT);
        ck_is(try_resume(), -EBADMSG);
        damage(SECOND_SLOT);
        damage(FIRST_SLOT);
        ck_assert_uint_eq(recorded_after(), 4 * PIECE);

        /* Whoever starts anew gets a side file that is whole. */
        damage(FIRST_SLOT);
        damage(SECOND_SLOT);
        damage(FIRST_HEAD);
        damage(SECOND_HEAD);
        rmmap_release(begin());
        ck_assert_uint_eq(recorded_after(), 0);
}
END_TEST

/* What was given back is in neither copy, whichever of them is damaged later. Holds E.6. */
START_TEST(damage_revives_nothing)
{
        for (int copy = 0; copy < 2; copy++) {
                struct rmmap_file *file = begin();

                ck_ok(rmmap_give_back_range(file, do_pieces(file, 2)[1]));
                rmmap_release(file);
                damage(copy == 0 ? FIRST_SLOT : SECOND_SLOT);
                ck_assert_uint_eq(recorded_after(), PIECE);
        }
}
END_TEST

/* A slot from before the file was begun anew doesn't count. Holds E.5. */
START_TEST(beginning_anew_forgets)
{
        leave_behind();
        rmmap_release(begin());
        ck_assert_uint_eq(recorded_after(), 0);
}
END_TEST

/* Holds E.6. */
START_TEST(cut_and_empty_ones)
{
        static const off_t sizes[] = {0, 1, 100, 4096, 8191, 8192, 8192 + 512, 3 * 4096 + 511};

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                leave_behind();
                ck_assert_int_eq(truncate(test_path(side_path), sizes[i]), 0);
                ck_is(try_resume(), -EBADMSG);
        }
}
END_TEST

/* As a machine of the other endianness would write it, if the format weren't fixed. */
START_TEST(bytes_in_the_other_order)
{
        unsigned char bytes[2 * 4096];
        int fd;

        leave_behind();
        fd = open(test_path(side_path), O_RDWR | O_CLOEXEC);
        ck_assert_int_eq(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
        for (size_t word = 8; word < sizeof(bytes); word += 8)
                for (size_t i = 0; i < 4; i++) {
                        unsigned char byte = bytes[word + i];

                        bytes[word + i] = bytes[word + 7 - i];
                        bytes[word + 7 - i] = byte;
                }
        ck_assert_int_eq(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
        close(fd);
        ck_is(try_resume(), -EBADMSG);
}
END_TEST

/* Holds E.5. */
START_TEST(others_are_stale)
{
        struct rmmap_file *file = UNTOUCHED;

        leave_behind();
        ck_is(create_for("jab", RMMAP_KEEP, SIZE, &file), -ESTALE);
        ck_is(create_for("job2", RMMAP_KEEP, SIZE, &file), -ESTALE);
        ck_is(create_for("jo", RMMAP_KEEP, SIZE, &file), -ESTALE);
        ck_is(create_for("job", RMMAP_KEEP, SIZE + PIECE, &file), -ESTALE);
        ck_assert_uint_eq(recorded_after(), 4 * PIECE);
        ck_assert_ptr_eq(file, UNTOUCHED);

        /* A copy of the data file under its name is another file. */
        ck_assert_int_eq(rename(test_path(data_path), test_path("moved")), 0);
        ck_assert_str_eq(test_file(data_path, SIZE), test_path(data_path));
        ck_is(try_resume(), -ESTALE);
        ck_assert_int_eq(rename(test_path("moved"), test_path(data_path)), 0);
        ck_assert_uint_eq(recorded_after(), 4 * PIECE);

        /* A longer file isn't what was recorded. */
        ck_assert_int_eq(truncate(test_path(data_path), SIZE + 1), 0);
        ck_is(try_resume(), -ESTALE);
}
END_TEST

/* Holds E.5. */
START_TEST(left_over_ones)
{
        struct rmmap_file *file = UNTOUCHED;
        struct stat status;

        leave_behind(); /* beside a new file */
        ck_assert_int_eq(unlink(test_path(data_path)), 0);
        ck_assert_uint_eq(recorded_after(), 0);
        leave_behind(); /* an empty one */
        ck_assert_int_eq(truncate(test_path(data_path), 0), 0);
        ck_assert_uint_eq(recorded_after(), 0);
        leave_behind(); /* one that lost its end */
        ck_assert_int_eq(truncate(test_path(data_path), PIECE), 0);
        ck_assert_uint_eq(recorded_after(), 0);
        ck_assert_uint_eq(recorded_after(), 0);

        /* A file without its side file may hold anything. */
        leave_behind();
        ck_assert_int_eq(unlink(test_path(side_path)), 0);
        ck_is(try_resume(), -ESTALE);
        ck_assert_int_eq(access(test_path(side_path), F_OK), -1);
        ck_ok(create_for("job", RMMAP_KEEP | RMMAP_REWRITE, SIZE, &file));
        ck_assert_uint_eq(rmmap_remaining(file), SIZE);
        do_pieces(file, 1);
        rmmap_release(file);
        ck_assert_uint_eq(recorded_after(), PIECE);

        /* A side file whose maker was killed before it had a header. */
        leave_behind();
        ck_assert_int_eq(stat(test_path(side_path), &status), 0);
        ck_assert_int_eq(truncate(test_path(side_path), 0), 0);
        ck_assert_int_eq(truncate(test_path(side_path), status.st_size), 0);
        ck_is(try_resume(), -EBADMSG);
        ck_assert_int_eq(truncate(test_path(side_path), status.st_size + 4096),
                         0); /* no side file */
        ck_is(create_for("job", RMMAP_KEEP | RMMAP_REWRITE, SIZE, &file), -EBADMSG);
        ck_assert_int_eq(truncate(test_path(side_path), status.st_size), 0);
        ck_ok(create_for("job", RMMAP_KEEP | RMMAP_REWRITE, SIZE, &file));
        do_pieces(file, 1);
        rmmap_release(file);
        ck_assert_uint_eq(recorded_after(), PIECE);
}
END_TEST

START_TEST(open_resumes)
{
        struct rmmap_checkpoint checkpoint = checkpoint_of("job");
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;
        int fd;

        leave_behind();
        options.checkpoint = &checkpoint;
        ck_ok(rmmap_open(test_path(data_path), &options, &file));
        ck_assert_uint_eq(recorded(file), 4 * PIECE);
        do_pieces(file, 1);
        rmmap_release(file);
        fd = open(test_path(data_path), O_RDWR | O_CLOEXEC);
        ck_ok(rmmap_open_fd(fd, &options, &file));
        ck_assert_uint_eq(recorded(file), 5 * PIECE);
        rmmap_release(file);
        close(fd);
        checkpoint.identity = "bad";
        ck_is(rmmap_open(test_path(data_path), &options, &file), -ESTALE);
}
END_TEST

/* ---- refusals */

static int create_with(const struct rmmap_checkpoint *checkpoint, uint32_t flags, uint64_t max_size,
                       const struct rmmap_allocator_ops *allocator)
{
        struct rmmap_options options = test_options(flags, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file = UNTOUCHED;
        int err;

        options.checkpoint = checkpoint;
        options.max_size = max_size;
        options.allocator = allocator;
        err = rmmap_create(flags & RMMAP_UNNAMED ? test_directory() : test_path(data_path), SIZE,
                           &options, &file);
        if (err == 0)
                rmmap_release(file);
        else
                ck_assert_ptr_eq(file, UNTOUCHED);
        return err;
}

START_TEST(wrong_arguments)
{
        struct rmmap_checkpoint good = checkpoint_of("job"), bad = good;
        uint64_t start, end;
        struct rmmap_file *file;

        bad.path = NULL;
        ck_is(create_with(&bad, 0, 0, NULL), -EINVAL);
        bad = good;
        bad.identity = NULL;
        ck_is(create_with(&bad, 0, 0, NULL), -EINVAL);
        bad = good;
        bad.identity_length = 0;
        ck_is(create_with(&bad, 0, 0, NULL), -EINVAL);
        bad.identity_length = 257;
        ck_is(create_with(&bad, 0, 0, NULL), -EINVAL);
        bad = good;
        bad.size = 8;
        ck_is(create_with(&bad, 0, 0, NULL), -EINVAL);
        bad = good;
        bad.path = test_path(data_path);
        ck_is(create_with(&bad, 0, 0, NULL), -EINVAL);
        bad.path = test_path("missing/side");
        ck_is(create_with(&bad, 0, 0, NULL), -ENOENT);
        ck_is(create_with(&good, RMMAP_UNNAMED, 0, NULL), -EINVAL);
        ck_is(create_with(&good, 0, 2 * SIZE, NULL), -EINVAL);
        ck_is(create_with(&good, 0, 0, rmmap_concurrent_allocator()), -EOPNOTSUPP);
        ck_is(create_with(&good, 0, 0, rmmap_sequential_allocator()), -EOPNOTSUPP);
        ck_assert_int_eq(access(test_path(data_path), F_OK), -1);
        ck_assert_int_eq(access(test_path(side_path), F_OK), -1);
        ck_assert_int_eq(symlink("elsewhere", test_path(side_path)), 0);
        ck_is(create_with(&good, 0, 0, NULL), -ELOOP);
        ck_assert_int_eq(unlink(test_path(side_path)), 0);
        ck_ok(create_with(&good, 0, 0, rmmap_reusing_allocator()));

        ck_ok(rmmap_create(test_path("plain"), SIZE, NULL, &file));
        ck_is(rmmap_next_recorded(file, 0, &start, &end), -EOPNOTSUPP);
        ck_is(rmmap_next_recorded(NULL, 0, &start, &end), -EINVAL);
        ck_is(rmmap_next_recorded(file, 0, NULL, &end), -EINVAL);
        ck_is(rmmap_next_recorded(file, 0, &start, NULL), -EINVAL);
        rmmap_release(file);
}
END_TEST

/* A failure leaves a file that existed as it was, and removes what it made. */
START_TEST(failures_touch_nothing)
{
        struct rmmap_checkpoint checkpoint = checkpoint_of("job");
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file = UNTOUCHED;
        const char *path = test_file("full", SIZE);
        unsigned char byte = test_byte(0);

        checkpoint.path = test_path("missing/side");
        options.checkpoint = &checkpoint;
        ck_is(rmmap_create(path, SIZE, &options, &file), -ENOENT);
        ck_assert(test_file_holds(path, 0, &byte, 1));
        ck_assert_int_eq(rmmap_create(test_path("new"), SIZE, &options, &file), -ENOENT);
        ck_assert_int_eq(access(test_path("new"), F_OK), -1);
}
END_TEST

START_TEST(one_handle_has_the_side_file)
{
        struct rmmap_file *file = begin(), *other = UNTOUCHED;
        struct rmmap_checkpoint checkpoint = checkpoint_of("job");
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);

        options.checkpoint = &checkpoint;
        ck_is(rmmap_create(test_path("other"), SIZE, &options, &other), -EBUSY);
        ck_is(rmmap_open(test_path(data_path), &options, &other), -EBUSY);
        ck_is(create_for("job", RMMAP_KEEP, SIZE, &other), -EBUSY);
        ck_assert_int_eq(access(test_path("other"), F_OK), -1);
        rmmap_release(file);
}
END_TEST

START_TEST(side_file_has_the_mode_of_the_file)
{
        struct rmmap_checkpoint checkpoint = checkpoint_of("job");
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;
        struct stat status;

        options.checkpoint = &checkpoint;
        options.mode = 0640;
        ck_ok(rmmap_create(test_path(data_path), SIZE, &options, &file));
        ck_assert_int_eq(stat(test_path(side_path), &status), 0);
        ck_assert_int_eq(status.st_mode & 07777, 0640);
        rmmap_release(file);
}
END_TEST

/* ---- errors while recording */

static void set_file_limit(rlim_t bytes)
{
        struct rlimit limit;

        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Holds E.2. */
START_TEST(no_space_to_record)
{
        struct rmmap_file *file = begin();
        struct rmmap_range range = next_piece(file);
        struct rmmap_receipt receipt = write_piece(file, range), none;

        set_file_limit(8192);
        ck_is(rmmap_sync_range(file, receipt), -EFBIG);
        ck_ok(rmmap_error(file)); /* not sticky */
        ck_assert_uint_eq(recorded(file), 0);
        ck_is(rmmap_give_back_range(file, range), -EFBIG); /* some of it may be there */
        set_file_limit(RLIM_INFINITY);
        ck_ok(rmmap_give_back_range(file, range));
        set_file_limit(8192);
        range = next_piece(file);
        receipt = write_piece(file, range);
        ck_is(rmmap_sync_all(file), -EFBIG);
        set_file_limit(RLIM_INFINITY);
        ck_ok(rmmap_sync_ranges(file, &none, 0)); /* the next sync, of whatever */
        ck_assert_uint_eq(recorded(file), PIECE);
        set_file_limit(8192);
        ck_is(rmmap_give_back_range(file, range), -EFBIG);
        ck_assert_uint_eq(recorded(file), PIECE);
        ck_is(rmmap_sync_range(file, receipt), -EFBIG); /* it may be forgotten in part */
        set_file_limit(RLIM_INFINITY);
        ck_ok(rmmap_give_back_range(file, range));
        ck_assert_uint_eq(recorded(file), 0);
        rmmap_release(file);
}
END_TEST

/* ---- publish */

/* Holds E.7. */
START_TEST(publish_ends_it)
{
        struct rmmap_file *file = begin();

        do_pieces(file, PIECES - 1);
        ck_is(rmmap_publish(file, test_path("final"), SIZE, 0), -ENODATA);
        write_piece(file, next_piece(file));
        ck_is(rmmap_publish(file, test_path("final"), SIZE, 0), -ENODATA);
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_publish(file, test_path("final"), SIZE, 0));
        ck_assert_int_eq(access(test_path(side_path), F_OK), -1);
        ck_assert_int_eq(access(test_path(data_path), F_OK), -1);
        ck_assert_int_eq(access(test_path("final"), F_OK), 0);
        ck_ok(rmmap_close(file));
}
END_TEST

START_TEST(publish_of_the_front)
{
        struct rmmap_file *file = begin();

        do_pieces(file, 3);
        ck_is(rmmap_publish(file, test_path("final"), 3 * PIECE + 1, 0), -ENODATA);
        ck_ok(rmmap_publish(file, test_path("final"), 3 * PIECE - 1, 0));
        ck_ok(rmmap_close(file));
}
END_TEST

/* ---- a large file: several slots, ranges across them, against an oracle */

#define LARGE (UINT64_C(96) << 20) /* seven slots */
#define LARGE_BLOCKS (LARGE / PIECE)
static bool oracle[LARGE_BLOCKS];

static void compare(const struct rmmap_file *file)
{
        static bool seen[LARGE_BLOCKS];
        uint64_t start, end = 0;

        memset(seen, 0, sizeof(seen));
        while (rmmap_next_recorded(file, end, &start, &end) == 0)
                for (uint64_t block = start / PIECE; block < end / PIECE; block++)
                        seen[block] = true;
        ck_assert_mem_eq(seen, oracle, sizeof(seen));
}

static void note(struct rmmap_range range, bool value)
{
        for (uint64_t at = rmmap_range_start(range); at < rmmap_range_end(range); at += PIECE)
                oracle[at / PIECE] = value;
}

/* A range that is nothing yet, or synced, or synced and given back. */
static void one_step(struct rmmap_file *file, uint64_t *seed)
{
        uint64_t wish = (test_random(seed) % 60 + 1) * PIECE;
        struct rmmap_receipt receipt;
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, wish, &range));
        for (uint64_t at = rmmap_range_start(range); at < rmmap_range_end(range); at += PIECE)
                ck_assert(!oracle[at / PIECE]);
        if (test_random(seed) % 4 == 0)
                return;
        ck_ok(rmmap_mark_written(file, range, &receipt));
        ck_ok(rmmap_sync_range(file, receipt));
        note(range, true);
        if (test_random(seed) % 3 != 0)
                return;
        ck_ok(rmmap_give_back_range(file, range));
        note(range, false);
}

/* Holds E.1, E.4. */
START_TEST(many_slots)
{
        uint64_t seed = test_seed();
        struct rmmap_file *file;

        memset(oracle, 0, sizeof(oracle));
        for (int run = 0; run < 4; run++) {
                ck_ok(create_for("large", RMMAP_KEEP | RMMAP_NO_PREALLOCATE, LARGE, &file));
                compare(file);
                for (int i = 0; i < 200; i++)
                        one_step(file, &seed);
                compare(file);
                rmmap_release(file);
        }
}
END_TEST

/* The first slots of copy 1 that is written first; there is no space for the second one. */
#define SPACE_FOR_ONE_SLOT (3 * 4096 + 512)

static struct rmmap_range mark_at(struct rmmap_file *file, uint64_t start)
{
        struct rmmap_receipt receipt;
        struct rmmap_range range;

        ck_ok(rmmap_allocate_at(file, start, start + PIECE, &range));
        ck_ok(rmmap_mark_written(file, range, &receipt));
        return range;
}

static struct rmmap_file *open_large(void)
{
        struct rmmap_file *file;

        ck_ok(create_for("large", RMMAP_KEEP | RMMAP_NO_PREALLOCATE, LARGE, &file));
        return file;
}

/* What a record that failed has left in the side file isn't found after it was given back. */
START_TEST(recorded_in_part_and_given_back)
{
        struct rmmap_file *file = open_large();
        struct rmmap_range range = mark_at(file, 0);

        (void)mark_at(file, LARGE / 2); /* not beside it: a write of its own */
        set_file_limit(SPACE_FOR_ONE_SLOT);
        ck_is(rmmap_sync_all(file), -EFBIG);
        ck_assert_uint_eq(recorded(file), 0);
        set_file_limit(RLIM_INFINITY);
        ck_ok(rmmap_give_back_range(file, range));
        rmmap_release(file);
        file = open_large();
        ck_assert(!is_recorded(file, 0));
        rmmap_release(file);
}
END_TEST

/* A give_back that failed after one copy leaves a record that the next sync makes whole. */
START_TEST(given_back_in_part)
{
        struct rmmap_file *file = open_large();
        struct rmmap_range range = mark_at(file, 0);

        ck_ok(rmmap_sync_all(file)); /* in copy 1: the next one to be written is copy 0 */
        set_file_limit(8192 + 512);
        ck_is(rmmap_give_back_range(file, range), -EFBIG);
        ck_assert_uint_eq(recorded(file), PIECE);
        set_file_limit(RLIM_INFINITY);
        (void)mark_at(file, LARGE / 4);
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_eq(recorded(file), 2 * PIECE);
        rmmap_release(file);
        file = open_large();
        ck_assert_uint_eq(recorded(file), 2 * PIECE);
        rmmap_release(file);
}
END_TEST

/* ---- a forked child */

static int touch_in_child(void *arg)
{
        struct rmmap_file *file = arg;
        uint64_t start, end;
        int err = rmmap_next_recorded(file, 0, &start, &end);

        if (err == 0 && rmmap_sync_all(file) != -EPERM)
                err = -1;
        rmmap_release(file);
        return err;
}

START_TEST(child_leaves_it_alone)
{
        struct rmmap_file *file = begin(), *other;

        do_pieces(file, 2);
        ck_child(touch_in_child, file);
        do_pieces(file, 1);
        ck_is(create_for("job", RMMAP_KEEP, SIZE, &other), -EBUSY);
        rmmap_release(file);
        ck_assert_uint_eq(recorded_after(), 3 * PIECE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("checkpoint");
        TCase *tests = tcase_create("checkpoint");

        tcase_set_timeout(tests, 120);
        tcase_add_checked_fixture(tests, remove_all, NULL);
        tcase_add_test(tests, same_loop_resumes);
        tcase_add_test(tests, holes_are_handed_out);
        tcase_add_test(tests, receipts_are_recorded);
        tcase_add_test(tests, without_reserved_space);
        tcase_add_test(tests, queue_records);
        tcase_add_test(tests, give_back_forgets);
        tcase_add_test(tests, give_back_of_what_is_free_forgets_nothing);
        tcase_add_test(tests, damage_is_seen);
        tcase_add_test(tests, damage_revives_nothing);
        tcase_add_test(tests, beginning_anew_forgets);
        tcase_add_test(tests, cut_and_empty_ones);
        tcase_add_test(tests, bytes_in_the_other_order);
        tcase_add_test(tests, others_are_stale);
        tcase_add_test(tests, left_over_ones);
        tcase_add_test(tests, open_resumes);
        tcase_add_test(tests, wrong_arguments);
        tcase_add_test(tests, failures_touch_nothing);
        tcase_add_test(tests, one_handle_has_the_side_file);
        tcase_add_test(tests, side_file_has_the_mode_of_the_file);
        tcase_add_test(tests, no_space_to_record);
        tcase_add_test(tests, publish_ends_it);
        tcase_add_test(tests, publish_of_the_front);
        tcase_add_test(tests, many_slots);
        tcase_add_test(tests, recorded_in_part_and_given_back);
        tcase_add_test(tests, given_back_in_part);
        tcase_add_test(tests, child_leaves_it_alone);
        suite_add_tcase(suite, tests);
        return test_run(suite);
}
