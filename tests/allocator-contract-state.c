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

static bool can_do_both(struct contract *contract)
{
        if (contract->ops->save != NULL && contract->ops->restore != NULL)
                return true;
        skip(contract, contract->ops->save == NULL ? "no save" : "no restore");
        return false;
}

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

        if (contract->ops->save == NULL) {
                skip(contract, "no save");
                return;
        }
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

/* Allocates a few ranges and saves the state. */
static bool prepare(struct instance *instance, struct contract *contract, uint64_t total,
                    unsigned int ranges, struct state *state)
{
        uint64_t start, end;
        int err = 0;

        if (!instance_create(instance, contract, 0, total))
                return false;
        for (unsigned int i = 0; i < ranges && err == 0; i++)
                err = instance_allocate(instance, random_below(contract, 4 * BLOCK) + 1, 0, &start,
                                        &end);
        if (err != 0)
                broken(contract, "allocate answers %s", answer_text(err));
        *state = save(instance);
        if (state->bytes == NULL)
                instance_destroy(instance);
        return state->bytes != NULL;
}

/* What the saved allocator had handed out counts as handed out, and is not handed out again. */
static void go_on(struct instance *later, const struct instance *earlier)
{
        struct contract *contract = later->contract;

        memcpy(later->has_given, earlier->has_given, sizeof(later->has_given));
        later->given = earlier->given;
        instance_expect_remaining(later, TOTAL - later->given, "after restore");
        for (uint64_t block = 0; contract->ops->claim != NULL && block <= BLOCKS; block++) {
                uint64_t end = block < BLOCKS ? (block + 1) * BLOCK : TOTAL;

                if (later->has_given[block] &&
                    contract->ops->claim(later->state, block * BLOCK, end) != 0)
                        broken(contract, "after restore block %llu can't be claimed",
                               (unsigned long long)block);
        }
        instance_exhaust(later, 5);
        if (!contract->failed && instance_gap(later) != TOTAL)
                broken(contract, "after restore not all of the rest is given");
}

static void restore_goes_on(struct contract *contract)
{
        if (!can_do_both(contract))
                return;
        for (unsigned int ranges = 0; ranges <= 12 && !contract->failed; ranges += 3) {
                struct instance earlier, later;
                struct state state;
                int err;

                if (!prepare(&earlier, contract, TOTAL, ranges, &state))
                        return;
                if (instance_create(&later, contract, 0, TOTAL)) {
                        err = contract->ops->restore(later.state, state.bytes, state.length);
                        if (err != 0)
                                broken(contract, "restore answers %s", answer_text(err));
                        else
                                go_on(&later, &earlier);
                        instance_destroy(&later);
                }
                free(state.bytes);
                instance_destroy(&earlier);
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
        struct instance earlier, later;
        struct state state;

        if (!can_do_both(contract) || !prepare(&earlier, contract, TOTAL, 3, &state))
                return;
        if (instance_create(&later, contract, 0, TOTAL)) {
                refuse_damage(&later, &state);
                if (contract->ops->restore(later.state, state.bytes, state.length) != 0)
                        broken(contract, "restore of good bytes after bad ones fails");
                instance_destroy(&later);
        }
        free(state.bytes);
        instance_destroy(&earlier);
}

static void restore_of_another_size(struct contract *contract)
{
        static const uint64_t totals[] = {TOTAL - 1, TOTAL - BLOCK, TOTAL - 100};
        struct instance earlier, later;
        struct state state;

        if (!can_do_both(contract) || !prepare(&earlier, contract, TOTAL, 3, &state))
                return;
        for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
                if (!instance_create(&later, contract, 0, totals[i]))
                        break;
                refuse(&later, state.bytes, state.length, "the state of another size, shorter by",
                       (size_t)(TOTAL - totals[i]));
                instance_destroy(&later);
        }
        free(state.bytes);
        instance_destroy(&earlier);
}

static void restore_comes_first(struct contract *contract)
{
        struct instance earlier, later;
        struct state state;
        uint64_t start, end;

        if (!can_do_both(contract) || !prepare(&earlier, contract, TOTAL, 3, &state))
                return;
        for (uint32_t flags = 0; flags <= RMMAP_ALLOCATE_EXACT; flags += RMMAP_ALLOCATE_EXACT) {
                int err;

                if (!instance_create(&later, contract, 0, TOTAL))
                        break;
                err = instance_allocate(&later, 1, flags, &start, &end);
                if (err == 0)
                        err = contract->ops->restore(later.state, state.bytes, state.length);
                if (err != -EBUSY)
                        broken(contract, "restore after allocate answers %s", answer_text(err));
                instance_expect_remaining(&later, TOTAL - later.given, "after that");
                instance_destroy(&later);
        }
        free(state.bytes);
        instance_destroy(&earlier);
}

/* Bytes before first are not handed out, whatever the state says. */
static void restore_respects_first(struct contract *contract)
{
        struct instance earlier, later;
        struct state state;

        if (!can_do_both(contract) || !prepare(&earlier, contract, TOTAL, 3, &state))
                return;
        if (instance_create(&later, contract, 20 * BLOCK, TOTAL)) {
                int err = contract->ops->restore(later.state, state.bytes, state.length);

                if (err != 0)
                        broken(contract, "restore answers %s", answer_text(err));
                instance_exhaust(&later, 3);
                if (!contract->failed && instance_gap(&later) != TOTAL)
                        broken(contract, "not all behind first is given");
                instance_destroy(&later);
        }
        free(state.bytes);
        instance_destroy(&earlier);
}

/* With START_AT_END the start is a default, so the restored position replaces it. */
static void restore_replaces_the_end(struct contract *contract)
{
        struct rmmap_allocator_args args = {
                .size = sizeof(args),
                .first = TOTAL,
                .total = TOTAL,
                .alignment = RMMAP_ALIGNMENT,
                .flags = RMMAP_ALLOCATOR_START_AT_END,
        };
        struct instance earlier, later = {.contract = contract, .total = TOTAL};
        struct state state;
        int err;

        if (!can_do_both(contract) || !prepare(&earlier, contract, TOTAL, 3, &state))
                return;
        err = contract->ops->create(&args, &later.state);
        if (err == 0) {
                instance_expect_remaining(&later, 0, "where first is the end");
                err = contract->ops->restore(later.state, state.bytes, state.length);
                if (err == 0)
                        go_on(&later, &earlier);
                instance_destroy(&later);
        }
        if (err != 0)
                broken(contract, "create or restore answers %s", answer_text(err));
        free(state.bytes);
        instance_destroy(&earlier);
}

const struct check state_checks[] = {
        {"save: tells its length, and keeps to it", save_tells_its_length},
        {"restore: goes on where save stopped", restore_goes_on},
        {"restore: sees damage", restore_sees_damage},
        {"restore: refuses another size", restore_of_another_size},
        {"restore: before the first allocate only", restore_comes_first},
        {"restore: first holds when it is higher", restore_respects_first},
        {"restore: replaces the end as a start", restore_replaces_the_end},
        {NULL, NULL},
};
