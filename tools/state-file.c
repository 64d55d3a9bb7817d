/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* state-file.c - what the state file of a shared allocator says, by rmmap-shared-state(5) */
#include "rmmap.h"

#include <inttypes.h>
#include <string.h>

enum {
        HEAD = 80,
        AT_ID = 8,
        AT_DEVICE = 16,
        AT_INODE = 24,
        AT_SIZE = 48,
        AT_MAX_SIZE = 56,
        AT_ORDER = 64,
        AT_COUNTER = 4096,
        AT_MARK = 8192,
        STATE_SIZE = 12288,
        UNIT = 4096,
        MARK_UNITS = 40 /* bits; the others are a checksum */
};

struct state_file {
        unsigned char head[HEAD];
        bool known; /* the header is whole */
        uint64_t counter, mark;
        const char *damage; /* NULL: none was found */
};

/* The counter and the mark have the byte order of the machine that uses them. */
static bool read_word(const struct state_file *state, int fd, uint64_t at, uint64_t *word)
{
        unsigned char bytes[8], turned[8];
        bool little = number_at(state->head + AT_ORDER) == 1;

        if (!read_bytes(fd, bytes, sizeof(bytes), at))
                return false;
        for (int i = 0; i < 8; i++)
                turned[i] = bytes[little ? i : 7 - i];
        *word = number_at(turned);
        return true;
}

static void put_number(unsigned char *bytes, uint64_t value)
{
        for (int i = 0; i < 8; i++)
                bytes[i] = (unsigned char)(value >> 8 * i);
}

static bool is_mark(const struct state_file *state)
{
        uint64_t units = state->mark & ((UINT64_C(1) << MARK_UNITS) - 1);
        unsigned char summed[16];

        put_number(summed, units);
        put_number(summed + 8, number_at(state->head + AT_ID));
        return state->mark == (units | checksum_of(summed, sizeof(summed)) << MARK_UNITS);
}

static const char *damage_of(struct state_file *state, int fd, uint64_t size)
{
        if (memcmp(state->head, "RMMSHAR1", 8) != 0)
                return "it has another version";
        state->known = is_whole(state->head, HEAD - 8) && number_at(state->head + AT_ORDER) <= 1;
        if (!state->known)
                return "the header is damaged";
        if (size != STATE_SIZE || !read_word(state, fd, AT_COUNTER, &state->counter) ||
            !read_word(state, fd, AT_MARK, &state->mark))
                return "it has another size, such as after a cut";
        if (state->counter % UNIT != 0)
                return "the counter is damaged";
        return is_mark(state) ? NULL : "the mark is damaged";
}

static void tell_data_file(struct report *report, const struct state_file *state)
{
        uint64_t inode = number_at(state->head + AT_INODE);
        uint64_t device = number_at(state->head + AT_DEVICE);
        uint64_t size = number_at(state->head + AT_SIZE);
        uint64_t max_size = number_at(state->head + AT_MAX_SIZE);
        char text[SIZE_TEXT], grows[SIZE_TEXT + 40] = ", which can't grow";

        if (max_size > size)
                snprintf(grows, sizeof(grows), ", which may grow to %s", size_text(text, max_size));
        report_row(report, "shared_state", PLAIN, NULL,
                   "of inode %" PRIu64 " on device %" PRIu64 ", made for %s (%" PRIu64 " bytes)%s",
                   inode, device, size_text(text, size), size, grows);
        fact_number(report, "shared_inode", inode);
        fact_number(report, "shared_device", device);
        fact_number(report, "shared_size", size);
        fact_number(report, "shared_max_size", max_size);
}

static void tell_counters(struct report *report, const struct state_file *state)
{
        uint64_t mark = (state->mark & ((UINT64_C(1) << MARK_UNITS) - 1)) * UNIT;
        char text[SIZE_TEXT];

        report_row(report, "given_out", PLAIN, NULL,
                   "up to %s (%" PRIu64 " bytes), in multiples of %d",
                   size_text(text, state->counter), state->counter, UNIT);
        report_row(report, "mark", PLAIN, NULL,
                   "%s (%" PRIu64 " bytes): after a power cut allocation goes on there",
                   size_text(text, mark), mark);
        fact_number(report, "shared_given_out", state->counter);
        fact_number(report, "shared_mark", mark);
}

void tell_state_file(struct report *report, int fd, uint64_t size)
{
        struct state_file state = {.known = false};

        if (!read_bytes(fd, state.head, HEAD, 0) || memcmp(state.head, "RMMSHAR", 7) != 0)
                return;
        state.damage = damage_of(&state, fd, size);
        if (state.known)
                tell_data_file(report, &state);
        else
                report_row(report, "shared_state", PLAIN, NULL, "of a file that isn't known");
        if (!state.damage)
                tell_counters(report, &state);
        report_row(report, "damage", PLAIN, NULL, "%s%s", state.damage ? state.damage : "none",
                   state.damage ? "; it can't be used" : "");
        fact_flag(report, "shared_usable", !state.damage);
}
