/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The allocator that takes ranges back. Blocks from `next` on were never handed out. Of those
 * before it, `map` has the ones that are free again; while there are none, allocating is one
 * compare-and-swap of `next`, and the map takes no memory.
 *
 *  A.2  Lock-free: a step is done again only because another thread's step succeeded. -ENOSPC of an
 *       allocation that isn't exact means that `next` was at the end, and then `free` was 0.
 *  B.1  No byte is in two ranges: a block is handed out by the one compare-and-swap that moves
 *       `next` over it, or by the one change that takes its bit out of the map.
 *  B.7  No block is lost: `free` never exceeds the number of bits in the map, because it is lowered
 *       before bits are taken and raised after bits are put. So when all calls have returned, the
 *       two are equal.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "allocator.h"
#include "base/checked.h"
#include "base/compiler.h"
#include "base/sync-annotations.h"
#include "bitmap.h"
#include "free-map.h"
#include "os/os.h"
#include "reusing-state.h"
#include "rmmap.h"

/* As much as files are mapped; see MAPPING_LIMIT. */
#if SIZE_MAX > UINT32_MAX
#define LARGEST_TOTAL (UINT64_C(1) << 47)
#else
#define LARGEST_TOTAL (UINT64_C(1) << 31)
#endif

/* Numbers of blocks, but total. */
struct reusing {
        _Atomic uint64_t total; /* bytes */
        _Atomic uint64_t first; /* blocks before it were out before: from create, or restored */
        uint64_t floor;         /* the lowest position that a restore may set */
        unsigned int shift;     /* log2 of the alignment */
        atomic_bool changed;    /* not only by moving next: no restore any more */
        struct free_map map;

        alignas(CACHE_LINE) _Atomic uint64_t next;
        alignas(CACHE_LINE) _Atomic uint64_t free;
        _Atomic uint64_t cursor; /* where the next search of the map begins; a hint */
};

/* The blocks [first, end). */
struct span {
        uint64_t first, end;
};

static inline uint64_t load(const _Atomic uint64_t *word)
{
        return atomic_load_explicit(word, memory_order_relaxed);
}

/* Acquire: the map has room for all blocks of this total. */
static uint64_t total_of(const struct reusing *reusing)
{
        uint64_t total = atomic_load_explicit(&reusing->total, memory_order_acquire);

        NOTE_ACQUIRE(&reusing->total);
        return total;
}

/* Rounded up; can't wrap. */
static uint64_t blocks_for(const struct reusing *reusing, uint64_t bytes)
{
        uint64_t mask = (UINT64_C(1) << reusing->shift) - 1;

        return (bytes >> reusing->shift) + ((bytes & mask) != 0);
}

static int answer(const struct reusing *reusing, struct span span, uint64_t total, uint64_t *start,
                  uint64_t *end)
{
        *start = span.first << reusing->shift;
        *end = min_u64(span.end << reusing->shift, total);
        return 0;
}

/* ---- create and grow */

static void fill(struct reusing *reusing, const struct rmmap_allocator_args *args)
{
        uint64_t first;

        while (args->alignment >> reusing->shift != 1)
                reusing->shift++;
        first = blocks_for(reusing, min_u64(args->first, args->total));
        atomic_init(&reusing->total, args->total);
        atomic_init(&reusing->first, first);
        reusing->floor = (args->flags & RMMAP_ALLOCATOR_START_AT_END) ? 0 : first;
        atomic_init(&reusing->changed, false);
        atomic_init(&reusing->next, first);
        atomic_init(&reusing->free, 0);
        atomic_init(&reusing->cursor, 0);
        NOTE_ATOMIC(&reusing->total);
        NOTE_ATOMIC(&reusing->first);
        NOTE_ATOMIC(&reusing->changed);
        NOTE_ATOMIC(&reusing->next);
        NOTE_ATOMIC(&reusing->free);
        NOTE_ATOMIC(&reusing->cursor);
}

