/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same calls without a std::error_code: what they give, and that each throws. */
#ifndef TESTS_CXX_THROWN_H
#define TESTS_CXX_THROWN_H

#include "check.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__cpp_exceptions)

/* It throws this error, and tells of which call it is. No template: dozens are slow to compile. */
#define THROWS(number, call, expression)                                                           \
        do {                                                                                       \
                bool as_told = false;                                                              \
                                                                                                   \
                try {                                                                              \
                        (void)(expression);                                                        \
                } catch (const std::system_error &error) {                                         \
                        as_told = tells(error, number, call ":");                                  \
                }                                                                                  \
                CHECK(as_told);                                                                    \
        } while (0)
static bool tells(const std::system_error &error, int number, const char *begins)
{
        if (is(error.code(), number) &&
            std::strncmp(error.what(), begins, std::strlen(begins)) == 0)
                return true;
        std::printf("caught %d: %s\n", error.code().value(), error.what());
        return false;
}

static void thrown_when_it_goes_well(const char *path)
{
        const rmmap::file file = rmmap::create(path, 16 * page, rmmap::options().catch_faults());
        std::string back(page, 0), data(page, 'a');
        std::vector<rmmap::receipt> receipts;
        rmmap::range range = file.allocate(2 * page);
        std::vector<char> state(file.allocator_save(rmmap::mutable_buffer()));

        CHECK(file.allocator_save(state) == state.size());
        const rmmap::range::encoded bytes = range.encode();
        THROWS(EBUSY, "rmmap_range_decode", file.range_decode(bytes));
        file.unclaim_range(std::move(range));
        CHECK(!range);
        range = file.range_decode(bytes);
        rmmap::split_parts parts = std::move(range).split_up(page);
        CHECK(parts.which == rmmap::split::both && !range);
        file.unclaim_range(std::move(parts.low));
        parts.low = file.claim_range(0, page);
        CHECK(std::move(parts.low).split_down(0).which == rmmap::split::high);
        file.write_within(parts.high, 0, data);
        file.sync_within(parts.high, 0, page);
        CHECK(file.read_range(parts.high, back) == page && back == data);
        file.read_within(parts.high, 0, back);
        receipts.push_back(file.mark_written(std::move(parts.high)));
        CHECK(file.receipt_decode(receipts[0].encode()) == receipts[0] && !parts.high);
        range = file.allocate_exact(page);
        CHECK(file.range_data(range).size() == page && file.range_view(range).size() == page);
        receipts.push_back(file.write_range(std::move(range), data));
        CHECK(!range && file.range_view(receipts[1]).size() == page);
        CHECK(file.read_range(receipts[1], back) == page);
        file.read_within(receipts[1], 0, back);
        receipts.push_back(file.write_range_durable(file.allocate(page), data));
        const iovec piece = {data.data(), data.size()};
        receipts.push_back(
                file.writev_range(file.allocate(page), rmmap::span<const iovec>(&piece, 1)));
        std::uint64_t done = 0;
        range = file.allocate(page);
        int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        receipts.push_back(file.write_range_from_fd(range, fd, done));
        CHECK(!range && done == page && rmmap::open_fd(fd, rmmap::options().read_only()));
        close(fd);
        parts = file.allocate(page).take().split_up(0);
        file.give_back_range(std::move(parts.low));
        CHECK(!parts.low);

        file.flush();
        file.flush_range(receipts[0]);
        file.sync_range(receipts[1]);
        file.sync_ranges(receipts);
        file.sync_all();
        file.grow(file.size());
        file.trim();
        file.clone().close();
        file.raw_fill('b');
        file.raw_write(0, data);
        CHECK(file.raw_read(0, back) == page && back == data);
        file.raw_flush(0, page);
        file.raw_sync(0, page);
        file.raw_zero();
        CHECK(file.raw_data().size() == file.size() && file.raw_view().size() == file.size());
        CHECK(file.guard_call([]() noexcept { return 3; }) == 3);
        file.guard_call([]() noexcept {});
        CHECK(file.fd() >= 0 && file.describe().allocated == file.allocated());
        CHECK(rmmap::open(path).size() == file.size());
        file.publish(path, page);
        CHECK(file.size() == page && rmmap::open(path).size() == page);
}

