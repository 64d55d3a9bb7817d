/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * State files of the shared allocator: whole, damaged, cut, made for other files, left by a power
 * cut. A file that is refused stays as it is. From one that isn't, allocation goes on where its
 * words say, within the file; and what is synced then stays out, whatever counter a power cut
 * leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "fuzz/files.h"
#include "rmmap.h"

#define BLOCK UINT64_C(4096)
#define SIZE (64 * BLOCK + 100)
#define MOST (256 * BLOCK)
#define PAGE ((size_t)4096)
#define STATE_SIZE (3 * PAGE)
#define COUNTER PAGE
#define SESSION (PAGE + 64)
#define MARK (2 * PAGE)

/* Words behind the magic one. */
enum { ID, DEVICE, INODE, BORN, BORN_NANOSECONDS, FILE_SIZE, MAX_SIZE, LITTLE, WORDS };
#define SUM_AT (8 * (1 + (size_t)WORDS))

static unsigned char template[STATE_SIZE], image[2 * STATE_SIZE], after[2 * STATE_SIZE];
static size_t length;
static uint64_t session; /* of the machine and the mount */

/* How the program opens the file. */
static uint64_t max_size, grow_step;

static int open_data(uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        config.path = side_path;
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        options.flags = flags | RMMAP_NO_PREALLOCATE;
        options.engine = RMMAP_ENGINE_PWRITE;
        options.max_size = max_size;
        options.grow_step = grow_step;
        return rmmap_create(data_path, SIZE, &options, file);
}

static size_t read_state(unsigned char *into)
{
        int fd = open(side_path, O_RDONLY | O_CLOEXEC);
        ssize_t got;

        fuzz_check(fd >= 0);
        got = read(fd, into, sizeof(image));
        fuzz_check(got >= 0);
        close(fd);
        return (size_t)got;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        struct rmmap_file *file;

        (void)argc;
        (void)argv;
        name_files();
        fuzz_is(open_data(0, &file), 0);
        fuzz_check(read_state(template) == STATE_SIZE);
        memcpy(&session, template + SESSION, sizeof(session));
        rmmap_release(file);
        return 0;
}

/* ---- the state file before. The words of the last two pages are the machine's. */

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
        uint64_t word;

        memcpy(&word, bytes + at, sizeof(word));
        return word;
}

static void put_word(size_t at, uint64_t word)
{
        memcpy(image + at, &word, sizeof(word));
}

static uint64_t head_word(const unsigned char *bytes, int word)
{
        return load_le64(bytes + 8 * (1 + (size_t)word));
}

static uint64_t mark_of(uint64_t units, uint64_t id)
{
        unsigned char summed[16];

        store_le64(summed, units);
        store_le64(summed + 8, id);
        return units | checksum_bytes(summed, sizeof(summed)) << 40;
}

static uint64_t closed_at(uint64_t counter, uint64_t id)
{
        unsigned char summed[16];

        store_le64(summed, counter);
        store_le64(summed + 8, id);
        return checksum_bytes(summed, sizeof(summed)) & ~UINT64_C(1);
}

static uint64_t mark_end(const unsigned char *bytes)
{
        return (word_at(bytes, MARK) & ((UINT64_C(1) << 40) - 1)) * BLOCK;
}

static bool mark_is_whole(const unsigned char *bytes)
{
        return word_at(bytes, MARK) == mark_of(mark_end(bytes) / BLOCK, head_word(bytes, ID));
}

static void damage(struct input *input, size_t from, size_t size)
{
        image[from + take_bytes(input, 2) % size] ^= (unsigned char)(1 + take_byte(input) % 255);
}

static uint64_t take_position(struct input *input)
{
        uint8_t how = take_byte(input);

        return how < 200   ? how * BLOCK
               : how < 240 ? take_word(input) / BLOCK * BLOCK
                           : take_word(input);
}

static void put_state(struct input *input)
{
        uint8_t how = take_byte(input);

        memset(image, 0, sizeof(image));
        memcpy(image, template, STATE_SIZE);
        if (how & 1)
                store_le64(image + 8 * (1 + take_byte(input) % WORDS), take_word(input));
        store_le64(image + 8 * (1 + (size_t)MAX_SIZE), how & 2 ? MOST : SIZE);
        if ((how & 12) == 12)
                damage(input, 0, SUM_AT);
        store_le64(image + SUM_AT, checksum_bytes(image, SUM_AT));
        if ((how & 48) == 48)
                damage(input, 0, SUM_AT + 8);
        put_word(COUNTER, take_position(input));
        if (how & 64) /* closed, maybe at another counter; or another session */
                put_word(SESSION, how & 2 ? closed_at(word_at(image, COUNTER) ^ (how & 1) << 12,
                                                      head_word(image, ID))
                                          : take_word(input));
        put_word(MARK,
                 mark_of(take_position(input) / BLOCK % (UINT64_C(1) << 40), head_word(image, ID)));
        for (int i = take_byte(input); i > 240; i -= 5)
                damage(input, 0, STATE_SIZE);
        length = (how & 0xb0) == 0xb0 ? take_bytes(input, 2) % sizeof(image) : STATE_SIZE;
}

