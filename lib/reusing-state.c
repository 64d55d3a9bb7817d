/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/checked.h"
#include "reusing-state.h"
#include "serialize.h"

#define MAGIC "RMMREUS1"
#define WORD_BITS 64
enum { STATE_TOTAL, STATE_ALIGNMENT, STATE_POSITION, STATE_HEAD };

/* Stores at most `capacity` words of the map (buffer NULL: none). Returns how many there are. */
static size_t store_map(const struct reusing_position *position, const struct free_map *map,
                        void *buffer, size_t capacity)
{
        uint64_t block = 0, stop;
        size_t count = 0;

        for (; free_map_find(map, FREE_MAP_BY_SUMMARY, position->next, 1, &block, &stop);
             block += WORD_BITS) {
                uint64_t bits;

                block = align_down_to(block, WORD_BITS);
                bits = free_map_word(map, block);
                if (position->next - block < WORD_BITS)
                        bits &= (UINT64_C(1) << (position->next - block)) - 1;
                if (bits == 0)
                        continue;
                if (buffer != NULL && count < capacity) {
                        serialize_word(buffer, STATE_HEAD + 2 * count, block / WORD_BITS);
                        serialize_word(buffer, STATE_HEAD + 2 * count + 1, bits);
                }
                count++;
        }
        return count;
}

int reusing_state_save(const struct reusing_position *position, const struct free_map *map,
                       void *buffer, size_t *length)
{
        size_t capacity = *length, room, count = store_map(position, map, NULL, 0);

        *length = SERIALIZED_SIZE(STATE_HEAD + 2 * count);
        if (buffer == NULL)
                return 0;
        if (capacity < *length)
                return -ENOBUFS;
        /* Other threads may have given something back meanwhile. */
        room = (capacity - SERIALIZED_SIZE(STATE_HEAD)) / (2 * sizeof(uint64_t));
        count = store_map(position, map, buffer, room);
        *length = SERIALIZED_SIZE(STATE_HEAD + 2 * count);
        if (capacity < *length)
                return -ENOBUFS;
        serialize_word(buffer, STATE_TOTAL, position->total);
        serialize_word(buffer, STATE_ALIGNMENT, position->alignment);
        serialize_word(buffer, STATE_POSITION,
                       min_u64(position->next * position->alignment, position->total));
        serialize_frame(buffer, MAGIC, STATE_HEAD + 2 * count);
        return 0;
}

uint64_t reusing_state_word(const void *buffer, size_t index, uint64_t *block)
{
        *block = deserialize_word(buffer, STATE_HEAD + 2 * index) * WORD_BITS;
        return deserialize_word(buffer, STATE_HEAD + 2 * index + 1);
}

/* Words in order, none of them empty, all blocks before `next`. */
static int check_map(const void *buffer, size_t count, uint64_t next)
{
        uint64_t after = 0; /* the lowest number that the next word may have */

        for (size_t i = 0; i < count; i++) {
                uint64_t index = deserialize_word(buffer, STATE_HEAD + 2 * i), block, bits;

                bits = reusing_state_word(buffer, i, &block);
                if (index < after || index > next / WORD_BITS || bits == 0)
                        return -EBADMSG;
                if (next - block < WORD_BITS && bits >> (next - block) != 0)
                        return -EBADMSG;
                after = index + 1;
        }
        return 0;
}

int reusing_state_check(const void *buffer, size_t length, struct reusing_position *position)
{
        size_t words = length / 8 - 2;
        uint64_t total, at;

        if (length < SERIALIZED_SIZE(STATE_HEAD) || (words - STATE_HEAD) % 2 != 0 ||
            deserialize_frame(buffer, length, MAGIC, words) != 0)
                return -EBADMSG;
        total = deserialize_word(buffer, STATE_TOTAL);
        at = deserialize_word(buffer, STATE_POSITION);
        if (total > position->total ||
            deserialize_word(buffer, STATE_ALIGNMENT) != position->alignment || at > total ||
            !(at == total || is_aligned_to(at, position->alignment)))
                return -EBADMSG;
        position->next = align_up_to(at, position->alignment) / position->alignment;
        position->words = (words - STATE_HEAD) / 2;
        return check_map(buffer, position->words, position->next);
}
