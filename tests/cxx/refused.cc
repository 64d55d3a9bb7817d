/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What doesn't compile, and beside each line its twin that does: what makes the difference is what
 * it is about. refused-test.sh compiles this with REFUSED, and finds one error of the text that the
 * line tells for each such line, and no other; and without.
 */
#include <rmmap.hpp>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

static void work(rmmap::file, rmmap::range, rmmap::receipt *)
{
}

rmmap::range copy_a_range(rmmap::range range)
{
#ifdef REFUSED
        return rmmap::range(range); // error: deleted (function|constructor)
#else
        return rmmap::range(std::move(range));
#endif
}

void assign_a_range(rmmap::range range, rmmap::range &to)
{
#ifdef REFUSED
        to = range; // error: deleted (function|operator)
#else
        to = std::move(range);
#endif
}

rmmap::receipt copy_a_receipt(rmmap::receipt receipt)
{
#ifdef REFUSED
        return rmmap::receipt(receipt); // error: deleted (function|constructor)
#else
        return rmmap::receipt(std::move(receipt));
#endif
}

void assign_a_receipt(rmmap::receipt receipt, rmmap::receipt &to)
{
#ifdef REFUSED
        to = receipt; // error: deleted (function|operator)
#else
        to = std::move(receipt);
#endif
}

rmmap::file copy_a_file(const rmmap::file &file)
{
#ifdef REFUSED
        return file; // error: deleted (function|constructor)
#else
        return file.clone();
#endif
}

void assign_a_file(const rmmap::file &file, rmmap::file &to)
{
#ifdef REFUSED
        to = file; // error: deleted (function|operator)
#else
        to = file.clone();
#endif
}

void keep_copies(const std::vector<rmmap::range> &ranges, std::vector<rmmap::range> &kept,
                 rmmap::range range)
{
        kept.reserve(ranges.size());
#ifdef REFUSED
        kept.insert(kept.end(), range); // error: (deleted|no matching|use of deleted)
#else
        kept.insert(kept.end(), std::move(range));
#endif
}

/* One range to two threads: each thread takes it by value, so the first has to get it for good. */
void two_threads(const rmmap::file &file, rmmap::range range, rmmap::receipt *receipts)
{
#ifdef REFUSED
        std::thread one(work, file.clone(), range, receipts); // error: std::thread arguments must be invocable|no matching function for call to '__invoke'|static.assertion failed
#else
        std::thread one(work, file.clone(), std::move(range), receipts);
#endif
        one.join();
}

/* A range to a thread, and kept. */
void thread_by_copy(const rmmap::file &file, rmmap::range range)
{
#ifdef REFUSED
        auto body = [range, copy = file.clone()] { (void)range.start(); }; // error: deleted (function|constructor)
#else
        auto body = [range = std::move(range), copy = file.clone()] { (void)range.start(); };
#endif
        std::thread(std::move(body)).join();
}

void write_and_keep(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
        std::array<char, RMMAP_ALIGNMENT> data = {};
#ifdef REFUSED
        file.write_range(range, data, error); // error: cannot bind rvalue|no matching member function
#else
        file.write_range(std::move(range), data, error);
#endif
}

void durable_and_keep(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
        std::array<char, RMMAP_ALIGNMENT> data = {};
#ifdef REFUSED
        file.write_range_durable(range, data, error); // error: cannot bind rvalue|no matching member function
#else
        file.write_range_durable(std::move(range), data, error);
#endif
}

void pieces_and_keep(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
        std::array<iovec, 2> pieces = {};
#ifdef REFUSED
        file.writev_range(range, pieces, error); // error: cannot bind rvalue|no matching member function
#else
        file.writev_range(std::move(range), pieces, error);
#endif
}

void commit_and_keep(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
#ifdef REFUSED
        file.commit_range(range, error); // error: cannot bind rvalue|no matching member function
#else
        file.commit_range(std::move(range), error);
#endif
}

void give_back_and_keep(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
#ifdef REFUSED
        file.give_back_range(range, error); // error: cannot bind rvalue|no matching member function
#else
        file.give_back_range(std::move(range), error);
#endif
}

/* What is const isn't given away. */
void write_what_is_shared(const rmmap::file &file, const rmmap::range &range,
                          std::error_code &error)
{
        std::array<char, 512> data = {};
#ifdef REFUSED
        file.write_range(std::move(range), data, error); // error: binding reference|no matching member function
#else
        file.write_within(range, 512, data, error);
#endif
}

