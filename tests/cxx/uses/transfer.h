/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes into a file, out of it, and onto the disk, by each of the calls. */
#ifndef TESTS_CXX_TRANSFER_H
#define TESTS_CXX_TRANSFER_H

#include "check.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

static bool holds(const rmmap::const_bytes &bytes, char what)
{
        for (std::byte byte : bytes)
                if (byte != static_cast<std::byte>(what))
                        return false;
        return bytes.size() == page;
}

/* All kinds of memory are buffers. */
static void buffers(const rmmap::file &file)
{
        std::error_code error;
        static const char array[page] = {'e'};
        const std::string string(page, 'f');
        const std::vector<std::uint64_t> numbers(page / 8, 7);

        CHECK(file.write_range(file.allocate(page, error), array, error) && !error);
        CHECK(file.write_range(file.allocate(page, error), string, error) && !error);
        CHECK(file.write_range(file.allocate(page, error),
                               rmmap::span<const char>(string.data(), page), error));
        rmmap::receipt receipt = file.write_range(file.allocate(page, error), numbers, error);
        std::vector<std::uint64_t> back(page / 8);
        CHECK(file.read_range(receipt, back, error) == page && back == numbers && !error);
        CHECK(file.read_range(receipt, rmmap::mutable_buffer(back.data(), 8), error) == 0);
        CHECK(is(error, ENOBUFS));
        std::uint32_t two[2] = {};
        file.read_within(receipt, 8, two, error);
        CHECK(!error && two[0] + two[1] == 7);
        file.read_within(receipt, page, two, error);
        CHECK(is(error, ERANGE));
}

static void pieces(const rmmap::file &file)
{
        std::error_code error;
        std::string a(100, 'g'), b(page - 100, 'g'), back(page, 0);
        const std::vector<iovec> list = {{a.data(), a.size()}, {b.data(), b.size()}};
        rmmap::range range = file.allocate(page, error);

        CHECK(!file.writev_range(std::move(range), rmmap::span<const iovec>(list.data(), 1),
                                 error));
        CHECK(is(error, EMSGSIZE) && range);
        CHECK(holds(file.range_view(file.writev_range(std::move(range), list, error), error), 'g'));
        CHECK(!error && !range);

        range = file.allocate(page, error);
        file.write_within(range, 0, filled('h', 96), error);
        CHECK(!error);
        file.write_within(range, 96, filled('h', page - 96), error);
        CHECK(!error && range);
        file.write_within(range, 1, filled('h'), error);
        CHECK(is(error, ERANGE));
        file.sync_within(range, 96, 96, error);
        CHECK(!error);
        CHECK(file.read_range(range, back, error) == page && back == std::string(page, 'h'));
        file.read_within(range, 0, rmmap::mutable_buffer(back.data(), 10), error);
        CHECK(!error);
        rmmap::receipt receipt = file.mark_written(std::move(range), error);
        CHECK(receipt && !range && !error);
        CHECK(holds(file.range_view(receipt, error), 'h'));
}

static void from_a_descriptor(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate(page, error);
        rmmap::receipt receipt;
        std::uint64_t done = 0;
        int ends[2], rounds = 0;
        std::string half(page / 2, 'i');

        if (!CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0))
                return;
        do {
                CHECK(range && !receipt);
                if (rounds > 0)
                        CHECK(write(ends[1], half.data(), half.size()) ==
                              static_cast<ssize_t>(half.size()));
                receipt = file.write_range_from_fd(range, ends[0], done, error);
        } while (rounds++ < 5 && error == std::errc::resource_unavailable_try_again && range);
        CHECK(rounds == 3 && !error && done == page && receipt && !range);
        CHECK(holds(file.range_view(receipt, error), 'i'));
        close(ends[0]);
        close(ends[1]);
}

static void the_bytes_themselves(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate(page, error);
        rmmap::bytes bytes = file.range_data(range, error);

        CHECK(!error && bytes.size() == page);
        for (std::byte &byte : bytes)
                byte = static_cast<std::byte>('j');
        CHECK(holds(file.range_view(range, error), 'j') && !error);
        CHECK(bytes.first(2).size() == 2 && bytes.last(1).data() == bytes.data() + page - 1);
        CHECK(bytes.subspan(page - 1).size_bytes() == 1 &&
              bytes.subspan(1, 2).end()[-1] == bytes[2]);
        CHECK(file.range_data(rmmap::range(), error).empty() && is(error, EINVAL));
        CHECK(file.range_view(rmmap::receipt(), error).empty() && is(error, EINVAL));
        CHECK(file.mark_written(std::move(range), error));
}