static int reusing_create(const struct rmmap_allocator_args *given, void **state)
{
        struct rmmap_allocator_args args;
        struct reusing *reusing;
        int err;

        if (state == NULL)
                return -EINVAL;
        err = allocator_read_args(&args, given, LARGEST_TOTAL);
        if (err != 0)
                return err;
        reusing = memory_aligned(CACHE_LINE, sizeof(*reusing));
        if (reusing == NULL)
                return -ENOMEM;
        memset(reusing, 0, sizeof(*reusing));
        fill(reusing, &args);
        err = free_map_create(&reusing->map, blocks_for(reusing, args.total));
        if (err != 0) {
                memory_free(reusing);
                return err;
        }
        *state = reusing;
        return 0;
}

static void reusing_destroy(void *state)
{
        struct reusing *reusing = state;

        if (reusing == NULL)
                return;
        free_map_destroy(&reusing->map);
        memory_free(reusing);
}

/* A short last block that is out stays so; one that is free becomes whole by itself. */
static int reusing_grow(void *state, uint64_t total)
{
        struct reusing *reusing = state;
        int err;

        if (reusing == NULL || total < load(&reusing->total))
                return -EINVAL;
        if (total > LARGEST_TOTAL)
                return -ERANGE;
        err = free_map_grow(&reusing->map, blocks_for(reusing, total));
        if (err != 0)
                return err;
        NOTE_RELEASE(&reusing->total);
        atomic_store_explicit(&reusing->total, total, memory_order_release);
        return 0;
}

/* What is free before next was out, or may have been: it stays. One block at least remains. */
static int reusing_trim(void *state, uint64_t *total)
{
        struct reusing *reusing = state;
        uint64_t before, end;

        if (reusing == NULL || total == NULL)
                return -EINVAL;
        before = load(&reusing->total);
        end = max_u64(load(&reusing->next), 1) << reusing->shift;
        *total = min_u64(end, before);
        atomic_store_explicit(&reusing->total, *total, memory_order_release);
        return 0;
}

/* ---- blocks of the map */

/* Lowers `free` by at most count, and at least by least; false: there isn't as much. */
static bool reserve(struct reusing *reusing, uint64_t least, uint64_t *count)
{
        uint64_t seen = load(&reusing->free), part;

        do {
                part = min_u64(*count, seen);
                if (part < least)
                        return false;
        } while (!atomic_compare_exchange_weak_explicit(
                &reusing->free, &seen, seen - part, memory_order_acq_rel, memory_order_relaxed));
        *count = part;
        return true;
}

/* Acquire-release, as in reserve: a thread that sees `free` raised finds the bits. */
static void unreserve(struct reusing *reusing, uint64_t count)
{
        NOTE_RELEASE(&reusing->free);
        atomic_fetch_add_explicit(&reusing->free, count, memory_order_acq_rel);
}

/* Takes at least `least` blocks from the front of the span; *span: those that were taken. */
static bool take(struct reusing *reusing, uint64_t least, struct span *span)
{
        uint64_t count = span->end - span->first;

        if (!reserve(reusing, least, &count))
                return false;
        if (!free_map_take(&reusing->map, span->first, span->first + count)) {
                unreserve(reusing, count);
                return false;
        }
        span->end = span->first + count;
        return true;
}

static bool put(struct reusing *reusing, uint64_t first, uint64_t end)
{
        if (!free_map_put(&reusing->map, first, end))
                return false;
        unreserve(reusing, end - first);
        return true;
}

/*
 * Takes a run of at least `least` and at most `most` blocks before `limit`, from where the last
 * search ended. Looks at one run only that is too short: many short ones would make each call slow.
 */
static bool reuse(struct reusing *reusing, enum free_map_search search, uint64_t least,
                  uint64_t most, uint64_t limit, struct span *span)
{
        uint64_t end = min_u64(load(&reusing->next), limit);
        uint64_t from = load(&reusing->cursor);

        for (unsigned int pass = 0; pass < 2; pass++, from = 0) {
                span->first = from;
                while (free_map_find(&reusing->map, search, end, most, &span->first, &span->end)) {
                        bool fits = span->end - span->first >= least;
                        bool taken = fits && take(reusing, least, span);

                        if (taken || !fits)
                                atomic_store_explicit(&reusing->cursor, span->end,
                                                      memory_order_relaxed);
                        /* Of a run that another thread took, or took from, the rest may do. */
                        if (taken || !fits || load(&reusing->free) < least)
                                return taken;
                        span->first++;
                }
        }
        return false;
}

