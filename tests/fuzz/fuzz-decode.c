/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Everything that decodes bytes: ranges, receipts, and the saved states of the built-in
 * allocators. The bytes are the input's as they are, or the input's words put into a frame that is
 * right, since no search finds a checksum; what must come out follows from the words.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/input.h"
#include "rmmap.h"
#include "serialize.h"

#define SIZE UINT64_C(1000123)
#define GIVEN (UINT64_C(20) * 4096)
#define NAME_CONCURRENT UINT64_C(0x746e6572727563)
#define NAME_SEQUENTIAL UINT64_C(0x6c61697265732d)

static struct rmmap_file *file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        int fd = memfd_create("decode", MFD_CLOEXEC);
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        (void)argc;
        (void)argv;
        fuzz_check(fd >= 0 && ftruncate(fd, (off_t)SIZE) == 0);
        options.allocate_from = GIVEN;
        options.flags = RMMAP_SHARED_CLAIMS; /* what was decoded once is decoded again */
        fuzz_is(rmmap_open_fd(fd, &options, &file), 0);
        close(fd);
        return 0;
}

/* The bytes to decode, in a block of just their length: ASan sees a read beyond. */
static unsigned char *frame(struct input *input, const char *magic, uint64_t *words, size_t count,
                            size_t *length, bool *good)
{
        bool framed = take_byte(input) & 1;
        unsigned char *bytes;

        *length = framed ? SERIALIZED_SIZE(count) : input->left;
        bytes = malloc(*length);
        fuzz_check(bytes != NULL || *length == 0);
        if (framed) {
                for (size_t i = 0; i < count; i++)
                        words[i] = take_word(input);
                serialize_words(bytes, magic, words, count);
        } else if (input->left > 0) {
                memcpy(bytes, input->at, input->left);
                framed = deserialize_words(bytes, *length, magic, words, count) == 0;
        }
        if (!framed)
                memset(words, 0, 8 * count);
        *good = framed;
        return bytes;
}

/* The rules of claim, and an empty range anywhere. */
static int want_range(bool good, uint64_t start, uint64_t end)
{
        bool aligned = start % 4096 == 0 && (end % 4096 == 0 || end == SIZE);

        if (!good)
                return -EBADMSG;
        if (start == end && start <= SIZE)
                return start % 4096 == 0 || start == SIZE ? 0 : -EINVAL;
        if (start == end)
                return -ERANGE;
        if (start > end)
                return -EINVAL;
        if (end > SIZE)
                return -ERANGE;
        if (!aligned)
                return -EINVAL;
        return end <= GIVEN ? 0 : -ERANGE;
}

static void decode_range(struct input *input)
{
        unsigned char again[RMMAP_RANGE_ENCODED_SIZE];
        struct rmmap_range range, back;
        uint64_t words[3];
        size_t length;
        bool good;
        unsigned char *bytes = frame(input, "RMMRANG1", words, 3, &length, &good);
        int want = want_range(good, words[0], words[1]);

        memset(&range, 0xee, sizeof(range));
        back = range;
        fuzz_is(rmmap_range_decode(file, bytes, length, &range), want);
        free(bytes);
        if (want != 0) {
                fuzz_check(memcmp(&range, &back, sizeof(range)) == 0);
                return;
        }
        fuzz_check(rmmap_range_start(range) == words[0] && rmmap_range_end(range) == words[1]);
        fuzz_is(rmmap_range_encode(range, again, sizeof(again)), 0);
        fuzz_is(rmmap_range_decode(file, again, sizeof(again), &back), 0);
        fuzz_check(rmmap_range_equal(range, back));
}

static void decode_receipt(struct input *input)
{
        unsigned char again[RMMAP_RECEIPT_ENCODED_SIZE];
        struct rmmap_receipt receipt, back;
        uint64_t words[3];
        size_t length;
        bool good;
        unsigned char *bytes = frame(input, "RMMRCPT1", words, 3, &length, &good);
        int want = want_range(good, words[0], words[1]);

        memset(&receipt, 0xee, sizeof(receipt));
        back = receipt;
        fuzz_is(rmmap_receipt_decode(file, bytes, length, &receipt), want);
        free(bytes);
        if (want != 0) {
                fuzz_check(memcmp(&receipt, &back, sizeof(receipt)) == 0);
                return;
        }
        fuzz_check(rmmap_receipt_end(receipt) == words[1]);
        fuzz_is(rmmap_receipt_encode(receipt, again, sizeof(again)), 0);
        fuzz_is(rmmap_receipt_decode(file, again, sizeof(again), &back), 0);
        fuzz_check(rmmap_receipt_equal(receipt, back));
}

