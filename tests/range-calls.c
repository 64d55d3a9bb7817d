/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "range-calls.h"
#include "support.h"

#define LARGEST 65536

static unsigned char data[LARGEST];
static const unsigned char marked[64] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};

/* Out-parameters, all of them marked, so that a call that touches one is seen. */
struct out {
        struct rmmap_receipt receipt;
        struct rmmap_range low, high;
        void *pointer;
        const void *view;
        size_t length;
        unsigned char bytes[64];
};

struct call {
        const char *name;
        int (*run)(struct rmmap_file *file, struct rmmap_range range, size_t length,
                   struct out *out);
};

static int write_range(struct rmmap_file *file, struct rmmap_range range, size_t length,
                       struct out *out)
{
        return rmmap_write_range(file, range, data, length, &out->receipt);
}

static int write_range_durable(struct rmmap_file *file, struct rmmap_range range, size_t length,
                               struct out *out)
{
        return rmmap_write_range_durable(file, range, data, length, &out->receipt);
}

static int writev_range(struct rmmap_file *file, struct rmmap_range range, size_t length,
                        struct out *out)
{
        struct iovec iov[2] = {{data, length / 2}, {data, length - length / 2}};

        return rmmap_writev_range(file, range, iov, 2, &out->receipt);
}

static int write_range_from_fd(struct rmmap_file *file, struct rmmap_range range, size_t length,
                               struct out *out)
{
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        uint64_t done = 0;
        int err = rmmap_write_range_from_fd(file, range, fd, &done, &out->receipt);

        (void)length;
        close(fd);
        return err;
}

static int write_within(struct rmmap_file *file, struct rmmap_range range, size_t length,
                        struct out *out)
{
        (void)out;
        return rmmap_write_within(file, range, 0, data, length);
}

static int mark_written(struct rmmap_file *file, struct rmmap_range range, size_t length,
                        struct out *out)
{
        (void)length;
        return rmmap_mark_written(file, range, &out->receipt);
}

static int read_range(struct rmmap_file *file, struct rmmap_range range, size_t length,
                      struct out *out)
{
        return rmmap_read_range(file, range, data, length, &out->length);
}

static int read_within(struct rmmap_file *file, struct rmmap_range range, size_t length,
                       struct out *out)
{
        (void)out;
        return rmmap_read_within(file, range, 0, data, length);
}

static int range_data(struct rmmap_file *file, struct rmmap_range range, size_t length,
                      struct out *out)
{
        (void)length;
        return rmmap_range_data(file, range, &out->pointer);
}

static int range_view(struct rmmap_file *file, struct rmmap_range range, size_t length,
                      struct out *out)
{
        (void)length;
        return rmmap_range_view(file, range, &out->view);
}

static int sync_within(struct rmmap_file *file, struct rmmap_range range, size_t length,
                       struct out *out)
{
        (void)out;
        return rmmap_sync_within(file, range, 0, length);
}

/* The built-in allocators take none back: told only once the range is believed. */
static int give_back(struct rmmap_file *file, struct rmmap_range range, size_t length,
                     struct out *out)
{
        int err = rmmap_give_back_range(file, range);

        (void)length;
        (void)out;
        return err == -EOPNOTSUPP ? 0 : err;
}

static int split_up(struct rmmap_file *file, struct rmmap_range range, size_t length,
                    struct out *out)
{
        int err = rmmap_range_split_up(range, 0, &out->low, &out->high);

        (void)file;
        (void)length;
        return err > 0 ? 0 : err;
}

static int split_down(struct rmmap_file *file, struct rmmap_range range, size_t length,
                      struct out *out)
{
        int err = rmmap_range_split_down(range, 0, &out->low, &out->high);

        (void)file;
        (void)length;
        return err > 0 ? 0 : err;
}

static int encode(struct rmmap_file *file, struct rmmap_range range, size_t length, struct out *out)
{
        (void)file;
        (void)length;
        return rmmap_range_encode(range, out->bytes, sizeof(out->bytes));
}

static const struct call calls[] = {
        {"write_range", write_range},
        {"write_range_durable", write_range_durable},
        {"writev_range", writev_range},
        {"write_range_from_fd", write_range_from_fd},
        {"write_within", write_within},
        {"mark_written", mark_written},
        {"read_range", read_range},
        {"read_within", read_within},
        {"range_data", range_data},
        {"range_view", range_view},
        {"sync_within", sync_within},
        {"give_back_range", give_back},
        /* From here on without a handle. */
        {"range_split_up", split_up},
        {"range_split_down", split_down},
        {"range_encode", encode},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))
#define CALLS_OF_HANDLES (CALLS - 3)

static void mark(struct out *out)
{
        memset(out, 0xa5, sizeof(*out));
}

static bool is_untouched(const struct out *out)
{
        struct out fresh;

        mark(&fresh);
        return memcmp(out, &fresh, sizeof(fresh)) == 0;
}

static void answer(const struct call *call, size_t count, struct rmmap_file *file,
                   struct rmmap_range range, int want, const char *what)
{
        /* A forged one tells no length; then any does. */
        size_t length = want == -EINVAL ? 4096 : (size_t)rmmap_range_length(range);

        ck_assert_uint_le(length, sizeof(data));
        for (size_t i = 0; i < count; i++) {
                struct out out;
                int got;

                mark(&out);
                got = call[i].run(file, range, length, &out);
                ck_assert_msg(got == want, "%s of %s: %d, not %d", call[i].name, what, got, want);
                ck_assert_msg(want == 0 || is_untouched(&out), "%s of %s leaves a mark",
                              call[i].name, what);
        }
}

void range_calls_answer(struct rmmap_file *file, struct rmmap_range range, int want,
                        const char *what)
{
        answer(calls, CALLS, file, range, want, what);
}

void range_calls_of_handles_answer(struct rmmap_file *file, struct rmmap_range range, int want,
                                   const char *what)
{
        answer(calls, CALLS_OF_HANDLES, file, range, want, what);
}

void receipt_calls_of_handles_answer(struct rmmap_file *file, struct rmmap_receipt receipt,
                                     int want, const char *what)
{
        struct rmmap_receipt pair[2] = {receipt, receipt};
        const int answers[] = {
                flushed(rmmap_flush_range(file, receipt)),
                rmmap_sync_range(file, receipt),
                rmmap_sync_ranges(file, pair, 2),
        };

        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
                ck_assert_msg(answers[i] == want, "call %zu of %s: %d, not %d", i, what, answers[i],
                              want);
}

void receipt_calls_answer(struct rmmap_file *file, struct rmmap_receipt receipt, int want,
                          const char *what)
{
        unsigned char bytes[sizeof(marked)];

        receipt_calls_of_handles_answer(file, receipt, want, what);
        memcpy(bytes, marked, sizeof(bytes));
        ck_is(rmmap_receipt_encode(receipt, bytes, sizeof(bytes)), want);
        ck_assert(want == 0 || memcmp(bytes, marked, sizeof(bytes)) == 0);
}
