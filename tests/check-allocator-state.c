/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The state of both built-in allocators, saved and restored through handles. */
#include "serialize.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)
#define STATE_SIZE 48

static const struct rmmap_allocator_ops *allocator(int which)
{
        return which == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator();
}

static struct rmmap_file *create(int which, uint64_t size, uint64_t from)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *made = NULL;

        options.allocator = allocator(which);
        options.allocate_from = from;
        ck_ok(rmmap_create(test_path("state"), size, &options, &made));
        return made;
}

static void take(struct rmmap_file *file, uint64_t size, uint64_t start)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, size, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
}

static void save(struct rmmap_file *file, unsigned char *state)
{
        size_t length = STATE_SIZE;

        ck_ok(rmmap_allocator_save(file, state, &length));
        ck_assert_uint_eq(length, STATE_SIZE);
}

/* The state of an allocator of this kind, for a file of size bytes with taken bytes handed out. */
static void make_state(int which, uint64_t size, uint64_t taken, unsigned char *state)
{
        struct rmmap_file *file = create(which, size, 0);

        if (taken > 0)
                take(file, taken, 0);
        save(file, state);
        rmmap_release(file);
}

START_TEST(goes_on_where_it_stopped)
{
        unsigned char state[STATE_SIZE], again[STATE_SIZE];
        struct rmmap_file *file;
        struct rmmap_range range;

        make_state(_i, SIZE, 3 * A, state);
        file = create(_i, SIZE, 0);
        ck_ok(rmmap_allocator_restore(file, state, STATE_SIZE));
        ck_assert_uint_eq(rmmap_allocated(file), 3 * A);
        save(file, again);
        ck_assert_mem_eq(state, again, STATE_SIZE);
        ck_is(rmmap_claim_range(file, 0, 4 * A, &range), -ERANGE);
        ck_ok(rmmap_claim_range(file, 0, 3 * A, &range));
        take(file, A, 3 * A);
        rmmap_release(file);
}
END_TEST

/* The layout never changes: a later version, or another machine, may read a state. */
START_TEST(layout_is_fixed)
{
        static const unsigned char literal[2][STATE_SIZE] = {
                {0x52, 0x4d, 0x4d, 0x41, 0x4c, 0x4f, 0x43, 0x31, 0x63, 0x75, 0x72, 0x72,
                 0x65, 0x6e, 0x74, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
                 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00,
                 0x00, 0x00, 0x00, 0x00, 0xe8, 0x1f, 0x82, 0x8e, 0xd7, 0x2c, 0x1e, 0x1e},
                {0x52, 0x4d, 0x4d, 0x41, 0x4c, 0x4f, 0x43, 0x31, 0x2d, 0x73, 0x65, 0x72,
                 0x69, 0x61, 0x6c, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
                 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00,
                 0x00, 0x00, 0x00, 0x00, 0xe6, 0x66, 0xf4, 0xcf, 0x51, 0x2e, 0x71, 0x2f},
        };
        unsigned char state[STATE_SIZE];

        make_state(_i, 1 << 20, 5 * A, state);
        ck_assert_mem_eq(state, literal[_i], STATE_SIZE);
}
END_TEST

START_TEST(asks_for_room)
{
        struct rmmap_file *file = create(_i, SIZE, 0);
        unsigned char state[STATE_SIZE + 8], untouched[STATE_SIZE + 8];
        size_t length = 0;

        memset(untouched, 0xa5, sizeof(untouched));
        ck_ok(rmmap_allocator_save(file, NULL, &length));
        ck_assert_uint_eq(length, STATE_SIZE);
        length = 1000000; /* a capacity means nothing there */
        ck_ok(rmmap_allocator_save(file, NULL, &length));
        ck_assert_uint_eq(length, STATE_SIZE);
        for (size_t capacity = 0; capacity <= sizeof(state); capacity++) {
                size_t used = capacity < STATE_SIZE ? 0 : STATE_SIZE;

                memcpy(state, untouched, sizeof(state));
                length = capacity;
                ck_is(rmmap_allocator_save(file, state, &length), used ? 0 : -ENOBUFS);
                ck_assert_uint_eq(length, STATE_SIZE);
                ck_assert_mem_eq(state + used, untouched, sizeof(state) - used);
        }
        ck_is(rmmap_allocator_save(NULL, state, &length), -EINVAL);
        ck_is(rmmap_allocator_save(file, state, NULL), -EINVAL);
        rmmap_release(file);
}
END_TEST

/* Bad bytes leave the allocator unchanged. */
static void refuses(struct rmmap_file *file, const unsigned char *state, size_t length)
{
        uint64_t before = rmmap_allocated(file);

        ck_is(rmmap_allocator_restore(file, state, length), -EBADMSG);
        ck_assert_uint_eq(rmmap_allocated(file), before);
}

START_TEST(any_damaged_byte_is_seen)
{
        unsigned char state[STATE_SIZE];
        struct rmmap_file *file;

        make_state(_i, SIZE, 3 * A, state);
        file = create(_i, SIZE, 0);
        for (int at = 0; at < STATE_SIZE; at++) {
                for (unsigned int change = 1; change < 256; change++) {
                        state[at] ^= (unsigned char)change;
                        refuses(file, state, STATE_SIZE);
                        state[at] ^= (unsigned char)change;
                }
        }
        ck_ok(rmmap_allocator_restore(file, state, STATE_SIZE));
        rmmap_release(file);
}
END_TEST