static void thrown_of_zeros(const char *path)
{
        const rmmap::file none;
        const rmmap::range range;
        const rmmap::receipt receipt;
        const std::vector<rmmap::receipt> receipts(1);
        std::uint64_t done = 0;
        rmmap::range mutable_range;
        char byte[1] = {};

        THROWS(EINVAL, "rmmap_create", rmmap::create(path, 0));
        THROWS(EINVAL, "rmmap_open", rmmap::open(nullptr));
        THROWS(EBADF, "rmmap_open_fd", rmmap::open_fd(-1));
        THROWS(EINVAL, "rmmap_range_split_up", rmmap::range().split_up(0));
        THROWS(EINVAL, "rmmap_range_split_down", rmmap::range().split_down(0));
        THROWS(EINVAL, "rmmap_range_encode", range.encode());
        THROWS(EINVAL, "rmmap_receipt_encode", receipt.encode());
        THROWS(EINVAL, "rmmap_allocate", none.allocate(1));
        THROWS(EINVAL, "rmmap_allocate_exact", none.allocate_exact(1));
        THROWS(EINVAL, "rmmap_claim_range", none.claim_range(0, 1));
        THROWS(EINVAL, "rmmap_unclaim_range", none.unclaim_range({}));
        THROWS(EINVAL, "rmmap_give_back_range", none.give_back_range({}));
        THROWS(EINVAL, "rmmap_range_decode", none.range_decode(byte));
        THROWS(EINVAL, "rmmap_receipt_decode", none.receipt_decode(byte));
        THROWS(EINVAL, "rmmap_allocator_save", none.allocator_save(byte));
        THROWS(EINVAL, "rmmap_allocator_restore", none.allocator_restore(byte));
        THROWS(EINVAL, "rmmap_write_range", none.write_range({}, byte));
        THROWS(EINVAL, "rmmap_write_range_durable", none.write_range_durable({}, byte));
        THROWS(EINVAL, "rmmap_writev_range", none.writev_range({}, {}));
        THROWS(EINVAL, "rmmap_write_range_from_fd",
               none.write_range_from_fd(mutable_range, 0, done));
        THROWS(EINVAL, "rmmap_write_within", none.write_within(range, 0, byte));
        THROWS(EINVAL, "rmmap_mark_written", none.mark_written({}));
        THROWS(EINVAL, "rmmap_read_range", none.read_range(range, byte));
        THROWS(EINVAL, "rmmap_read_range", none.read_range(receipt, byte));
        THROWS(EINVAL, "rmmap_read_within", none.read_within(range, 0, byte));
        THROWS(EINVAL, "rmmap_read_within", none.read_within(receipt, 0, byte));
        THROWS(EINVAL, "rmmap_range_data", none.range_data(range));
        THROWS(EINVAL, "rmmap_range_view", none.range_view(range));
        THROWS(EINVAL, "rmmap_range_view", none.range_view(receipt));
        THROWS(EINVAL, "rmmap_flush", none.flush());
        THROWS(EINVAL, "rmmap_flush_range", none.flush_range(receipt));
        THROWS(EINVAL, "rmmap_sync_range", none.sync_range(receipt));
        THROWS(EINVAL, "rmmap_sync_ranges", none.sync_ranges(receipts));
        THROWS(EINVAL, "rmmap_sync_within", none.sync_within(range, 0, 0));
        THROWS(EINVAL, "rmmap_sync_all", none.sync_all());
        THROWS(EINVAL, "rmmap_next_recorded", none.next_recorded(0));
        THROWS(EINVAL, "rmmap_grow", none.grow(0));
        THROWS(EINVAL, "rmmap_trim", none.trim());
        THROWS(EINVAL, "rmmap_publish", none.publish(path, 0));
        THROWS(EINVAL, "rmmap_raw_write", none.raw_write(0, byte));
        THROWS(EINVAL, "rmmap_raw_read", none.raw_read(0, byte));
        THROWS(EINVAL, "rmmap_raw_flush", none.raw_flush(0, 0));
        THROWS(EINVAL, "rmmap_raw_sync", none.raw_sync(0, 0));
        THROWS(EINVAL, "rmmap_raw_fill", none.raw_fill(0));
        THROWS(EINVAL, "rmmap_raw_zero", none.raw_zero());
        THROWS(EINVAL, "rmmap_raw_data", none.raw_data());
        THROWS(EINVAL, "rmmap_raw_view", none.raw_view());
        THROWS(EINVAL, "rmmap_guard_call", none.guard_call([]() noexcept {}));
        THROWS(EINVAL, "rmmap_describe", none.describe());
        THROWS(EINVAL, "rmmap_fd", none.fd());
}