/* ---- blocks that were never handed out */

/* Hands out at least `least` and at most `most` blocks from next on. */
static inline bool extend(struct reusing *reusing, uint64_t least, uint64_t most, uint64_t limit,
                          struct span *span)
{
        uint64_t next = load(&reusing->next), count;

        do {
                count = next < limit ? min_u64(most, limit - next) : 0;
                if (count < least)
                        return false;
        } while (!atomic_compare_exchange_weak_explicit(
                &reusing->next, &next, next + count, memory_order_relaxed, memory_order_relaxed));
        *span = (struct span){next, next + count};
        return true;
}

/* Takes just these blocks, wherever they are; those that next skips become free. */
static bool take_at(struct reusing *reusing, struct span span)
{
        uint64_t next = load(&reusing->next);

        for (;;) {
                struct span low = {span.first, min_u64(span.end, next)};
                bool has_low = low.first < low.end;

                if (has_low && !take(reusing, low.end - low.first, &low))
                        return false;
                if (span.end <= next)
                        return true;
                if (atomic_compare_exchange_strong_explicit(&reusing->next, &next, span.end,
                                                            memory_order_relaxed,
                                                            memory_order_relaxed))
                        break;
                if (has_low)
                        (void)put(reusing, low.first, low.end);
        }
        if (next < span.first)
                (void)put(reusing, next, span.first);
        return true;
}

/* ---- allocate */

static NOINLINE int allocate_from_map(struct reusing *reusing, uint64_t count, uint64_t *start,
                                      uint64_t *end)
{
        enum free_map_search search = FREE_MAP_BY_SUMMARY;
        struct span span;

        for (;;) {
                uint64_t total = total_of(reusing), limit = blocks_for(reusing, total);
                uint64_t next = load(&reusing->next), left = next < limit ? limit - next : 0;
                uint64_t least = max_u64(min_u64(count, left), 1);

                /* Acquire: next was read before, so that -ENOSPC is true; see A.2. */
                if (atomic_load_explicit(&reusing->free, memory_order_acquire) > 0) {
                        NOTE_ACQUIRE(&reusing->free);
                        if (reuse(reusing, search, least, count, limit, &span))
                                return answer(reusing, span, total, start, end);
                        search = FREE_MAP_EACH_WORD;
                } else if (left == 0) {
                        return -ENOSPC;
                }
                if (left > 0 && extend(reusing, 1, count, limit, &span))
                        return answer(reusing, span, total, start, end);
        }
}

static int allocate_some(struct reusing *reusing, uint64_t count, uint64_t *start, uint64_t *end)
{
        uint64_t total = total_of(reusing);
        struct span span;

        if (likely(load(&reusing->free) == 0) &&
            extend(reusing, 1, count, blocks_for(reusing, total), &span))
                return answer(reusing, span, total, start, end);
        return allocate_from_map(reusing, count, start, end);
}

/*
 * Tries each run in turn; the last one may go on beyond next. May miss a run that another thread is
 * putting or taking just now.
 */
static bool take_any_run(struct reusing *reusing, uint64_t count, uint64_t whole, struct span *span)
{
        struct span run = {0, 0};
        bool found = true;

        while (found) {
                uint64_t next = load(&reusing->next);
                bool fits;

                found = free_map_find(&reusing->map, FREE_MAP_BY_SUMMARY, min_u64(next, whole),
                                      count, &run.first, &run.end);
                if (!found || run.end == next)
                        run = (struct span){found ? run.first : min_u64(next, whole), whole};
                fits = run.end - run.first >= count;
                *span = (struct span){run.first, run.first + count};
                if (fits && take_at(reusing, *span))
                        return true;
                run.first = fits ? run.first + 1 : run.end;
        }
        return false;
}

