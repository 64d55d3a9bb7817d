/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Everything that decodes bytes: ranges, receipts, and the saved states of both built-in
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = {data, size};

        switch (take_byte(&input) % 4) {
        case 0:
                decode_range(&input);
                break;
        case 1:
                decode_receipt(&input);
                break;
        case 2:
                restore_state(&input, rmmap_concurrent_allocator(), NAME_CONCURRENT);
                break;
        default:
                restore_state(&input, rmmap_sequential_allocator(), NAME_SEQUENTIAL);
        }
        return 0;
}
