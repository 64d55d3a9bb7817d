/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Queues: by cookies everywhere, by coroutines where there are any. */
#ifndef TESTS_CXX_QUEUES_H
#define TESTS_CXX_QUEUES_H

#include "check.h"

#include <poll.h>

static void wait_for(const rmmap::queue &queue)
{
        std::error_code error;
        pollfd loop = {queue.fd(error), POLLIN, 0};

        CHECK(!error && ::poll(&loop, 1, -1) == 1);
}

static rmmap::completion reap_one(const rmmap::queue &queue)
{
        std::error_code error;
        rmmap::completion done[1] = {};

        wait_for(queue);
        CHECK(queue.reap(done, error) == 1 && !error);
        return done[0];
}

static void by_cookies(const rmmap::file &file)
{
        const std::vector<char> text = filled('q');
        std::error_code error;
        rmmap::queue queue(2, 1, error), moved;
        rmmap::range range = file.allocate(page, error);
        rmmap::receipt receipt[1];

        CHECK(queue && !moved && !error);
        queue.write(file, range, text, RMMAP_QUEUE_DURABLE, receipt[0], 5, error);
        CHECK(!error);
        rmmap::completion done = reap_one(queue);
        CHECK(done.cookie == 5 && done.result == 0 && receipt[0]);
        queue.sync(file, receipt, 6, error);
        CHECK(!error);
        queue.sync(file, {}, 7, error); /* of nothing */
        CHECK(!error);
        queue.sync_all(file, 8, error);
        CHECK(is(error, EAGAIN));
        CHECK(reap_one(queue).result == 0 && reap_one(queue).result == 0);
        moved = std::move(queue);
        CHECK(moved && !queue);
        moved.sync_all(file, 8, error);
        CHECK(!error && reap_one(moved).cookie == 8);
        CHECK(queue.fd(error) == -1 && is(error, EINVAL));
        CHECK(queue.reap({}, error) == 0 && is(error, EINVAL));
        queue = rmmap::queue(moved.detach());
        CHECK(queue.native() != nullptr && moved.native() == nullptr);
        queue.reset();
        CHECK(!queue);
        CHECK(!rmmap::queue(0, 1025, error) && is(error, EINVAL));
        CHECK(!rmmap::queue(nullptr));
}

#if defined(__cpp_exceptions)
static void thrown_by_queues(const rmmap::file &file)
{
        const std::vector<char> text = filled('e');
        rmmap::queue queue(2), empty, defaults(0);
        rmmap::range range = file.allocate(page);
        rmmap::receipt receipt[1];
        rmmap::completion done[2];

        queue.write(file, range, text, 0, receipt[0], 1);
        wait_for(queue);
        CHECK(queue.fd() >= 0 && queue.reap(done) == 1 && receipt[0]);
        queue.sync(file, receipt, 2);
        queue.sync_all(file, 3);
        int refused = 0;
        try {
                queue.sync_all(file, 4);
        } catch (const std::system_error &error) {
                refused += error.code().value() == EAGAIN;
        }
        try {
                (void)empty.fd();
        } catch (const std::system_error &error) {
                refused += error.code().value() == EINVAL;
        }
        CHECK(refused == 2);
}
#endif

#if defined(__cpp_impl_coroutine)
/* The frame that g++ makes of a coroutine has such constants. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant"
#endif

/* Begins at once, and frees itself at its end. */
struct task {
        struct promise_type {
                task get_return_object() noexcept
                {
                        return {};
                }
                std::suspend_never initial_suspend() noexcept
                {
                        return {};
                }
                std::suspend_never final_suspend() noexcept
                {
                        return {};
                }
                void return_void() noexcept
                {
                }
                void unhandled_exception() noexcept
                {
                        CHECK(false);
                }
        };
};

static task log_twice(const rmmap::awaitable_queue &queue, const rmmap::file &file, int &finished)
{
        const std::vector<char> text = filled('c');
        std::error_code error;
        rmmap::range range = file.allocate(page, error), other = file.allocate(page, error);
        rmmap::receipt receipts[2];

        receipts[0] = co_await queue.write(file, std::move(range), text, 0, error);
        CHECK(!error && receipts[0] && !range);
        receipts[1] =
                co_await queue.write(file, std::move(other), text, RMMAP_QUEUE_DURABLE, error);
        CHECK(!error && receipts[1]);
        co_await queue.sync(file, receipts, error);
        CHECK(!error);
        co_await queue.sync_all(file, error);
        CHECK(!error && file.range_view(receipts[1], error)[0] == std::byte{'c'});
        /* Refused at once, and the range stays. */
        rmmap::range third = file.allocate(page, error);
        const rmmap::receipt none =
                co_await queue.write(file, std::move(third), {text.data(), 1}, 0, error);
        CHECK(is(error, EMSGSIZE) && !none && third);
#if defined(__cpp_exceptions)
        const rmmap::receipt last = co_await queue.write(file, std::move(third), text);
        co_await queue.sync(file, {&last, 1});
        co_await queue.sync_all(file);
        bool thrown = false;
        try {
                co_await queue.sync_all(rmmap::file());
        } catch (const std::system_error &failure) {
                thrown = failure.code().value() == EINVAL;
        }
        CHECK(thrown);
#endif
        finished++;
}

static void by_coroutines(const rmmap::file &file)
{
        std::error_code error;
        const rmmap::awaitable_queue queue(rmmap::queue(0, 2, error));
        int finished = 0;

        CHECK(!error && queue.base());
        for (int i = 0; i < 3; i++)
                log_twice(queue, file, finished);
        while (finished < 3) {
                wait_for(queue.base());
                CHECK(queue.dispatch(error) > 0 && !error);
        }
        CHECK(queue.dispatch(error) == 0 && !error);
#if defined(__cpp_exceptions)
        CHECK(queue.dispatch() == 0);
#endif
}
#endif

static void use_queues(const rmmap::file &file)
{
        by_cookies(file);
#if defined(__cpp_exceptions)
        thrown_by_queues(file);
#endif
#if defined(__cpp_impl_coroutine)
        by_coroutines(file);
        std::printf("with coroutines; ");
#endif
}

#endif
