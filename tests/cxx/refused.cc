/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What doesn't compile, and beside each line its twin that does: what makes the difference is what
 * it is about. refused-test.sh compiles this with REFUSED, and finds an error in each line that one
 * is told of above it, of that text, and nowhere else; and without REFUSED, where there is none.
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

void copies(rmmap::range range, rmmap::receipt receipt, rmmap::file file, rmmap::range &to_range,
            rmmap::receipt &to_receipt, rmmap::file &to_file)
{
#ifdef REFUSED
        // gcc: deleted function .rmmap::range& rmmap::range::operator=
        // clang: deleted operator .=.
        to_range = range;
        // gcc: deleted function .rmmap::range::range
        // clang: from .rmmap::range.*deleted function|deleted constructor of .rmmap::range
        rmmap::range other_range(range);
        // gcc: deleted function .rmmap::receipt& rmmap::receipt::operator=
        // clang: deleted operator .=.
        to_receipt = receipt;
        // gcc: deleted function .rmmap::receipt::receipt
        // clang: from .rmmap::receipt.*deleted function|deleted constructor of .rmmap::receipt
        rmmap::receipt other_receipt(receipt);
        // gcc: deleted function .rmmap::file& rmmap::file::operator=
        // clang: deleted operator .=.
        to_file = file;
        // error: deleted (function|constructor).*rmmap::file
        rmmap::file other_file(file);
#else
        to_range = std::move(range);
        rmmap::range other_range(std::move(to_range));
        to_receipt = std::move(receipt);
        rmmap::receipt other_receipt(std::move(to_receipt));
        to_file = file.clone();
        rmmap::file other_file(std::move(file));
#endif
}

void keep_copies(const std::vector<rmmap::range> &ranges, std::vector<rmmap::range> &kept,
                 rmmap::range range)
{
        kept.reserve(ranges.size());
#ifdef REFUSED
        // gcc: deleted function .rmmap::range::range\(const rmmap::range&
        // clang: deleted constructor|no matching function for call to .construct_at
        kept.insert(kept.end(), range);
#else
        kept.insert(kept.end(), std::move(range));
#endif
}

/* One range to two threads: each thread takes it by value, so the first has to get it for good. */
void two_threads(const rmmap::file &file, rmmap::range range, rmmap::receipt *receipts)
{
#ifdef REFUSED
        // gcc: forward<rmmap::range&>|std::thread arguments must be invocable|tuple\(.*range&
        // clang: std::thread arguments must be invocable|no matching constructor.*rmmap::range
        std::thread one(work, file.clone(), range, receipts);
#else
        std::thread one(work, file.clone(), std::move(range), receipts);
#endif
        one.join();
}

/* A range to a thread, and kept. */
void thread_by_copy(const rmmap::file &file, rmmap::range range)
{
#ifdef REFUSED
        // error: deleted (function|constructor).*rmmap::range
        auto body = [range, copy = file.clone()] { (void)range.start(); };
#else
        auto body = [range = std::move(range), copy = file.clone()] { (void)range.start(); };
#endif
        std::thread(std::move(body)).join();
}

/* What uses a range up takes it for good. */
void use_and_keep(const rmmap::file &file, rmmap::range range, std::error_code &error)
{
        std::array<char, RMMAP_ALIGNMENT> data = {};
        std::array<iovec, 2> pieces = {};
#ifdef REFUSED
        // gcc: cannot bind rvalue reference of type .rmmap::range&&. to lvalue
        // clang: expects an (rvalue|r-value) for 1st argument
        file.write_range(range, data, error);
        // gcc: cannot bind rvalue reference of type .rmmap::range&&. to lvalue
        // clang: expects an (rvalue|r-value) for 1st argument
        file.write_range_durable(range, data, error);
        // gcc: cannot bind rvalue reference of type .rmmap::range&&. to lvalue
        // clang: expects an (rvalue|r-value) for 1st argument
        file.writev_range(range, pieces, error);
        // gcc: cannot bind rvalue reference of type .rmmap::range&&. to lvalue
        // clang: expects an (rvalue|r-value) for 1st argument
        file.mark_written(range, error);
        // gcc: cannot bind rvalue reference of type .rmmap::range&&. to lvalue
        // clang: expects an (rvalue|r-value) for 1st argument
        file.give_back_range(range, error);
        // gcc: passing .rmmap::range. as .this. argument discards qualifiers
        // clang: expects an (rvalue|r-value) for object argument
        (void)range.split_up(4096, error);
#else
        file.write_range(std::move(range), data, error);
        file.write_range_durable(std::move(range), data, error);
        file.writev_range(std::move(range), pieces, error);
        file.mark_written(std::move(range), error);
        file.give_back_range(std::move(range), error);
        (void)std::move(range).split_up(4096, error);
#endif
}

