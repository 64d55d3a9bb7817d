/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Side files of checkpoints: whole, damaged, cut, about other files, with a right checksum or
 * without. What the library makes of one is what a plain reader of the format makes of it; see
 * side-reader.h. Then it allocates, writes, syncs and gives back, and the side file says so:
 * afterwards, and also if the copy of a slot that was written last is damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "fuzz/files.h"
#include "fuzz/side-reader.h"
#include "rmmap.h"

#define SIZE (UINT64_C(3900) * SIDE_BLOCK + 100) /* two slots */
#define EPOCH UINT64_C(0x1122334455667788)
#define IDENTITY "what is fetched"
#define IDENTITY_LENGTH 15

static unsigned char template_head[SIDE_HEAD_BYTES];
static struct side_image image;

static const struct rmmap_checkpoint checkpoint = {sizeof(checkpoint), side_path, IDENTITY,
                                                   IDENTITY_LENGTH};

static int open_data(uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.flags = flags | RMMAP_NO_PREALLOCATE;
        options.engine = RMMAP_ENGINE_PWRITE;
        options.checkpoint = &checkpoint;
        return rmmap_create(data_path, SIZE, &options, file);
}

static void read_image(struct side_image *into)
{
        int fd = open(side_path, O_RDONLY | O_CLOEXEC);
        ssize_t got;

        fuzz_check(fd >= 0);
        got = read(fd, into->bytes, sizeof(into->bytes));
        fuzz_check(got >= 0);
        into->length = (size_t)got;
        close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        struct rmmap_file *file;

        (void)argc;
        (void)argv;
        name_files();
        fuzz_is(open_data(0, &file), 0);
        rmmap_release(file);
        read_image(&image);
        memcpy(template_head, image.bytes, sizeof(template_head));
        return 0;
}

/* ---- the side file before */

/* Only the sum of the bytes is right after that. */
static void damage(struct input *input, unsigned char *bytes, size_t length)
{
        bytes[take_bytes(input, 2) % length] ^= (unsigned char)(1 + take_byte(input) % 255);
}

static void put_sum(unsigned char *bytes, size_t length)
{
        store_le64(bytes + length - 8, checksum_bytes(bytes, length - 8));
}

/* Wrong now and then: a word of the header, or a byte, with a checksum that is right or not. */
static void put_head(struct input *input, unsigned char *head, uint64_t sequence)
{
        uint8_t how = take_byte(input);

        memcpy(head, template_head, SIDE_HEAD_BYTES);
        store_le64(head + SIDE_HEAD_SEQUENCE, sequence);
        store_le64(head + SIDE_HEAD_EPOCH, how & 1 ? take_word(input) : EPOCH);
        if (how & 2)
                store_le64(head + 8 * (1 + take_byte(input) % 9), take_word(input));
        if (how & 4)
                store_le64(head + SIDE_HEAD_SIZE, SIZE + take_byte(input) % 5 * SIDE_BLOCK);
        if ((how & 24) == 24)
                damage(input, head, SIDE_HEAD_BYTES);
        put_sum(head, SIDE_HEAD_BYTES);
        if ((how & 96) == 96)
                damage(input, head, SIDE_HEAD_BYTES);
        if ((how & 0xb0) == 0xb0)
                memset(head, 0, SIDE_HEAD_BYTES);
}

/* The library counts from 1 on: it never comes near the end of 64 bits. */
static uint64_t take_sequence(struct input *input)
{
        return take_word(input) >> 8;
}

static void put_slot(struct input *input, unsigned char *slot, uint64_t number, uint64_t sequence)
{
        uint8_t how = take_byte(input);

        if ((how & 3) == 3)
                return;
        store_le64(slot + SIDE_SLOT_EPOCH, (how & 12) == 12 ? take_word(input) : EPOCH);
        store_le64(slot + SIDE_SLOT_NUMBER, (how & 48) == 48 ? take_word(input) : number);
        store_le64(slot + SIDE_SLOT_SEQUENCE, sequence);
        for (int i = take_byte(input) % 5; i > 0; i--)
                store_le64(slot + SIDE_SLOT_WORDS + 8 * (take_byte(input) % 60), take_word(input));
        put_sum(slot, SIDE_SLOT_BYTES);
        if ((how & 0xc0) == 0xc0)
                damage(input, slot, SIDE_SLOT_BYTES);
}

static void put_image(struct input *input)
{
        uint64_t slots = side_reader_slots(SIZE);

        memset(&image, 0, sizeof(image));
        image.length = SIDE_HEADS_BYTES + 2 * (size_t)SIDE_BLOCK;
        for (unsigned int copy = 0; copy < 2; copy++)
                put_head(input, image.bytes + copy * SIDE_BLOCK, take_sequence(input));
        for (uint64_t slot = 0; slot < slots; slot++)
                for (unsigned int copy = 0; copy < 2; copy++)
                        put_slot(input, image.bytes + side_reader_slot_at(SIZE, slot, copy), slot,
                                 take_sequence(input));
        for (int i = take_byte(input); i > 252; i--)
                damage(input, image.bytes, image.length);
        if (take_byte(input) > 240)
                image.length = take_bytes(input, 2) % sizeof(image.bytes);
}

/* ---- what the library makes of it */

static struct side_verdict want, found;
/* What the older copy of a slot says that this run has written: all but the last sync. */
static bool older[SIDE_MOST_BLOCKS], is_written[SIDE_MOST_SLOTS];

