/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * When no call is running, each word with a bit set has its bit in the summary. A thread that adds
 * a block sets its bit, then loads the summary, and sets it if it is clear. A thread that finds a
 * word empty clears the summary, then loads the word again, and sets the summary if there is a bit.
 * All of these are sequentially consistent, so at least one of the two threads sees what the other
 * one did. The same holds between any two levels.
 */
#include <errno.h>

#include "base/checked.h"
#include "base/sync-annotations.h"
#include "bitmap.h"
#include "free-map.h"
#include "os/os.h"

#define WORD_SHIFT 6
#define WORD_BITS 64
#define IN_WORD(bit) ((bit) % WORD_BITS)

/* ---- segments */

/* A part of a run of blocks: bits [first, end) of one segment. */
struct piece {
        struct free_segment *segment;
        uint64_t first, end;
        uint64_t before; /* blocks of the segments before this one */
};

static unsigned int segment_of(const struct free_map *map, uint64_t block)
{
        uint64_t rest = block >> WORD_SHIFT >> map->shift;
        unsigned int index = 0;

        for (; rest != 0; rest >>= 1)
                index++;
        return index;
}

static uint64_t words_before(const struct free_map *map, unsigned int index)
{
        return index == 0 ? 0 : UINT64_C(1) << (map->shift + index - 1);
}

/* Acquire: the segment was filled before its address was published. */
static struct free_segment *segment_at(const struct free_map *map, unsigned int index)
{
        struct free_segment *segment =
                atomic_load_explicit(&map->segments[index], memory_order_acquire);

        NOTE_ACQUIRE(&map->segments[index]);
        return segment;
}

static struct piece piece_at(const struct free_map *map, uint64_t first, uint64_t end)
{
        unsigned int index = segment_of(map, first);
        uint64_t before = words_before(map, index) * WORD_BITS;
        struct free_segment *segment = segment_at(map, index);

        return (struct piece){segment, first - before,
                              min_u64(end - before, segment->words * WORD_BITS), before};
}

static void free_segment(struct free_segment *segment)
{
        if (segment == NULL)
                return;
        bitmap_destroy(segment->marked);
        bitmap_destroy(segment->level[0]);
        memory_free(segment);
}

/* All levels are in one block of memory, one after the other. */
static struct free_segment *make_segment(uint64_t words)
{
        struct free_segment *segment = memory_zeroed(1, sizeof(*segment));
        uint64_t all = 0, count = words;
        uint64_t starts[FREE_MAP_LEVELS];

        if (segment == NULL)
                return NULL;
        segment->words = words;
        for (;; count = BITMAP_WORDS(count)) {
                starts[segment->levels++] = all;
                all += count;
                if (count == 1)
                        break;
        }
        segment->level[0] = bitmap_create(all);
        segment->marked = bitmap_create(words);
        if (segment->level[0] == NULL || segment->marked == NULL) {
                free_segment(segment);
                return NULL;
        }
        for (unsigned int level = 1; level < segment->levels; level++)
                segment->level[level] = segment->level[0] + starts[level];
        return segment;
}

static int add_segment(struct free_map *map, unsigned int index)
{
        uint64_t words = index == 0 ? UINT64_C(1) << map->shift : words_before(map, index);
        struct free_segment *segment = make_segment(words);

        if (segment == NULL)
                return -ENOMEM;
        NOTE_RELEASE(&map->segments[index]);
        atomic_store_explicit(&map->segments[index], segment, memory_order_release);
        return 0;
}

int free_map_create(struct free_map *map, uint64_t blocks)
{
        map->shift = 0;
        while (UINT64_C(1) << map->shift << WORD_SHIFT < blocks)
                map->shift++;
        for (unsigned int index = 0; index < FREE_MAP_SEGMENTS; index++)
                atomic_init(&map->segments[index], NULL);
        NOTE_ATOMIC(&map->segments);
        return add_segment(map, 0);
}

void free_map_destroy(struct free_map *map)
{
        for (unsigned int index = 0; index < FREE_MAP_SEGMENTS; index++)
                free_segment(atomic_load_explicit(&map->segments[index], memory_order_relaxed));
}

int free_map_grow(struct free_map *map, uint64_t blocks)
{
        unsigned int last = segment_of(map, blocks - 1);
        int err = 0;

        for (unsigned int index = 1; index <= last && err == 0; index++)
                if (segment_at(map, index) == NULL)
                        err = add_segment(map, index);
        return err;
}

/* ---- summaries */

/* Word index of the level below `level` has a bit set. */
static void note_some(struct free_segment *segment, unsigned int level, uint64_t index)
{
        for (; level < segment->levels; level++, index >>= WORD_SHIFT) {
                _Atomic uint64_t *word = &segment->level[level][index >> WORD_SHIFT];
                uint64_t bit = UINT64_C(1) << IN_WORD(index);

                if (!(atomic_load_explicit(word, memory_order_seq_cst) & bit))
                        atomic_fetch_or_explicit(word, bit, memory_order_seq_cst);
        }
}

/* Word index of level 0 may have become empty. */
static void note_none(struct free_segment *segment, uint64_t index)
{
        for (unsigned int level = 1; level < segment->levels; level++, index >>= WORD_SHIFT) {
                _Atomic uint64_t *below = &segment->level[level - 1][index];
                uint64_t bit = UINT64_C(1) << IN_WORD(index);

                if (atomic_load_explicit(below, memory_order_seq_cst) != 0)
                        return;
                atomic_fetch_and_explicit(&segment->level[level][index >> WORD_SHIFT], ~bit,
                                          memory_order_seq_cst);
                if (atomic_load_explicit(below, memory_order_seq_cst) != 0) {
                        note_some(segment, level, index);
                        return;
                }
        }
}