/* What is const isn't given away. */
void write_what_is_shared(const rmmap::file &file, const rmmap::range &range,
                          std::error_code &error)
{
        std::array<char, 512> data = {};
#ifdef REFUSED
        // gcc: binding reference of type .rmmap::range&&. to .*const rmmap::range.* discards
        // clang: const rmmap::range.* would lose const qualifier
        file.write_range(std::move(range), data, error);
#else
        file.write_within(range, 512, data, error);
#endif
}

rmmap::range written_and_range(rmmap::receipt receipt)
{
#ifdef REFUSED
        // gcc: passing .rmmap::receipt. as .this. argument discards qualifiers
        // clang: is an lvalue, but function has rvalue ref-qualifier
        return receipt.range();
#else
        return std::move(receipt).range();
#endif
}

/* A range isn't the receipt of its being written. */
void sync_unwritten(const rmmap::file &file, rmmap::range range, std::vector<rmmap::range> ranges,
                    std::error_code &error)
{
        std::vector<rmmap::receipt> receipts(1);
#ifdef REFUSED
        // gcc: (from|cannot convert) .rmmap::range. to .const rmmap::receipt
        // clang: no known conversion from .rmmap::range. to .const rmmap::receipt
        file.flush_range(range, error);
        // gcc: (from|cannot convert) .rmmap::range. to .const rmmap::receipt
        // clang: no known conversion from .rmmap::range. to .const rmmap::receipt
        file.sync_range(range, error);
        // error: (from|convert) .*std::vector<rmmap::range.* to .*span<const rmmap::receipt
        file.sync_ranges(ranges, error);
#else
        (void)ranges;
        receipts[0] = file.mark_written(std::move(range), error);
        file.flush_range(receipts[0], error);
        file.sync_range(receipts[0], error);
        file.sync_ranges(receipts, error);
#endif
}

bool compare(const rmmap::range &range, const rmmap::receipt &receipt)
{
        (void)receipt;
#ifdef REFUSED
        // gcc: no match for .operator==.*const rmmap::range.*const rmmap::receipt
        // clang: invalid operands.*const rmmap::range.*const rmmap::receipt
        return range == receipt;
#else
        return range == range;
#endif
}

/* Nor is a number, or what C has, one by itself. */
rmmap::range from_c(const rmmap_range &range)
{
#ifdef REFUSED
        // gcc: could not convert .* from .const rmmap_range. to .rmmap::range
        // clang: no viable conversion.*const rmmap_range.*rmmap::range
        return range;
#else
        return rmmap::range(range);
#endif
}

std::uint64_t as_number(const rmmap::range &range)
{
#ifdef REFUSED
        // gcc: cannot convert .const rmmap::range. to .*uint64_t
        // clang: no viable conversion.*const rmmap::range.*uint64_t
        return range;
#else
        return range.start();
#endif
}

/* Memory that isn't bytes, or isn't to be written. */
void other_memory(const rmmap::file &file, std::error_code &error)
{
        std::array<std::string, 4> strings;
        const std::array<char, 4> constant = {};
#ifdef REFUSED
        // error: (from|convert) .std::array.*string.* to .rmmap::const_buffer
        file.raw_write(0, strings, error);
        // error: (from|convert) .const std::array.* to .rmmap::mutable_buffer
        file.raw_read(0, constant, error);
#else
        file.raw_write(0, constant, error);
        file.raw_read(0, strings[0], error);
#endif
}

/* A body that may throw through the library. */
int body_that_throws(const rmmap::file &file, std::error_code &error)
{
#ifdef REFUSED
        // error: the body of guard_call must be noexcept
        return file.guard_call([] { return 0; }, error);
#else
        return file.guard_call([]() noexcept { return 0; }, error);
#endif
}
