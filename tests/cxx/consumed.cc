/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Like refused.cc, for clang's -Werror=consumed: what was moved from, or may be zeros, is used; and
 * the twin, where it isn't.
 */
#include <rmmap.hpp>

#include <array>
#include <thread>
#include <utility>
#include <vector>

using block = std::array<char, RMMAP_ALIGNMENT>;

static void work(rmmap::file, rmmap::range)
{
}

void write_twice(const rmmap::file &file, rmmap::range range, const block &data)
{
        file.write_range(std::move(range), data);
#ifdef REFUSED
        // clang: argument not in expected state; expected 'unconsumed', observed 'consumed'
        file.write_range(std::move(range), data);
#else
        if (range)
                file.write_range(std::move(range), data);
#endif
}

/* Tried again only where the first left the range. */
void write_again(const rmmap::file &file, rmmap::range range, const block &data,
                 std::error_code &error)
{
        file.write_range(std::move(range), data, error);
#ifdef REFUSED
        if (error)
                // clang: argument not in expected state; expected 'unconsumed', observed 'consumed'
                file.write_range_durable(std::move(range), data, error);
#else
        if (range)
                file.write_range_durable(std::move(range), data, error);
#endif
}

void commit_and_write(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
        file.mark_written(std::move(range), error);
#ifdef REFUSED
        // clang: expected 'unconsumed', observed 'consumed'
        file.write_within(range, 0, block{}, error);
#else
        if (range)
                file.write_within(range, 0, block{}, error);
#endif
}

void write_in_a_loop(const rmmap::file &file, rmmap::range range, const block &data)
{
#ifdef REFUSED
        // clang: state of variable 'range' must match at the entry and exit of loop
        for (int i = 0; i < 2; i++)
                file.write_range(std::move(range), data);
#else
        for (int i = 0; i < 2; i++)
                file.write_within(range, 0, data);
#endif
}

/* From a descriptor it is one call that may be repeated. */
void fill(const rmmap::file &file, int fd, std::error_code &error)
{
        rmmap::range range = file.allocate(RMMAP_ALIGNMENT);
        std::uint64_t done = 0;

        for (;;) {
                rmmap::receipt receipt = file.write_range_from_fd(range, fd, done, error);

                if (receipt)
                        file.sync_range(receipt, error);
                if (!range || error != std::errc::interrupted)
                        break;
        }
#ifdef REFUSED
        // clang: expected 'unconsumed', observed 'unknown'
        file.mark_written(std::move(range), error);
#else
        if (range)
                file.mark_written(std::move(range), error);
#endif
}

/* To a second thread, by take; std::move alone says nothing to clang. */
void two_threads(const rmmap::file &file, rmmap::range range, rmmap::range other)
{
        std::thread one(work, file.clone(), range.take());
#ifdef REFUSED
        (void)other;
        // clang: invalid invocation of method 'take' on object 'range' while .* 'consumed' state
        std::thread two(work, file.clone(), range.take());
#else
        std::thread two(work, file.clone(), other.take());
#endif
        one.join();
        two.join();
}

std::uint64_t look_at_moved(rmmap::range range, rmmap::receipt receipt, rmmap::file file,
                            rmmap::file closed)
{
        rmmap::range kept_range = std::move(range);
        rmmap::receipt kept_receipt = std::move(receipt);
        rmmap::file kept_file = std::move(file);

        closed.reset();
#ifdef REFUSED
        // clang: invalid invocation of method 'start' on object 'range' while .* 'consumed' state
        (void)range.start();
        // clang: invalid invocation of method 'length' on object 'receipt' while .* 'consumed'
        (void)receipt.length();
        // clang: invalid invocation of method 'allocate' on object 'file' while .* 'consumed' state
        (void)file.allocate(1);
        // clang: invalid invocation of method 'size' on object 'closed' while .* 'consumed' state
        return closed.size();
#else
        return kept_range.start() + kept_receipt.length() + kept_file.size();
#endif
}

void sync_moved_receipt(const rmmap::file &file, rmmap::receipt receipt)
{
        std::vector<rmmap::receipt> kept;

        kept.push_back(std::move(receipt));
#ifdef REFUSED
        // clang: expected 'unconsumed', observed 'consumed'
        file.sync_range(receipt);
#else
        file.sync_range(kept.back());
#endif
}

void flush_no_receipt(const rmmap::file &file, rmmap::range range)
{
#ifdef REFUSED
        (void)range;
        // clang: expected 'unconsumed', observed 'consumed'
        file.flush_range(rmmap::receipt());
#else
        file.flush_range(file.mark_written(std::move(range)));
#endif
}

/* An error that nobody looked at. */
void allocation_unchecked(const rmmap::file &file, const block &data, std::error_code &error)
{
        rmmap::range range = file.allocate(RMMAP_ALIGNMENT, error);
#ifndef REFUSED
        if (!range)
                return;
#endif
        // clang: expected 'unconsumed', observed 'unknown'
        file.write_range(std::move(range), data, error);
}

void writing_unchecked(const rmmap::file &file, rmmap::range range, const block &data,
                       std::error_code &error)
{
        rmmap::receipt receipt = file.write_range(std::move(range), data, error);
#ifndef REFUSED
        if (!receipt)
                return;
#endif
        // clang: expected 'unconsumed', observed 'unknown'
        file.sync_range(receipt, error);
}

std::uint64_t split_twice(rmmap::range range)
{
        rmmap::split_parts parts = std::move(range).split_up(4096);
#ifdef REFUSED
        // clang: invalid invocation of method 'length' on object 'range' while .* 'consumed' state
        return range.length();
#else
        return parts.low.length() + parts.high.length();
#endif
}

rmmap::range receipt_and_range(const rmmap::file &file, rmmap::receipt receipt)
{
        rmmap::range range = std::move(receipt).range();
#ifdef REFUSED
        // clang: expected 'unconsumed', observed 'consumed'
        file.sync_range(receipt);
#else
        file.sync_within(range, 0, 1);
#endif
        return range;
}

/* By reference nothing is known of it; a parameter of one's own can ask for it. */
#ifdef REFUSED
void by_reference(const rmmap::file &file, const rmmap::range &range, char (&bytes)[512])
#else
void by_reference(const rmmap::file &file,
                  RMMAP_PARAM_TYPESTATE(unconsumed) const rmmap::range &range, char (&bytes)[512])
#endif
{
        // clang: expected 'unconsumed', observed 'unknown'
        file.read_within(range, 0, bytes);
}