rmmap::split_parts split_and_keep(rmmap::range range, std::error_code &error)
{
#ifdef REFUSED
        return range.split_up(4096, error); // error: discards qualifiers|'this' argument to member function 'split_up' is an lvalue|cannot bind
#else
        return std::move(range).split_up(4096, error);
#endif
}

rmmap::range written_and_range(rmmap::receipt receipt)
{
#ifdef REFUSED
        return receipt.range(); // error: discards qualifiers|'this' argument to member function 'range' is an lvalue|cannot bind
#else
        return std::move(receipt).range();
#endif
}

/* A range isn't the receipt of its being written. */
void flush_unwritten(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
#ifdef REFUSED
        file.flush_range(range, error); // error: invalid initialization of reference|cannot convert 'rmmap::range'|no matching (member )?function
#else
        file.flush_range(file.commit_range(std::move(range), error), error);
#endif
}

void sync_unwritten(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
#ifdef REFUSED
        file.sync_range(range, error); // error: invalid initialization of reference|cannot convert 'rmmap::range'|no matching (member )?function
#else
        file.sync_range(file.commit_range(std::move(range), error), error);
#endif
}

void sync_many_unwritten(const rmmap::file &file, const std::vector<rmmap::range> &ranges,
                         const std::vector<rmmap::receipt> &receipts, std::error_code &error)
{
        (void)ranges;
        (void)receipts;
#ifdef REFUSED
        file.sync_ranges(ranges, error); // error: cannot convert|could not convert|no matching (member )?function
#else
        file.sync_ranges(receipts, error);
#endif
}

bool compare(const rmmap::range &range, const rmmap::receipt &receipt)
{
        (void)receipt;
#ifdef REFUSED
        return range == receipt; // error: no match for|invalid operands
#else
        return range == range;
#endif
}

/* Nor is a number, or what C has, one by itself. */
rmmap::range from_c(const rmmap_range &range)
{
#ifdef REFUSED
        return range; // error: could not convert|no viable conversion
#else
        return rmmap::range(range);
#endif
}

std::uint64_t as_number(const rmmap::range &range)
{
#ifdef REFUSED
        return range; // error: cannot convert|no viable conversion
#else
        return range.start();
#endif
}

/* Memory that isn't bytes, or isn't to be written. */
void objects_as_bytes(const rmmap::file &file, std::error_code &error)
{
        std::array<std::string, 4> strings;
        std::array<long, 4> numbers;
#ifdef REFUSED
        (void)numbers;
        file.raw_write(0, strings, error); // error: could not convert|cannot convert|no matching (member )?function
#else
        (void)strings;
        file.raw_write(0, numbers, error);
#endif
}

void read_into_const(const rmmap::file &file, std::error_code &error)
{
        const std::array<char, 4> constant = {};
        std::array<char, 4> variable = {};
#ifdef REFUSED
        (void)variable;
        file.raw_read(0, constant, error); // error: could not convert|cannot convert|no matching (member )?function
#else
        (void)constant;
        file.raw_read(0, variable, error);
#endif
}

/* A body that may throw through the library. */
int body_that_throws(const rmmap::file &file, std::error_code &error)
{
#ifdef REFUSED
        return file.guard_call([] { return 0; }, error); // error: the body of guard_call must be noexcept
#else
        return file.guard_call([]() noexcept { return 0; }, error);
#endif
}

/* An allocator that may. */
struct throwing {
        explicit throwing(const rmmap_allocator_args &)
        {
        }
        int allocate(std::uint64_t, std::uint32_t, std::uint64_t &, std::uint64_t &) noexcept
        {
                return -ENOSPC;
        }
#ifdef REFUSED
        std::uint64_t remaining() const // the table is made below
#else
        std::uint64_t remaining() const noexcept
#endif
        {
                return 0;
        }
};

rmmap::options allocator_that_throws()
{
#ifdef REFUSED
        return rmmap::options().allocator<throwing>(); // error: an allocator's remaining must be noexcept
#else
        return rmmap::options().allocator<throwing>();
#endif
}

/* Without exceptions there is no call that would throw. */
#if defined(REFUSED) && !defined(__cpp_exceptions)
void no_exceptions(const rmmap::file &file)
{
        file.sync_all(); // error: no matching function|too few arguments
}
#elif !defined(REFUSED)
void no_exceptions(const rmmap::file &file)
{
#if defined(__cpp_exceptions)
        file.sync_all();
#else
        std::error_code error;
        file.sync_all(error);
#endif
}
#endif