/* What an exception says between the name of the call and the text of its errno. */
#define SAYS(words, expression)                                                                    \
        do {                                                                                       \
                std::string said = "nothing";                                                      \
                                                                                                   \
                try {                                                                              \
                        (void)(expression);                                                        \
                } catch (const std::system_error &error) {                                         \
                        said = told_before_errno(error);                                           \
                }                                                                                  \
                if (!CHECK(said == (words)))                                                       \
                        std::printf("said: %s\n", said.c_str());                                   \
        } while (0)
static std::string told_before_errno(const std::system_error &error)
{
        const std::string text = error.what(), end = ": " + error.code().message();

        if (text.size() < end.size() || text.substr(text.size() - end.size()) != end)
                return "without its errno: " + text;
        return text.substr(0, text.size() - end.size());
}

/* What was asked for, and what there was. */
static void thrown_tells_what_was_asked(const char *path)
{
        const rmmap::file file = rmmap::create(path, 4 * page);
        const rmmap::range range = file.allocate(5000);
        rmmap::range other = file.allocate(1);
        std::string data(100, 'a');
        const iovec pieces[] = {{data.data(), 60}, {data.data(), 40}};
        std::uint64_t done = 4097;

        SAYS("rmmap_create: no/such #: directory", rmmap::create("no/such #: directory", page));
        SAYS("rmmap_open: " + std::string(path) + "/x", rmmap::open(std::string(path) + "/x"));
        SAYS("rmmap_allocate_exact: 9000 bytes wanted, 4096 left", file.allocate_exact(9000));
        SAYS("rmmap_allocate: 0 bytes wanted, 4096 left", file.allocate(0));
        SAYS("rmmap_claim_range: 12288 to 16385 of a file of 16384",
             file.claim_range(12288, 16385));
        SAYS("rmmap_write_range: 100 bytes into a range of 4096",
             file.write_range(std::move(other), data));
        SAYS("rmmap_write_range_durable: 100 bytes into a range of 4096",
             file.write_range_durable(std::move(other), data));
        SAYS("rmmap_writev_range: 100 bytes into a range of 4096",
             file.writev_range(std::move(other), pieces));
        SAYS("rmmap_write_range_from_fd: 4097 of 4096 bytes",
             file.write_range_from_fd(other, 0, done));
        SAYS("rmmap_write_within: 100 bytes at 8093 of a range of 8192",
             file.write_within(range, 8093, data));
        SAYS("rmmap_read_range: a buffer of 100 bytes for a range of 8192",
             file.read_range(range, data));
        SAYS("rmmap_read_within: 100 bytes at 8093 of a range of 8192",
             file.read_within(range, 8093, data));
        SAYS("rmmap_sync_within: 2 bytes at 8191 of a range of 8192",
             file.sync_within(range, 8191, 2));
        SAYS("rmmap_range_split_up: at 4097 of a range of 4096", std::move(other).split_up(4097));
        SAYS("rmmap_range_encode: a buffer of 10 bytes for 40",
             range.encode(rmmap::mutable_buffer(data.data(), 10)));
        SAYS("rmmap_range_decode: 100 bytes for 40", file.range_decode(data));
        SAYS("rmmap_raw_write: 100 bytes at 16300 of a file of 16384", file.raw_write(16300, data));
        SAYS("rmmap_raw_sync: 2 bytes at 16383 of a file of 16384", file.raw_sync(16383, 2));
}

/* What was thrown leaves the range, to be tried once more. */
static void thrown_keeps_the_range(const char *path)
{
        const rmmap::file file = rmmap::create(path, 16 * page);
        rmmap::range range = file.allocate(2 * page);

        THROWS(EMSGSIZE, "rmmap_write_range", file.write_range(std::move(range), filled('a', 1)));
        CHECK(!!range);
        THROWS(EOPNOTSUPP, "rmmap_give_back_range", file.give_back_range(std::move(range)));
        CHECK(!!range);
        THROWS(ERANGE, "rmmap_range_split_up", std::move(range).split_up(9 * page));
        CHECK(!!range);
        CHECK(file.write_range(std::move(range), filled('a', 2 * page)) && !range);
}

static void use_thrown(const char *path)
{
        thrown_when_it_goes_well(path);
        thrown_of_zeros(path);
        thrown_tells_what_was_asked(path);
        thrown_keeps_the_range(path);
}

#else

static void use_thrown(const char *)
{
}

#endif

#endif