/* ---- what must come of it */

static bool has_birth(const unsigned char *bytes)
{
        return head_word(bytes, BORN) != 0 || head_word(bytes, BORN_NANOSECONDS) != 0;
}

static bool same_file(void)
{
        if (head_word(image, INODE) != head_word(template, INODE))
                return false;
        if (has_birth(image) && has_birth(template))
                return head_word(image, BORN) == head_word(template, BORN) &&
                       head_word(image, BORN_NANOSECONDS) == head_word(template, BORN_NANOSECONDS);
        return head_word(image, DEVICE) == head_word(template, DEVICE);
}

static bool grows(void)
{
        return head_word(image, MAX_SIZE) > head_word(image, FILE_SIZE);
}

static int want_open(void)
{
        uint64_t size = head_word(image, FILE_SIZE);

        if (length != STATE_SIZE || memcmp(image, "RMMSHAR1", 8) != 0 ||
            load_le64(image + SUM_AT) != checksum_bytes(image, SUM_AT) ||
            head_word(image, LITTLE) != head_word(template, LITTLE))
                return -EBADMSG;
        if (!same_file() || (grows() ? SIZE < size : SIZE != size) || (max_size > SIZE && !grows()))
                return -ESTALE;
        return word_at(image, COUNTER) % BLOCK == 0 && mark_is_whole(image) ? 0 : -EBADMSG;
}

/* Where allocation goes on. */
static uint64_t want_position(void)
{
        uint64_t counter = word_at(image, COUNTER), mark = mark_end(image);
        uint64_t word = word_at(image, SESSION);
        bool known = (word == session && session != 0) ||
                     word == closed_at(counter, head_word(image, ID));

        return known || counter > mark ? counter : mark;
}

static uint64_t end_of_file(const struct rmmap_file *file)
{
        return rmmap_size(file) > max_size ? rmmap_size(file) : max_size;
}

/* Returns the end of what was synced. */
static uint64_t allocate(struct input *input, struct rmmap_file *file, uint64_t position)
{
        static const unsigned char bytes[16 * BLOCK];
        uint64_t synced = 0;

        for (int i = take_byte(input) % 8; i > 0; i--) {
                uint8_t how = take_byte(input);
                uint64_t size = (1 + how % 16) * BLOCK;
                struct rmmap_receipt receipt;
                struct rmmap_range range;
                int err = how & 16 ? rmmap_allocate_exact(file, size, &range)
                                   : rmmap_allocate(file, size, &range);

                if (err != 0) {
                        fuzz_is(err, -ENOSPC);
                        continue;
                }
                fuzz_check(rmmap_range_start(range) == position);
                position = rmmap_align_up(rmmap_range_end(range));
                fuzz_check(rmmap_range_end(range) <= end_of_file(file));
                fuzz_is(rmmap_write_range(file, range, bytes, (size_t)rmmap_range_length(range),
                                          &receipt),
                        0);
                if (how & 32)
                        continue;
                fuzz_is(how & 64 ? rmmap_sync_all(file) : rmmap_sync_range(file, receipt), 0);
                synced = position;
        }
        return synced;
}

/*
 * The power is cut: of the last two pages the disk has the mark of the last sync, and an older
 * counter, with the word of a file that is closed at the last one or with another session.
 */
static void cut_power(struct input *input, uint64_t synced)
{
        struct rmmap_file *file;
        uint64_t position;

        length = read_state(image);
        fuzz_check(length == STATE_SIZE && mark_is_whole(image) && mark_end(image) >= synced);
        put_word(COUNTER, take_byte(input) * BLOCK);
        if (word_at(image, SESSION) == session || take_byte(input) & 1)
                put_word(SESSION, 1);
        position = want_position();
        write_side(image, length);
        fuzz_is(open_data(RMMAP_KEEP, &file), 0);
        fuzz_check(position >= synced);
        (void)allocate(input, file, position);
        rmmap_release(file);
}

static void refused(void)
{
        struct stat status;

        fuzz_check(read_state(after) == length && memcmp(after, image, length) == 0);
        fuzz_check(stat(data_path, &status) == 0 && status.st_size == (off_t)SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = {data, size};
        uint8_t choice = take_byte(&input);
        struct rmmap_file *file;
        uint64_t position, synced, left;
        int want;

        put_state(&input);
        write_side(image, length);
        fuzz_check(truncate(data_path, (off_t)SIZE) == 0);
        max_size = choice & 1 ? MOST : choice & 2 ? SIZE + BLOCK : 0;
        grow_step = choice & 4 ? 5 * BLOCK : 0;
        if (max_size == 0)
                grow_step = 0;
        want = want_open();
        fuzz_is(open_data(RMMAP_KEEP, &file), want);
        if (want != 0) {
                refused();
                return 0;
        }
        position = want_position();
        left = rmmap_size(file) > position ? rmmap_size(file) - position : 0;
        fuzz_check(grow_step != 0 || rmmap_remaining(file) == left);
        synced = allocate(&input, file, position);
        rmmap_release(file);
        if (synced > 0)
                cut_power(&input, synced);
        return 0;
}