static void compare(const struct rmmap_file *file)
{
        uint64_t start, end, at = 0, sum = 0;
        uint64_t size = rmmap_size(file);
        struct rmmap_info info = RMMAP_INFO_INIT;

        memset(&found, 0, sizeof(found));
        for (; rmmap_next_recorded(file, at, &start, &end) == 0; at = end) {
                fuzz_check(start >= at && start < end && end <= size);
                for (uint64_t block = start / SIDE_BLOCK; block * SIDE_BLOCK < end; block++)
                        found.recorded[block] = true;
                sum += end - start;
        }
        fuzz_check(memcmp(found.recorded, want.recorded, sizeof(want.recorded)) == 0);
        fuzz_is(rmmap_describe(file, &info), 0);
        fuzz_check(info.recorded == sum && rmmap_remaining(file) == size - sum);
}

static void set(struct rmmap_range range, bool value)
{
        uint64_t end = rmmap_range_end(range);

        for (uint64_t at = rmmap_range_start(range); at < end; at += SIDE_BLOCK)
                want.recorded[at / SIDE_BLOCK] = value;
}

static void note_older(struct rmmap_range range)
{
        uint64_t first = rmmap_range_start(range) / SIDE_BLOCK / SIDE_SLOT_BLOCKS;
        uint64_t last = (rmmap_range_end(range) - 1) / SIDE_BLOCK / SIDE_SLOT_BLOCKS;

        for (uint64_t slot = first; slot <= last; slot++) {
                memcpy(older + slot * SIDE_SLOT_BLOCKS, want.recorded + slot * SIDE_SLOT_BLOCKS,
                       SIDE_SLOT_BLOCKS * sizeof(*older));
                is_written[slot] = true;
        }
}

static void allocate_and_sync(struct input *input, struct rmmap_file *file)
{
        static const unsigned char bytes[20 * SIDE_BLOCK];
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        int err = rmmap_allocate(file, (1 + take_byte(input) % 20) * SIDE_BLOCK, &range);

        if (err == -ENOSPC)
                return;
        fuzz_is(err, 0);
        for (uint64_t at = rmmap_range_start(range); at < rmmap_range_end(range); at += SIDE_BLOCK)
                fuzz_check(!want.recorded[at / SIDE_BLOCK]);
        fuzz_is(rmmap_write_range(file, range, bytes, (size_t)rmmap_range_length(range), &receipt),
                0);
        fuzz_is(take_byte(input) & 1 ? rmmap_sync_all(file) : rmmap_sync_range(file, receipt), 0);
        note_older(range);
        set(range, true);
}

/* A part of what is recorded; and allocated again it isn't, before it is written. */
static void give_back(struct input *input, struct rmmap_file *file)
{
        uint64_t start, end, from = take_bytes(input, 2) % 3901 * SIDE_BLOCK;
        struct rmmap_range range;
        int err;

        if (rmmap_next_recorded(file, from, &start, &end) != 0)
                return;
        err = rmmap_claim_range(file, start, end, &range);
        if (err == -EBUSY) /* of a range that this handle handed out */
                return;
        fuzz_is(err, 0);
        fuzz_is(rmmap_give_back_range(file, range), 0);
        set(range, false);
        note_older(range);
}

/*
 * The newer copy of each slot that was written is lost: the other one lacks only what was synced
 * last, and has nothing that was given back.
 */
static void lose_newer_copies(void)
{
        struct rmmap_file *file;

        read_image(&image);
        side_reader_read(&image, SIZE, template_head, &found);
        fuzz_check(found.err == 0);
        for (uint64_t slot = 0; slot < side_reader_slots(SIZE); slot++)
                if (is_written[slot])
                        image.bytes[side_reader_slot_at(SIZE, slot, found.newer[slot]) + 100] ^= 1;
        side_reader_read(&image, SIZE, template_head, &want);
        for (size_t block = 0; block < SIDE_MOST_BLOCKS; block++)
                fuzz_check(!is_written[block / SIDE_SLOT_BLOCKS] ||
                           want.recorded[block] == older[block]);
        write_side(image.bytes, image.length);
        fuzz_is(open_data(RMMAP_KEEP, &file), 0);
        compare(file);
        rmmap_release(file);
}

static void go_on(struct input *input, struct rmmap_file *file)
{
        memset(is_written, 0, sizeof(is_written));
        for (int i = take_byte(input) % 6; i > 0; i--)
                (take_byte(input) & 1 ? give_back : allocate_and_sync)(input, file);
        compare(file);
        rmmap_release(file);
        fuzz_is(open_data(RMMAP_KEEP, &file), 0);
        compare(file);
        rmmap_release(file);
        lose_newer_copies();
}

static void refused(uint64_t content)
{
        static struct side_image after;
        struct stat status;

        read_image(&after);
        fuzz_check(after.length == image.length);
        fuzz_check(memcmp(after.bytes, image.bytes, image.length) == 0);
        fuzz_check(stat(data_path, &status) == 0 && status.st_size == (off_t)content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint64_t contents[] = {SIZE, SIZE - SIDE_BLOCK, SIZE + SIDE_BLOCK, 0};
        struct input input = {data, size};
        uint8_t choice = take_byte(&input);
        uint64_t content = contents[choice < 240 ? 0 : choice % 4];
        struct rmmap_file *file;

        put_image(&input);
        write_side(image.bytes, image.length);
        if (truncate(data_path, (off_t)content) != 0)
                abort();
        side_reader_read(&image, content, template_head, &want);
        fuzz_is(open_data(RMMAP_KEEP, &file), want.err);
        if (want.err != 0) {
                refused(content);
                return 0;
        }
        compare(file);
        if (rmmap_size(file) == SIZE)
                go_on(&input, file);
        else
                rmmap_release(file);
        return 0;
}
