/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls that move bytes, in every way that a handle can move them. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "scenes.h"

static void prepare_synced(struct stage *stage)
{
        stage_file(stage);
        if (stage->file != NULL)
                ck_ok(rmmap_sync_all(stage->file));
}

/* Its file is cut in front of the range; only who catches faults may go there. */
static void prepare_cut(struct stage *stage)
{
        stage_file(stage);
        if (stage->file != NULL)
                ck_assert_int_eq(truncate(stage->path, (off_t)CUT), 0);
}

static bool range_is_written(struct stage *stage, struct results *results)
{
        return rmmap_receipt_equal(results->receipt, stage->receipt) &&
               setup_holds(SIZE, AT, AT + LENGTH, stage->data);
}

static bool bytes_are_written(struct stage *stage, struct results *results)
{
        (void)results;
        return setup_holds(SIZE, AT, AT + LENGTH, stage->data);
}

ACT(write_range,
    rmmap_write_range(stage->file, stage->range, stage->data, LENGTH, &results->receipt))
ACT(write_durable,
    rmmap_write_range_durable(stage->file, stage->range, stage->data, LENGTH, &results->receipt))
ACT(write_within, rmmap_write_within(stage->file, stage->range, 0, stage->data, LENGTH))
ACT(raw_write, rmmap_raw_write(stage->file, AT, stage->data, LENGTH))

static int write_pieces(struct stage *stage, struct results *results)
{
        struct iovec pieces[] = {{stage->data, 100},
                                 {NULL, 0},
                                 {stage->data + 100, PAGE},
                                 {stage->data + 100 + PAGE, LENGTH - PAGE - 100}};

        return rmmap_writev_range(stage->file, stage->range, pieces, 4, &results->receipt);
}

/* ---- from a descriptor: what came is counted, and the next call goes on there */

static void prepare_source(struct stage *stage)
{
        stage_file(stage);
        if (stage->file == NULL)
                return;
        stage->fd = memfd_create("source", MFD_CLOEXEC);
        ck_assert_int_eq(pwrite(stage->fd, stage->data, LENGTH, 0), (ssize_t)LENGTH);
}

ACT(write_from_fd, rmmap_write_range_from_fd(stage->file, stage->range, stage->fd, &stage->done,
                                             &results->receipt))

/* What done counts is there, and the source is where done says. */
static bool done_is_true(struct stage *stage, enum injected call)
{
        off_t at = lseek(stage->fd, 0, SEEK_CUR);

        if (call == INJECT_LSEEK) { /* a source that can't be wound back: by hand, then */
                ck_assert_int_eq(lseek(stage->fd, (off_t)stage->done, SEEK_SET),
                                 (off_t)stage->done);
                at = (off_t)stage->done;
        }
        return at == (off_t)stage->done && stage->done <= LENGTH &&
               stage_outside_is_whole(stage, call) &&
               memcmp(stage->found + AT, stage->data, (size_t)stage->done) == 0;
}

static void clean_source(struct stage *stage)
{
        close(stage->fd);
        rmmap_release(stage->file);
}

/* ---- the whole file */

ACT(raw_fill, rmmap_raw_fill(stage->file, 0x5a))
ACT(raw_zero, rmmap_raw_zero(stage->file))

static bool holds_only(struct stage *stage, unsigned char byte)
{
        int fd = open(stage->path, O_RDONLY | O_CLOEXEC);
        ssize_t got = pread(fd, stage->found, SIZE, 0);

        close(fd);
        for (size_t i = 0; i < SIZE; i++)
                if (stage->found[i] != byte)
                        return false;
        return got == (ssize_t)SIZE;
}

static bool is_filled(struct stage *stage, struct results *results)
{
        (void)results;
        return holds_only(stage, 0x5a);
}

static bool is_zero(struct stage *stage, struct results *results)
{
        (void)results;
        return holds_only(stage, 0);
}

/* ---- reading */

ACT(read_range, rmmap_read_range(stage->file, stage->range, stage->found, LENGTH, &results->length))
ACT(read_within, rmmap_read_within(stage->file, stage->range, 0, stage->found, LENGTH))
ACT(raw_read, rmmap_raw_read(stage->file, AT, stage->found, LENGTH, &results->length))