static void durability(const rmmap::file &file)
{
        std::error_code error;
        std::vector<rmmap::receipt> receipts;

        for (char what : {'k', 'l', 'm'})
                receipts.push_back(
                        file.write_range(file.allocate(page, error), filled(what), error));
        file.flush_range(receipts[0], error);
        CHECK(!error);
        file.flush(error);
        CHECK(!error);
        file.sync_range(receipts[1], error);
        CHECK(!error);
        file.sync_ranges(receipts, error);
        CHECK(!error);
        file.sync_ranges({}, error);
        CHECK(!error);
        receipts[2] = rmmap::receipt();
        file.sync_ranges(receipts, error);
        CHECK(is(error, EINVAL));
        file.sync_all(error);
        CHECK(!error);
}

/* Of a file without a name: it is there whole, or not at all. */
static void use_publish(const char *path)
{
        const char *slash = std::strrchr(path, '/');
        const std::string directory = slash ? std::string(path, slash) : std::string(".");
        const std::string target = directory + "/published";
        std::error_code error;
        const rmmap::file file =
                rmmap::create(directory, 4 * page, rmmap::options().unnamed(), error);

        CHECK(!error);
        {
                const rmmap::file second = file.clone();
                file.publish(target, page, error);
                CHECK(is(error, EBUSY));
        }
        file.publish(target, 5 * page, error);
        CHECK(is(error, ERANGE));
        file.publish(target, page, error);
        CHECK(!error && file.size() == page && rmmap::open(target, error).size() == page);
        file.publish(target, page, RMMAP_PUBLISH_NO_REPLACE, error);
        CHECK(is(error, EROFS));
        CHECK(std::remove(target.c_str()) == 0);
}

/* The same call begins and resumes; the first run does two pages, the second one the others. */
static void use_checkpoint(const char *path)
{
        const std::string side = std::string(path) + ".side";
        const rmmap::options options =
                rmmap::options().keep().checkpoint(side, rmmap::const_buffer("job", 3));
        std::error_code error;

        CHECK(std::remove(path) == 0);
        for (const std::size_t done : {std::size_t{0}, std::size_t{2}}) {
                const rmmap::file file = rmmap::create(path, 4 * page, options, error);
                const rmmap::recorded_bytes first = file.next_recorded(0, error);

                CHECK(!error && first.end == done * page &&
                      static_cast<bool>(first) == (done != 0));
                CHECK(!file.next_recorded(first.end, error) && !error);
                CHECK(file.describe(error).recorded == done * page);
                CHECK(((file.describe(error).facts & RMMAP_FACT_RESUMED) != 0) == (done != 0));
                for (int i = 0; i < 2; i++) {
                        rmmap::range range = file.allocate(page, error);
                        CHECK(file.write_range(std::move(range), filled('c'), error) && !error);
                }
                CHECK(static_cast<bool>(file.allocate(page, error)) == (done == 0));
                file.sync_all(error);
                CHECK(!error && file.next_recorded(page, error).end == (done + 2) * page);
        }
        CHECK(!rmmap::open(path, rmmap::options().checkpoint(side, rmmap::const_buffer("jab", 3)),
                           error) &&
              is(error, ESTALE));
        CHECK(!rmmap::open(path, error).next_recorded(0, error) && is(error, EOPNOTSUPP));
        CHECK(std::remove(side.c_str()) == 0);
}

static void raw(const rmmap::file &file)
{
        std::error_code error;
        char back[2] = {};

        file.raw_fill('n', error);
        CHECK(!error);
        file.raw_write(1, rmmap::const_buffer("o", 1), error);
        CHECK(!error && file.raw_read(0, back, error) == 2 && back[0] == 'n' && back[1] == 'o');
        CHECK(file.raw_read(file.size() - 1, back, error) == 1 && !error);
        file.raw_write(file.size(), back, error);
        CHECK(is(error, ERANGE));
        file.raw_flush(0, page, error);
        CHECK(!error);
        file.raw_sync(0, page, error);
        CHECK(!error);
        rmmap::bytes bytes = file.raw_data(error);
        CHECK(!error && bytes.size() == file.size() && bytes[1] == static_cast<std::byte>('o'));
        file.raw_zero(error);
        rmmap::const_bytes view = file.raw_view(error);
        CHECK(!error && view.data() == bytes.data() && view[1] == std::byte{});
}

static void use_transfer(const rmmap::file &file)
{
        buffers(file);
        pieces(file);
        from_a_descriptor(file);
        the_bytes_themselves(file);
        durability(file);
        raw(file);
}

#endif