static int want_state(const struct rmmap_allocator_args *args, const uint64_t *words, uint64_t name,
                      bool used)
{
        /* name, total, alignment, position */
        if (words[0] != name || words[1] != args->total || words[2] != args->alignment ||
            words[3] > args->total || (words[3] % args->alignment != 0 && words[3] != args->total))
                return -EBADMSG;
        return used ? -EBUSY : 0;
}

/* The words are most often nearly right; else all would end at the first comparison. */
static void nearly_right(struct input *input, uint64_t *words, uint64_t name,
                         const struct rmmap_allocator_args *args)
{
        uint8_t wrong = take_byte(input);

        words[0] = name ^ (wrong & 1);
        words[1] = args->total + ((wrong >> 1) & 1);
        words[2] = args->alignment << ((wrong >> 2) & 1);
        words[3] = wrong & 8 ? take_word(input) : take_word(input) / 4096 * 4096 % args->total;
        if (wrong & 16)
                words[3] = args->total;
}

static void restore_state(struct input *input, const struct rmmap_allocator_ops *ops, uint64_t name)
{
        struct rmmap_allocator_args args = {.size = sizeof(args), .total = SIZE, .alignment = 4096};
        uint64_t words[4], start = 0, end = 0, position;
        unsigned char *bytes, saved[SERIALIZED_SIZE(4)];
        size_t length = SERIALIZED_SIZE(4);
        bool good, used = take_byte(input) & 1;
        void *state = NULL;
        int want;

        args.first = 4096 * (uint64_t)(take_byte(input) & 3);
        fuzz_is(ops->create(&args, &state), 0);
        if (used)
                fuzz_is(ops->allocate(state, 1, 0, &start, &end), 0);
        if (take_byte(input) & 1) {
                nearly_right(input, words, name, &args);
                bytes = malloc(length);
                serialize_words(bytes, "RMMALOC1", words, 4);
        } else {
                bytes = frame(input, "RMMALOC1", words, 4, &length, &good);
        }
        want = want_state(&args, words, name, used);
        position = used ? end : args.first;
        fuzz_is(ops->restore(state, bytes, length), want);
        free(bytes);
        if (want == 0 && words[3] > position)
                position = words[3];
        fuzz_check(ops->remaining(state) == SIZE - position);
        fuzz_is(ops->allocate(state, SIZE, 0, &start, &end), position < SIZE ? 0 : -ENOSPC);
        fuzz_check(position == SIZE || (start == position && end == SIZE));
        length = sizeof(saved);
        fuzz_is(ops->save(state, saved, &length), 0);
        ops->destroy(state);
}

/* ---- the reusing allocator: blocks that are free again, as words with their numbers */

#define BLOCKS ((SIZE + 4095) / 4096)
#define MOST_PAIRS 5

/* Nearly right, as above: words in order, whose bits lie before the position. */
static size_t put_reusing(struct input *input, uint64_t *words)
{
        uint8_t wrong = take_byte(input), pairs = take_byte(input) % (MOST_PAIRS + 1);
        uint64_t number = 0;

        words[0] = (wrong & 3) == 3 ? take_word(input) : SIZE;
        words[1] = (wrong & 12) == 12 ? take_word(input) : 4096;
        words[2] = (wrong & 48) == 48 ? take_word(input) : take_byte(input) * UINT64_C(4096) % SIZE;
        if ((wrong & 0xb0) == 0xb0)
                words[2] = words[0];
        for (size_t i = 0; i < pairs; i++, number++) {
                uint8_t how = take_byte(input);

                number = (how & 12) == 12 ? take_word(input) : number + (how & 1);
                words[3 + 2 * i] = number;
                words[4 + 2 * i] = take_word(input);
                if ((how & 0x30) != 0x30)
                        words[4 + 2 * i] >>= how & 15;
        }
        return 3 + 2 * (size_t)pairs + ((wrong & 0x48) == 0x48);
}

/* false: it isn't what an allocator saves. *next: the first block that was never handed out. */
static bool reusing_is_good(const uint64_t *words, size_t count, bool *is_free, uint64_t *next)
{
        uint64_t after = 0;

        if (count % 2 == 0 || words[0] > SIZE || words[1] != 4096 || words[2] > words[0] ||
            (words[2] % 4096 != 0 && words[2] != words[0]))
                return false;
        *next = (words[2] + 4095) / 4096;
        for (size_t i = 3; i < count; i += 2) {
                if (words[i] < after || words[i] > *next / 64 || words[i + 1] == 0)
                        return false;
                after = words[i] + 1;
                for (uint64_t bit = 0; bit < 64; bit++) {
                        if (!(words[i + 1] >> bit & 1))
                                continue;
                        if (words[i] * 64 + bit >= *next)
                                return false;
                        is_free[words[i] * 64 + bit] = true;
                }
        }
        return true;
}

