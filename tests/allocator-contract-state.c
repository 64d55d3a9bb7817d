/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rules for save and restore. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "allocator-contract.h"

#define LARGEST_STATE ((size_t)1 << 20)
#define GUARD 16
#define MARK 0xa5

struct state {
        unsigned char *bytes; /* exactly so many, so that tools see a read past them */
        size_t length;
};

/* The length of the allocator's state; 0: the check is broken. */
static size_t ask_length(struct instance *instance)
{
        struct contract *contract = instance->contract;
        size_t length = 0;
        int err = contract->ops->save(instance->state, NULL, &length);

        if (err != 0)
                broken(contract, "save without a buffer answers %s", answer_text(err));
        else if (length == 0 || length > LARGEST_STATE)
                broken(contract, "save without a buffer tells a length of %zu", length);
        return contract->failed ? 0 : length;
}

/* The saved state; bytes NULL: the check is broken. */
static struct state save(struct instance *instance)
{
        struct contract *contract = instance->contract;
        struct state state = {NULL, ask_length(instance)};
        size_t capacity = state.length;
        int err;

        if (capacity != 0)
                state.bytes = malloc(capacity);
        if (state.bytes == NULL)
                return state;
        err = contract->ops->save(instance->state, state.bytes, &state.length);
        if (err == 0 && state.length != 0 && state.length <= capacity)
                return state;
        broken(contract, "save into %zu bytes answers %s, length %zu", capacity, answer_text(err),
               state.length);
        free(state.bytes);
        state.bytes = NULL;
        return state;
}

/* A buffer that is too small, and the bytes behind a buffer. */
static void save_into(struct instance *instance, unsigned char *buffer, size_t capacity,
                      size_t needed)
{
        struct contract *contract = instance->contract;
        size_t length = capacity, used = capacity < needed ? 0 : needed;
        int err;

        memset(buffer, MARK, needed + GUARD);
        err = contract->ops->save(instance->state, buffer, &length);
        if (err != (used ? 0 : -ENOBUFS) || length != needed)
                broken(contract, "save into %zu of %zu bytes answers %s, length %zu", capacity,
                       needed, answer_text(err), length);
        for (size_t i = capacity; i < needed + GUARD; i++)
                if (buffer[i] != MARK)
                        broken(contract, "save into %zu bytes writes byte %zu", capacity, i);
}

static void save_tells_its_length(struct contract *contract)
{
        struct instance instance;
        unsigned char *buffer;
        size_t needed;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        needed = ask_length(&instance);
        buffer = malloc(needed + GUARD);
        if (needed != 0 && buffer != NULL) {
                save_into(&instance, buffer, 0, needed);
                save_into(&instance, buffer, needed / 2, needed);
                save_into(&instance, buffer, needed - 1, needed);
                save_into(&instance, buffer, needed, needed);
        }
        instance_expect_remaining(&instance, TOTAL, "after saves");
        free(buffer);
        instance_destroy(&instance);
}

/* An allocator that has saved its state, and another one that is to restore it. */
struct pair {
        struct instance earlier, later;
        struct state state;
};

static void finish(struct pair *pair)
{
        free(pair->state.bytes);
        if (pair->later.state != NULL)
                instance_destroy(&pair->later);
        if (pair->earlier.state != NULL)
                instance_destroy(&pair->earlier);
}

/* The earlier one has handed out a few ranges; first, total and flags are the later one's. */
static bool prepare(struct pair *pair, struct contract *contract, unsigned int ranges,
                    uint64_t first, uint64_t total, uint64_t flags)
{
        uint64_t start, end;
        int err = 0;

        memset(pair, 0, sizeof(*pair));
        if (!instance_create(&pair->earlier, contract, 0, TOTAL))
                return false;
        for (unsigned int i = 0; i < ranges && err == 0; i++)
                err = instance_allocate(&pair->earlier, random_below(contract, 4 * BLOCK) + 1, 0,
                                        &start, &end);
        if (err != 0)
                broken(contract, "allocate answers %s", answer_text(err));
        pair->state = save(&pair->earlier);
        if (pair->state.bytes != NULL &&
            instance_create_with(&pair->later, contract, first, total, total, flags))
                return true;
        finish(pair);
        return false;
}

static int restore(struct pair *pair)
{
        return pair->later.contract->ops->restore(pair->later.state, pair->state.bytes,
                                                  pair->state.length);
}

static void expect_restored(struct pair *pair)
{
        int err = restore(pair);

        if (err != 0)
                broken(pair->later.contract, "restore answers %s", answer_text(err));
}

/* What the saved allocator had handed out counts as handed out, and is not handed out again. */
static void go_on(struct pair *pair)
{
        struct instance *later = &pair->later;
        struct contract *contract = later->contract;

        expect_restored(pair);
        memcpy(later->has_given, pair->earlier.has_given, sizeof(later->has_given));
        later->given = pair->earlier.given;
        later->first = 0;
        instance_expect_remaining(later, TOTAL - later->given, "after restore");
        for (uint64_t block = 0; contract->ops->claim != NULL && block <= BLOCKS; block++) {
                uint64_t end = block < BLOCKS ? (block + 1) * BLOCK : TOTAL;

                if (later->has_given[block] &&
                    contract->ops->claim(later->state, block * BLOCK, end) != 0)
                        broken(contract, "after restore block %llu can't be claimed",
                               (unsigned long long)block);
        }
        instance_exhaust(later, 5);
}

