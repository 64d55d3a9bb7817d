/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the fuzzing targets share: their input, piece by piece, and a check that stops the run. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
        const uint8_t *at;
        size_t left;
};

#define fuzz_check(condition)                                                                      \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

#define fuzz_is(call, want)                                                                        \
        do {                                                                                       \
                int fuzz_is_got = (call), fuzz_is_want = (want);                                   \
                if (fuzz_is_got != fuzz_is_want) {                                                 \
                        fprintf(stderr, "%s:%d: %s: %d, not %d\n", __FILE__, __LINE__, #call,      \
                                fuzz_is_got, fuzz_is_want);                                        \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

/* Zeros once the input is used up. */
static inline uint8_t take_byte(struct input *input)
{
        if (input->left == 0)
                return 0;
        input->left--;
        return *input->at++;
}

static inline uint64_t take_bytes(struct input *input, int count)
{
        uint64_t word = 0;

        for (int i = 0; i < count; i++)
                word |= (uint64_t)take_byte(input) << (8 * i);
        return word;
}

/* Any word; those near powers of two, where sums wrap and comparisons turn, are short to write. */
static inline uint64_t take_word(struct input *input)
{
        uint8_t shape = take_byte(input);

        switch (shape >> 6) {
        case 0:
                return take_bytes(input, 8);
        case 1:
                return (UINT64_C(1) << (shape & 63)) + take_byte(input);
        case 2:
                return (UINT64_C(1) << (shape & 63)) - take_byte(input);
        default:
                return (uint64_t)(shape & 63) * 4096 + take_bytes(input, 2);
        }
}

#endif
