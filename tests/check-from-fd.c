/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Filling a range from descriptors of all kinds, in one call and in many, with each engine. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

#define LENGTH ((size_t)(256 << 10) + 8192)
#define START ((uint64_t)4096)
#define SIZE (LENGTH + 2 * 4096)

static unsigned char *data;
static struct rmmap_file *file;
static struct rmmap_range range;

/* The range lies between two pages that must stay as they are. */
static bool prepare(int setup)
{
        struct rmmap_range neighbour;

        data = setup_data(START, LENGTH);
        file = setup_file(setup, "from-fd", SIZE);
        if (file == NULL) {
                free(data);
                return false;
        }
        ck_ok(rmmap_allocate(file, 4096, &neighbour));
        ck_ok(rmmap_allocate(file, LENGTH, &range));
        return true;
}

static void finish(void)
{
        file = rmmap_release(file);
        free(data);
}

static int source_file(size_t length)
{
        const char *path = test_path("source");
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_int_eq(pwrite(fd, data, length, 0), (ssize_t)length);
        return fd;
}

/* Another thread sends data piece by piece, and closes its end. */
struct sender {
        pthread_t thread;
        int fd;
        size_t length, piece;
        bool failed;
};

static void *send_pieces(void *arg)
{
        struct sender *sender = arg;

        for (size_t sent = 0; sent < sender->length && !sender->failed;) {
                size_t left = sender->length - sent;
                ssize_t got =
                        write(sender->fd, data + sent, left < sender->piece ? left : sender->piece);

                sender->failed = got <= 0;
                sent += (size_t)got;
        }
        close(sender->fd);
        return NULL;
}

static void start_sending(struct sender *sender, int fd, size_t length, size_t piece)
{
        *sender = (struct sender){.fd = fd, .length = length, .piece = piece};
        ck_assert_int_eq(pthread_create(&sender->thread, NULL, send_pieces, sender), 0);
}

static void end_sending(struct sender *sender)
{
        ck_assert_int_eq(pthread_join(sender->thread, NULL), 0);
        ck_assert(!sender->failed);
}

START_TEST(from_a_file_that_holds_more)
{
        struct rmmap_receipt receipt;
        uint64_t done = 0;
        int fd;

        if (!prepare(_i))
                return;
        fd = source_file(LENGTH);
        ck_assert_int_eq(pwrite(fd, "more", 4, (off_t)LENGTH), 4);
        ck_ok(rmmap_write_range_from_fd(file, range, fd, &done, &receipt));
        ck_assert_uint_eq(done, LENGTH);
        ck_assert(rmmap_range_equal(rmmap_receipt_range(receipt), range));
        ck_assert(setup_holds(SIZE, START, START + LENGTH, data));
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), LENGTH); /* took no more than it needed */

        /* Complete already: nothing is read, and the receipt comes. */
        receipt = (struct rmmap_receipt){{0}};
        ck_ok(rmmap_write_range_from_fd(file, range, fd, &done, &receipt));
        ck_assert_uint_eq(rmmap_receipt_length(receipt), LENGTH);
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), LENGTH);
        close(fd);
        finish();
}
END_TEST

START_TEST(from_pipes_and_sockets)
{
        static const size_t pieces[] = {1000, 65536, LENGTH};
        struct sender sender;

        for (size_t i = 0; i < 6; i++) {
                struct rmmap_receipt receipt;
                uint64_t done = 0;
                int ends[2];

                if (!prepare(_i))
                        return;
                if (i % 2 == 0)
                        ck_assert_int_eq(pipe(ends), 0);
                else
                        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
                start_sending(&sender, ends[1], LENGTH, pieces[i / 2]);
                ck_ok(rmmap_write_range_from_fd(file, range, ends[0], &done, &receipt));
                end_sending(&sender);
                ck_assert_uint_eq(done, LENGTH);
                ck_assert(setup_holds(SIZE, START, START + LENGTH, data));
                close(ends[0]);
                finish();
        }
}
END_TEST