static void restore_goes_on(struct contract *contract)
{
        struct pair pair;

        for (unsigned int ranges = 0; ranges <= 12 && !contract->failed; ranges += 3) {
                if (!prepare(&pair, contract, ranges, 0, TOTAL, 0))
                        return;
                go_on(&pair);
                finish(&pair);
        }
}

/* The bytes are damaged, so a restore fails and changes nothing. */
static void refuse(struct instance *instance, const unsigned char *bytes, size_t length,
                   const char *what, size_t where)
{
        int err = instance->contract->ops->restore(instance->state, bytes, length);

        if (err != -EBADMSG)
                broken(instance->contract, "restore with %s %zu answers %s", what, where,
                       answer_text(err));
        instance_expect_remaining(instance, instance->total - instance->given,
                                  "after a refused restore");
}

static void refuse_damage(struct instance *instance, const struct state *state)
{
        static const unsigned char changes[] = {0x01, 0x10, 0x80, 0xff};
        unsigned char *longer = calloc(1, state->length + 1);

        for (size_t at = 0; at < state->length && !instance->contract->failed; at++) {
                for (size_t i = 0; i < sizeof(changes); i++) {
                        state->bytes[at] ^= changes[i];
                        refuse(instance, state->bytes, state->length, "damage of byte", at);
                        state->bytes[at] ^= changes[i];
                }
        }
        for (size_t length = 0; length < state->length && !instance->contract->failed; length++)
                refuse(instance, state->bytes, length, "only bytes", length);
        if (longer != NULL) {
                memcpy(longer, state->bytes, state->length);
                refuse(instance, longer, state->length + 1, "one more than bytes", state->length);
        }
        free(longer);
}

static void restore_sees_damage(struct contract *contract)
{
        struct pair pair;

        if (!prepare(&pair, contract, 3, 0, TOTAL, 0))
                return;
        refuse_damage(&pair.later, &pair.state);
        expect_restored(&pair); /* good bytes after bad ones */
        finish(&pair);
}

static void restore_of_another_size(struct contract *contract)
{
        static const uint64_t totals[] = {TOTAL - 1, TOTAL - BLOCK, TOTAL - 100};
        struct pair pair;

        for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
                if (!prepare(&pair, contract, 3, 0, totals[i], 0))
                        return;
                refuse(&pair.later, pair.state.bytes, pair.state.length,
                       "the state of another size, shorter by", (size_t)(TOTAL - totals[i]));
                finish(&pair);
        }
}

static void restore_comes_first(struct contract *contract)
{
        for (uint32_t flags = 0; flags <= RMMAP_ALLOCATE_EXACT; flags += RMMAP_ALLOCATE_EXACT) {
                struct pair pair;
                uint64_t start, end;
                int err;

                if (!prepare(&pair, contract, 3, 0, TOTAL, 0))
                        return;
                err = instance_allocate(&pair.later, 1, flags, &start, &end);
                if (err == 0)
                        err = restore(&pair);
                if (err != -EBUSY)
                        broken(contract, "restore after allocate answers %s", answer_text(err));
                instance_expect_remaining(&pair.later, TOTAL - pair.later.given, "after that");
                finish(&pair);
        }
}

/* Bytes before first are not handed out, whatever the state says. */
static void restore_respects_first(struct contract *contract)
{
        struct pair pair;

        if (!prepare(&pair, contract, 3, 20 * BLOCK, TOTAL, 0))
                return;
        expect_restored(&pair);
        instance_exhaust(&pair.later, 3);
        finish(&pair);
}

/* With START_AT_END the start is a default, so the restored position replaces it. */
static void restore_replaces_the_end(struct contract *contract)
{
        struct pair pair;

        if (!prepare(&pair, contract, 3, TOTAL, TOTAL, RMMAP_ALLOCATOR_START_AT_END))
                return;
        instance_expect_remaining(&pair.later, 0, "where first is the end");
        go_on(&pair);
        finish(&pair);
}

#define NEEDS_BOTH (NEEDS_SAVE | NEEDS_RESTORE)

const struct check state_checks[] = {
        {"save: tells its length, and keeps to it", save_tells_its_length, NEEDS_SAVE},
        {"restore: goes on where save stopped", restore_goes_on, NEEDS_BOTH},
        {"restore: sees damage", restore_sees_damage, NEEDS_BOTH},
        {"restore: refuses another size", restore_of_another_size, NEEDS_BOTH},
        {"restore: before the first allocate only", restore_comes_first, NEEDS_BOTH},
        {"restore: first holds when it is higher", restore_respects_first, NEEDS_BOTH},
        {"restore: replaces the end as a start", restore_replaces_the_end, NEEDS_BOTH},
        {NULL, NULL, 0},
};