START_TEST(another_length_is_damage)
{
        unsigned char state[2 * STATE_SIZE] = {0};
        struct rmmap_file *file;
        void *volatile none = NULL;

        make_state(_i, SIZE, 3 * A, state);
        file = create(_i, SIZE, 0);
        for (size_t length = 0; length <= sizeof(state); length++)
                if (length != STATE_SIZE)
                        refuses(file, state, length);
        ck_is(rmmap_allocator_restore(file, none, STATE_SIZE), -EINVAL);
        ck_is(rmmap_allocator_restore(NULL, state, STATE_SIZE), -EINVAL);
        rmmap_release(file);
}
END_TEST

START_TEST(another_allocators_state)
{
        unsigned char state[STATE_SIZE];
        struct rmmap_file *file;

        make_state(1 - _i, SIZE, 3 * A, state);
        file = create(_i, SIZE, 0);
        refuses(file, state, STATE_SIZE);
        rmmap_release(file);
        make_state(_i, SIZE + 1, 3 * A, state);
        file = create(_i, SIZE, 0);
        refuses(file, state, STATE_SIZE);
        rmmap_release(file);
}
END_TEST

/* Well-formed bytes with an impossible position: word 3 is not a boundary. */
START_TEST(impossible_positions)
{
        static const uint64_t positions[] = {1,     A - 1,      SIZE - 1,         SIZE + 1,
                                             7 * A, UINT64_MAX, UINT64_MAX - 4095};
        unsigned char state[STATE_SIZE];
        struct rmmap_file *file;
        uint64_t words[4];

        make_state(_i, SIZE, 3 * A, state);
        file = create(_i, SIZE, 0);
        ck_assert_int_eq(deserialize_words(state, STATE_SIZE, "RMMALOC1", words, 4), 0);
        ck_assert_uint_eq(words[3], 3 * A);
        for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
                words[3] = positions[i];
                serialize_words(state, "RMMALOC1", words, 4);
                refuses(file, state, STATE_SIZE);
        }
        rmmap_release(file);
}
END_TEST

/* Only a new allocator: what it handed out already may overlap what the state says. */
START_TEST(too_late)
{
        unsigned char state[STATE_SIZE];
        struct rmmap_range range;
        struct rmmap_file *file;

        make_state(_i, SIZE, 3 * A, state);
        for (int exact = 0; exact < 2; exact++) {
                file = create(_i, SIZE, 0);
                if (exact)
                        ck_ok(rmmap_allocate_exact(file, 1, &range));
                else
                        ck_ok(rmmap_allocate(file, 1, &range));
                ck_is(rmmap_allocator_restore(file, state, STATE_SIZE), -EBUSY);
                ck_assert_uint_eq(rmmap_allocated(file), A);
                rmmap_release(file);
        }
        file = create(_i, SIZE, 0);
        ck_is(rmmap_allocate_exact(file, UINT64_MAX, &range), -ENOSPC); /* nothing was given */
        ck_ok(rmmap_allocator_restore(file, state, STATE_SIZE));
        take(file, 1, 3 * A);
        ck_is(rmmap_allocator_restore(file, state, STATE_SIZE), -EBUSY);
        rmmap_release(file);
}
END_TEST

START_TEST(the_higher_one_holds)
{
        static const uint64_t froms[] = {0, A, 3 * A - 1, 3 * A, 3 * A + 1, SIZE, UINT64_MAX};
        unsigned char state[STATE_SIZE];

        make_state(_i, SIZE, 3 * A, state);
        for (size_t i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
                struct rmmap_file *file = create(_i, SIZE, froms[i]);
                uint64_t first = rmmap_allocated(file);

                ck_ok(rmmap_allocator_restore(file, state, STATE_SIZE));
                ck_assert_uint_eq(rmmap_allocated(file), first > 3 * A ? first : 3 * A);
                rmmap_release(file);
        }
}
END_TEST

/* A second restore never lowers the position. */
START_TEST(twice)
{
        unsigned char low[STATE_SIZE], high[STATE_SIZE];
        struct rmmap_file *file;

        make_state(_i, SIZE, A, low);
        make_state(_i, SIZE, 3 * A, high);
        file = create(_i, SIZE, 0);
        ck_ok(rmmap_allocator_restore(file, low, STATE_SIZE));
        ck_ok(rmmap_allocator_restore(file, high, STATE_SIZE));
        ck_ok(rmmap_allocator_restore(file, low, STATE_SIZE));
        take(file, A, 3 * A);
        rmmap_release(file);
}
END_TEST

START_TEST(when_all_is_taken)
{
        unsigned char state[STATE_SIZE];
        struct rmmap_range range;
        struct rmmap_file *file;

        make_state(_i, SIZE, UINT64_MAX, state);
        file = create(_i, SIZE, 0);
        ck_ok(rmmap_allocator_restore(file, state, STATE_SIZE));
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
        ck_ok(rmmap_claim_range(file, 0, SIZE, &range));
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allocator-state");
        TCase *cases = tcase_create("state");

        tcase_add_loop_test(cases, goes_on_where_it_stopped, 0, 2);
        tcase_add_loop_test(cases, layout_is_fixed, 0, 2);
        tcase_add_loop_test(cases, asks_for_room, 0, 2);
        tcase_add_loop_test(cases, any_damaged_byte_is_seen, 0, 2);
        tcase_add_loop_test(cases, another_length_is_damage, 0, 2);
        tcase_add_loop_test(cases, another_allocators_state, 0, 2);
        tcase_add_loop_test(cases, impossible_positions, 0, 2);
        tcase_add_loop_test(cases, too_late, 0, 2);
        tcase_add_loop_test(cases, the_higher_one_holds, 0, 2);
        tcase_add_loop_test(cases, twice, 0, 2);
        tcase_add_loop_test(cases, when_all_is_taken, 0, 2);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