/* whole: complete blocks; a short last one isn't for exact allocations. */
static NOINLINE int allocate_exact(struct reusing *reusing, uint64_t count, uint64_t *start,
                                   uint64_t *end)
{
        uint64_t total = total_of(reusing), whole = total >> reusing->shift;
        struct span span;

        if (count > whole)
                return -ENOSPC;
        if ((load(&reusing->free) >= count &&
             reuse(reusing, FREE_MAP_BY_SUMMARY, count, count, whole, &span)) ||
            extend(reusing, count, count, whole, &span) ||
            (load(&reusing->free) > 0 && take_any_run(reusing, count, whole, &span)))
                return answer(reusing, span, total, start, end);
        return -ENOSPC;
}

int allocator_reusing_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                               uint64_t *end)
{
        struct reusing *reusing = state;

        if (unlikely(reusing == NULL || start == NULL || end == NULL || size == 0))
                return -EINVAL;
        if (unlikely(flags & ~RMMAP_ALLOCATE_EXACT))
                return -EOPNOTSUPP;
        if (flags & RMMAP_ALLOCATE_EXACT)
                return allocate_exact(reusing, blocks_for(reusing, size), start, end);
        return allocate_some(reusing, blocks_for(reusing, size), start, end);
}

/* Are these whole blocks, the last of which may be the short one at the end? */
static int check_span(const struct reusing *reusing, uint64_t start, uint64_t end)
{
        uint64_t total = total_of(reusing), alignment = UINT64_C(1) << reusing->shift;

        if (start >= end || !is_aligned_to(start, alignment))
                return -EINVAL;
        if (end > total)
                return -ERANGE;
        return is_aligned_to(end, alignment) || end == total ? 0 : -EINVAL;
}

static int reusing_allocate_at(void *state, uint64_t start, uint64_t end)
{
        struct reusing *reusing = state;
        int err = reusing == NULL ? -EINVAL : check_span(reusing, start, end);

        if (err != 0)
                return err;
        atomic_store_explicit(&reusing->changed, true, memory_order_relaxed);
        return take_at(reusing, (struct span){start >> reusing->shift, blocks_for(reusing, end)})
                       ? 0
                       : -EBUSY;
}

/* ---- give_back, remaining, claim */

/* Marks what was out before, and isn't from now on. */
static void mark(struct reusing *reusing, uint64_t first, uint64_t end)
{
        end = min_u64(end, load(&reusing->first));
        if (first < end)
                free_map_mark(&reusing->map, first, end);
}

/*
 * The end is rounded up as sizes are: a range may be short because it was the last one before the
 * file grew. Whoever gives back a range that isn't out gets -EINVAL. Where several threads give one
 * range back at a time, all put its words into the map from front to back, so all but one fail at
 * the first word and change nothing.
 */
static int reusing_give_back(void *state, uint64_t start, uint64_t end)
{
        struct reusing *reusing = state;
        uint64_t first, past;

        if (reusing == NULL || start >= end || end > total_of(reusing) ||
            !is_aligned_to(start, UINT64_C(1) << reusing->shift))
                return -EINVAL;
        first = start >> reusing->shift;
        past = blocks_for(reusing, end);
        if (past > load(&reusing->next) || free_map_any(&reusing->map, first, past))
                return -EINVAL;
        atomic_store_explicit(&reusing->changed, true, memory_order_relaxed);
        mark(reusing, first, past);
        return put(reusing, first, past) ? 0 : -EINVAL;
}

/* Bytes by which the last block is short, if it is free. */
static uint64_t missing(const struct reusing *reusing, uint64_t total, uint64_t next)
{
        uint64_t limit = blocks_for(reusing, total);

        return next < limit || free_map_any(&reusing->map, limit - 1, limit)
                       ? (limit << reusing->shift) - total
                       : 0;
}

static uint64_t reusing_remaining(const void *state)
{
        const struct reusing *reusing = state;
        uint64_t total, limit, next, blocks, bytes, less;

        if (reusing == NULL)
                return 0;
        total = total_of(reusing);
        limit = blocks_for(reusing, total);
        next = load(&reusing->next);
        blocks = load(&reusing->free) + (next < limit ? limit - next : 0);
        bytes = blocks << reusing->shift;
        less = missing(reusing, total, next);
        return bytes > less ? bytes - less : 0;
}

