/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What cost.c does, by rmmap.hpp, for cost-test.sh to compare. */
#include <rmmap.hpp>

/* What returns an object is given its place, as cost.c is by a pointer; C's name all the same. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif

extern "C" {

rmmap::range allocate_one(const rmmap::file &file, std::uint64_t size)
{
        return file.allocate(size);
}

void sync_one(const rmmap::file &file, const rmmap::receipt &receipt)
{
        file.sync_range(receipt);
}

std::uint64_t look_at_one(const rmmap::range &range)
{
        return range.start();
}

void clone_one(const rmmap::file &file)
{
        const rmmap::file clone = file.clone();
}

void whole_way(const rmmap::file &file, const void *data, std::size_t length)
{
        rmmap::range range = file.allocate(length);
        rmmap::receipt receipt = file.write_range(std::move(range), {data, length});

        file.sync_range(receipt);
}

void way_in_pieces(const rmmap::file &file, const void *data, std::size_t length)
{
        rmmap::range range = file.allocate_exact(length);

        file.write_within(range, 0, {data, length});
        file.flush_range(file.mark_written(std::move(range)));
}

bool with_codes(const rmmap::file &file, const void *data, std::size_t length,
                std::error_code &error)
{
        rmmap::range range = file.allocate(length, error);

        return range && file.write_range(std::move(range), {data, length}, error);
}
}