START_TEST(input_that_ends_too_early)
{
        struct rmmap_receipt receipt = {{7, 7, 7, 7}};
        uint64_t done = 0;
        int fd;

        if (!prepare(_i))
                return;
        fd = source_file(70001);
        ck_is(rmmap_write_range_from_fd(file, range, fd, &done, &receipt), -ENODATA);
        ck_assert_uint_eq(done, 70001);
        ck_assert_uint_eq(receipt.opaque[0], 7);
        ck_assert(setup_holds(SIZE, START, START + 70001, data));
        ck_is(rmmap_write_range_from_fd(file, range, fd, &done, &receipt), -ENODATA);
        ck_assert_uint_eq(done, 70001);

        /* The source has grown: it goes on. */
        ck_assert_int_eq(pwrite(fd, data + 70001, LENGTH - 70001, 70001), LENGTH - 70001);
        ck_ok(rmmap_write_range_from_fd(file, range, fd, &done, &receipt));
        ck_assert(setup_holds(SIZE, START, START + LENGTH, data));
        close(fd);
        finish();
}
END_TEST

START_TEST(a_source_that_would_block)
{
        struct rmmap_receipt receipt = {{7, 7, 7, 7}};
        uint64_t done = 0;
        size_t sent = 0;
        int ends[2], calls = 0;

        if (!prepare(_i))
                return;
        ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
        while (done < LENGTH) {
                ck_is(rmmap_write_range_from_fd(file, range, ends[0], &done, &receipt), -EAGAIN);
                ck_assert_uint_eq(done, sent);
                ck_assert_uint_eq(receipt.opaque[0], 7);
                if (sent < LENGTH) {
                        size_t piece = LENGTH - sent < 30001 ? LENGTH - sent : 30001;

                        ck_assert_int_eq(write(ends[1], data + sent, piece), (ssize_t)piece);
                        sent += piece;
                }
                if (sent == LENGTH)
                        break;
                calls++;
        }
        ck_ok(rmmap_write_range_from_fd(file, range, ends[0], &done, &receipt));
        ck_assert_int_gt(calls, 5);
        ck_assert_uint_eq(done, LENGTH);
        ck_assert_uint_eq(rmmap_receipt_length(receipt), LENGTH);
        ck_assert(setup_holds(SIZE, START, START + LENGTH, data));
        close(ends[0]);
        close(ends[1]);
        finish();
}
END_TEST

static void ignore(int number)
{
        (void)number;
}

static atomic_bool interrupted;

static void *interrupt(void *arg)
{
        while (!atomic_load(&interrupted)) {
                test_pause();
                pthread_kill(*(pthread_t *)arg, SIGUSR1);
        }
        return NULL;
}

/* EINTR of the caller's descriptor goes to the caller, who may want to stop. */
START_TEST(a_read_that_is_interrupted)
{
        const struct sigaction action = {.sa_handler = ignore}; /* no SA_RESTART */
        pthread_t self = pthread_self(), thread;
        uint64_t done = 0;
        int ends[2];

        if (!prepare(_i))
                return;
        atomic_store(&interrupted, false);
        ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], data, 5000), 5000);
        ck_assert_int_eq(pthread_create(&thread, NULL, interrupt, &self), 0);
        ck_is(rmmap_write_range_from_fd(file, range, ends[0], &done, NULL), -EINTR);
        atomic_store(&interrupted, true);
        pthread_join(thread, NULL);
        ck_assert_uint_eq(done, 5000);
        ck_assert_int_eq(write(ends[1], data + 5000, 5000), 5000);
        close(ends[1]);
        ck_is(rmmap_write_range_from_fd(file, range, ends[0], &done, NULL), -ENODATA);
        ck_assert_uint_eq(done, 10000);
        ck_assert(setup_holds(SIZE, START, START + 10000, data));
        close(ends[0]);
        finish();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("from-fd");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, from_a_file_that_holds_more, 0, setup_count);
        tcase_add_loop_test(core, from_pipes_and_sockets, 0, setup_count);
        tcase_add_loop_test(core, input_that_ends_too_early, 0, setup_count);
        tcase_add_loop_test(core, a_source_that_would_block, 0, setup_count);
        tcase_add_loop_test(core, a_read_that_is_interrupted, 0, setup_count);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