/* What is left is what is_free says: one block is handed out after the other, each once. */
static void check_rest(const struct rmmap_allocator_ops *ops, void *state, bool *is_free)
{
        uint64_t start, end, left = 0;
        int err;

        for (uint64_t block = 0; block < BLOCKS; block++) {
                uint64_t past = block + 1 == BLOCKS ? SIZE : 4096 * (block + 1);

                left += is_free[block] ? past - 4096 * block : 0;
                if (is_free[block])
                        fuzz_is(ops->claim(state, 4096 * block, past), -ERANGE);
        }
        fuzz_check(ops->remaining(state) == left);
        while ((err = ops->allocate(state, 4096, 0, &start, &end)) == 0) {
                fuzz_check(start % 4096 == 0 && start < SIZE && end <= SIZE);
                fuzz_check(end == (start + 4096 < SIZE ? start + 4096 : SIZE));
                fuzz_check(is_free[start / 4096]);
                is_free[start / 4096] = false;
                left -= end - start;
        }
        fuzz_is(err, -ENOSPC);
        fuzz_check(left == 0 && ops->remaining(state) == 0);
}

/* What was restored is saved again, and another one restored from that. */
static void *save_and_restore(const struct rmmap_allocator_ops *ops, void *state,
                              const struct rmmap_allocator_args *args)
{
        size_t length = 0;
        void *bytes, *again = NULL;

        fuzz_is(ops->save(state, NULL, &length), 0);
        bytes = malloc(length);
        fuzz_is(ops->save(state, bytes, &length), 0);
        fuzz_is(ops->create(args, &again), 0);
        fuzz_is(ops->restore(again, bytes, length), 0);
        free(bytes);
        ops->destroy(state);
        return again;
}

static void restore_reusing(struct input *input)
{
        const struct rmmap_allocator_ops *ops = rmmap_reusing_allocator();
        struct rmmap_allocator_args args = {.size = sizeof(args), .total = SIZE, .alignment = 4096};
        uint64_t words[3 + 2 * MOST_PAIRS + 1] = {0}, next = 0, floor, start, end;
        uint8_t how = take_byte(input);
        bool is_free[BLOCKS + 64] = {false}, used = (how & 7) == 7, broken = (how & 56) == 56, good;
        size_t count = put_reusing(input, words), length = SERIALIZED_SIZE(count);
        unsigned char *bytes = malloc(length);
        void *state = NULL;

        args.first = 4096 * (uint64_t)(take_byte(input) & 3);
        args.flags = how & 64 ? RMMAP_ALLOCATOR_START_AT_END : 0;
        floor = how & 64 ? 0 : args.first / 4096;
        fuzz_is(ops->create(&args, &state), 0);
        if (used)
                fuzz_is(ops->allocate(state, 1, 0, &start, &end), 0);
        serialize_words(bytes, "RMMREUS1", words, count);
        if (broken)
                bytes[take_byte(input) % length] ^= (unsigned char)(1 + take_byte(input) % 255);
        good = !broken && reusing_is_good(words, count, is_free, &next);
        fuzz_is(ops->restore(state, bytes, length), !good ? -EBADMSG : used ? -EBUSY : 0);
        free(bytes);
        if (!good || used) {
                memset(is_free, 0, sizeof(is_free));
                next = floor = args.first / 4096 + used;
        }
        for (uint64_t block = 0; block < BLOCKS; block++)
                is_free[block] = block >= floor && (is_free[block] || block >= next);
        if (good && !used && how & 128)
                state = save_and_restore(ops, state, &args);
        check_rest(ops, state, is_free);
        ops->destroy(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = {data, size};

        switch (take_byte(&input) % 5) {
        case 0:
                decode_range(&input);
                break;
        case 1:
                decode_receipt(&input);
                break;
        case 2:
                restore_state(&input, rmmap_concurrent_allocator(), NAME_CONCURRENT);
                break;
        case 3:
                restore_reusing(&input);
                break;
        default:
                restore_state(&input, rmmap_sequential_allocator(), NAME_SEQUENTIAL);
        }
        return 0;
}