static int reusing_claim(const void *state, uint64_t start, uint64_t end)
{
        const struct reusing *reusing = state;
        uint64_t first, past;

        if (reusing == NULL || start > end)
                return -EINVAL;
        first = start >> reusing->shift;
        past = blocks_for(reusing, end);
        if (end > total_of(reusing) || past > load(&reusing->next))
                return -ERANGE;
        if (first < past && free_map_any(&reusing->map, first, past))
                return -ERANGE;
        if (past > load(&reusing->first))
                return -EBUSY;
        return first < past && free_map_any_marked(&reusing->map, first, past) ? -EBUSY : 0;
}

/* ---- save and restore */

static struct reusing_position position_of(const struct reusing *reusing)
{
        uint64_t total = total_of(reusing);

        return (struct reusing_position){
                .total = total,
                .alignment = UINT64_C(1) << reusing->shift,
                .next = min_u64(load(&reusing->next), blocks_for(reusing, total)),
        };
}

static int reusing_save(const void *state, void *buffer, size_t *length)
{
        const struct reusing *reusing = state;
        struct reusing_position position;

        if (reusing == NULL || length == NULL)
                return -EINVAL;
        position = position_of(reusing);
        return reusing_state_save(&position, &reusing->map, buffer, length);
}

/* Puts 64 blocks back as they were saved, as far as this allocator hands them out. */
static void put_word(struct reusing *reusing, uint64_t block, uint64_t bits)
{
        for (uint64_t first = block; bits != 0; bits >>= 1, first++)
                if ((bits & 1) && first >= reusing->floor) {
                        mark(reusing, first, first + 1);
                        (void)put(reusing, first, first + 1);
                }
}

static int reusing_restore(void *state, const void *buffer, size_t length)
{
        struct reusing *reusing = state;
        struct reusing_position saved;
        uint64_t first, restored, block;

        if (reusing == NULL || buffer == NULL)
                return -EINVAL;
        saved = position_of(reusing);
        if (reusing_state_check(buffer, length, &saved) != 0)
                return -EBADMSG;
        restored = max_u64(saved.next, reusing->floor);
        first = load(&reusing->first);
        /* The exchange fails if anything was handed out since create. */
        if (atomic_load_explicit(&reusing->changed, memory_order_relaxed) ||
            !atomic_compare_exchange_strong_explicit(&reusing->next, &first, restored,
                                                     memory_order_relaxed, memory_order_relaxed))
                return -EBUSY;
        atomic_store_explicit(&reusing->first, restored, memory_order_relaxed);
        atomic_store_explicit(&reusing->changed, true, memory_order_relaxed);
        for (size_t i = 0; i < saved.words; i++) {
                uint64_t bits = reusing_state_word(buffer, i, &block);

                put_word(reusing, block, bits);
        }
        return 0;
}

void allocator_reusing_keep_out(void *state, const _Atomic uint64_t *out)
{
        struct reusing *reusing = state;
        uint64_t limit = blocks_for(reusing, total_of(reusing)), next = reusing->floor;
        struct span run;

        for (run.first = next; run.first < limit; run.first = run.end)
                if (bitmap_run(out, run.first, limit, &run.end))
                        next = run.end;
        atomic_store_explicit(&reusing->first, next, memory_order_relaxed);
        atomic_store_explicit(&reusing->next, next, memory_order_relaxed);
        atomic_store_explicit(&reusing->changed, true, memory_order_relaxed);
        for (run.first = reusing->floor; run.first < next; run.first = run.end)
                if (!bitmap_run(out, run.first, next, &run.end)) {
                        mark(reusing, run.first, run.end);
                        (void)put(reusing, run.first, run.end);
                }
}

const struct rmmap_allocator_ops *rmmap_reusing_allocator(void)
{
        static const struct rmmap_allocator_ops ops = {
                .size = sizeof(ops),
                .name = "reusing",
                .flags = RMMAP_ALLOCATOR_THREAD_SAFE,
                .create = reusing_create,
                .destroy = reusing_destroy,
                .allocate = allocator_reusing_allocate,
                .remaining = reusing_remaining,
                .give_back = reusing_give_back,
                .claim = reusing_claim,
                .save = reusing_save,
                .restore = reusing_restore,
                .grow = reusing_grow,
                .allocate_at = reusing_allocate_at,
                .trim = reusing_trim,
        };

        return &ops;
}