ACT(read_page, rmmap_raw_read(stage->file, AT, stage->found, PAGE, &results->length))

/* As after much reading: whether the page is in memory is asked. */
static void prepare_unknown(struct stage *stage)
{
        prepare_synced(stage);
        if (stage->file != NULL)
                atomic_store(&stage->file->io.first_look, UINT64_MAX);
}

static bool has_read(struct stage *stage, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (stage->found[i] != test_byte(AT + i))
                        return false;
        return true;
}

static bool is_read(struct stage *stage, struct results *results)
{
        (void)results;
        return has_read(stage, LENGTH);
}

static bool is_read_whole(struct stage *stage, struct results *results)
{
        return results->length == LENGTH && has_read(stage, LENGTH);
}

static bool is_page_read(struct stage *stage, struct results *results)
{
        return results->length == PAGE && has_read(stage, PAGE);
}

/* ---- the caller's own code */

static int store(void *arg)
{
        struct stage *stage = arg;
        void *data;
        int err = rmmap_range_data(stage->file, stage->range, &data);

        if (err == 0)
                memcpy(data, stage->data, LENGTH);
        return err == 0 ? 42 : err;
}

ACT(guard, rmmap_guard_call(stage->file, store, stage, &results->value))

static bool is_stored(struct stage *stage, struct results *results)
{
        return results->value == 42 && setup_holds(SIZE, AT, AT + LENGTH, stage->data);
}

/* Those whose faults are caught; of setups.c. */
#define GUARDED_MAP 6
#define GUARDED_AUTO 7
#define GUARDED_PWRITE 9

#define WRITES(what, is_sync, prepares, acts, is_good)                                             \
        {                                                                                          \
                .name = what, .syncs = is_sync, .prepare = prepares, .act = acts, .good = is_good, \
                .bad = stage_outside_is_whole                                                      \
        }
#define CUT_SCENE(what, by, acts)                                                                  \
        {                                                                                          \
                .name = what, .one_setup = true, .setup = by, .want = -ESTALE,                     \
                .prepare = prepare_cut, .act = acts                                                \
        }

const struct scene scenes_move[] = {
        WRITES("write_range", false, stage_file, write_range, range_is_written),
        WRITES("write_range_durable, the file's first sync", true, stage_file, write_durable,
               range_is_written),
        WRITES("write_range_durable", true, prepare_synced, write_durable, range_is_written),
        WRITES("writev_range", false, prepare_synced, write_pieces, range_is_written),
        WRITES("write_within", false, stage_file, write_within, bytes_are_written),
        WRITES("raw_write", false, prepare_synced, raw_write, bytes_are_written),
        {.name = "write_range_from_fd",
         .prepare = prepare_source,
         .act = write_from_fd,
         .good = range_is_written,
         .bad = done_is_true,
         .clean = clean_source},
        {.name = "raw_fill", .prepare = stage_file, .act = raw_fill, .good = is_filled},
        {.name = "raw_zero", .prepare = stage_file, .act = raw_zero, .good = is_zero},
        {.name = "read_range", .prepare = stage_file, .act = read_range, .good = is_read_whole},
        {.name = "read_within", .prepare = stage_file, .act = read_within, .good = is_read},
        {.name = "raw_read, a page of which nothing is known",
         .prepare = prepare_unknown,
         .act = read_page,
         .good = is_page_read},
        {.name = "raw_read", .prepare = stage_file, .act = raw_read, .good = is_read_whole},
        {.name = "guard_call",
         .one_setup = true,
         .setup = GUARDED_MAP,
         .prepare = stage_file,
         .act = guard,
         .good = is_stored,
         .bad = stage_outside_is_whole},
        CUT_SCENE("guard_call, cut", GUARDED_MAP, guard),
        CUT_SCENE("write_range, cut, by the mapping", GUARDED_MAP, write_range),
        CUT_SCENE("write_range, cut, either way", GUARDED_AUTO, write_range),
        CUT_SCENE("write_range_durable, cut, by calls", GUARDED_PWRITE, write_durable),
        CUT_SCENE("read_range, cut", GUARDED_MAP, read_range),
        {.name = NULL},
};