static void note_words(const struct piece *piece)
{
        for (uint64_t word = piece->first / WORD_BITS; word <= (piece->end - 1) / WORD_BITS; word++)
                note_some(piece->segment, 1, word);
}

/* ---- changes */

static void undo(struct free_map *map, uint64_t first, uint64_t end, bool value)
{
        while (first < end) {
                struct piece piece = piece_at(map, first, end);

                bitmap_force(piece.segment->level[0], piece.first, piece.end, value);
                note_words(&piece);
                first = piece.before + piece.end;
        }
}

/*
 * A word that becomes empty stays in the summary until a search finds it so. A part that can't be
 * taken was changed for a moment, in which another thread may have found a word empty.
 */
static bool change(struct free_map *map, uint64_t first, uint64_t end, bool value)
{
        for (uint64_t at = first; at < end;) {
                struct piece piece = piece_at(map, at, end);
                bool done = value ? bitmap_set(piece.segment->level[0], piece.first, piece.end)
                                  : bitmap_clear(piece.segment->level[0], piece.first, piece.end);

                if (value || !done)
                        note_words(&piece);
                if (!done) {
                        undo(map, first, at, !value);
                        return false;
                }
                at = piece.before + piece.end;
        }
        return true;
}

bool free_map_put(struct free_map *map, uint64_t first, uint64_t end)
{
        return change(map, first, end, true);
}

bool free_map_take(struct free_map *map, uint64_t first, uint64_t end)
{
        return change(map, first, end, false);
}

/* ---- queries */

static bool any(const struct free_map *map, uint64_t first, uint64_t end, bool marked)
{
        while (first < end) {
                struct piece piece = piece_at(map, first, end);

                if (bitmap_any(marked ? piece.segment->marked : piece.segment->level[0],
                               piece.first, piece.end))
                        return true;
                first = piece.before + piece.end;
        }
        return false;
}

bool free_map_any(const struct free_map *map, uint64_t first, uint64_t end)
{
        return any(map, first, end, false);
}

void free_map_mark(struct free_map *map, uint64_t first, uint64_t end)
{
        while (first < end) {
                struct piece piece = piece_at(map, first, end);

                bitmap_force(piece.segment->marked, piece.first, piece.end, true);
                first = piece.before + piece.end;
        }
}

bool free_map_any_marked(const struct free_map *map, uint64_t first, uint64_t end)
{
        return any(map, first, end, true);
}

uint64_t free_map_word(const struct free_map *map, uint64_t block)
{
        struct piece piece = piece_at(map, block, block + 1);

        return atomic_load_explicit(&piece.segment->level[0][piece.first / WORD_BITS],
                                    memory_order_relaxed);
}

static uint64_t words_of_level(const struct free_segment *segment, unsigned int level)
{
        return ((segment->words - 1) >> (level * WORD_SHIFT)) + 1;
}

/*
 * The first bit of the segment from *bit on that is set. Goes up where a word has none, then down
 * again; notes that a word is empty of which the summary said otherwise.
 */
static bool next_bit(struct free_segment *segment, uint64_t *bit)
{
        unsigned int level = 0;
        bool came_down = false;
        uint64_t at = *bit;

        while (level < segment->levels) {
                uint64_t index = at >> WORD_SHIFT, word = 0;

                if (index < words_of_level(segment, level))
                        word = atomic_load_explicit(&segment->level[level][index],
                                                    memory_order_seq_cst) &
                               (UINT64_MAX << IN_WORD(at));
                if (word == 0) {
                        if (level == 0 && came_down)
                                note_none(segment, index);
                        at = index + 1;
                        level++;
                        continue;
                }
                at = align_down_to(at, WORD_BITS);
                for (; !(word & 1); word >>= 1)
                        at++;
                if (level == 0) {
                        *bit = at;
                        return true;
                }
                level--;
                came_down = level == 0;
                at <<= WORD_SHIFT;
        }
        return false;
}

/* As next_bit, without the summaries. */
static bool next_bit_by_words(const struct free_segment *segment, uint64_t *bit)
{
        uint64_t end = segment->words * WORD_BITS, same_end;

        if (bitmap_run(segment->level[0], *bit, end, &same_end))
                return true;
        *bit = same_end;
        return same_end < end;
}

static uint64_t run_end(const struct free_map *map, uint64_t first, uint64_t end)
{
        while (first < end) {
                struct piece piece = piece_at(map, first, end);
                uint64_t same_end;

                if (!bitmap_run(piece.segment->level[0], piece.first, piece.end, &same_end))
                        return first;
                first = piece.before + same_end;
                if (same_end < piece.end)
                        return first;
        }
        return end;
}

bool free_map_find(const struct free_map *map, enum free_map_search search, uint64_t end,
                   uint64_t most, uint64_t *first, uint64_t *stop)
{
        for (uint64_t at = *first; at < end;) {
                struct piece piece = piece_at(map, at, end);
                uint64_t bit = piece.first;
                bool found = search == FREE_MAP_BY_SUMMARY ? next_bit(piece.segment, &bit)
                                                           : next_bit_by_words(piece.segment, &bit);

                at = piece.before + (found ? bit : piece.segment->words * WORD_BITS);
                if (!found || at >= end)
                        continue;
                *stop = run_end(map, at, most < end - at ? at + most : end);
                if (*stop > at) {
                        *first = at;
                        return true;
                }
                at++; /* another thread took it meanwhile */
        }
        return false;
}
