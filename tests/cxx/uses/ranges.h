/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges and receipts: where they come from, what becomes of them, what they refuse. */
#ifndef TESTS_CXX_RANGES_H
#define TESTS_CXX_RANGES_H

#include "check.h"

static void moving_leaves_zeros(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate(page, error), moved;

        CHECK(range && !moved && !error);
        CHECK(range.start() % page == 0 && range.end() == range.start() + page);
        CHECK(range.length() == page && !range.is_empty());
        moved = std::move(range);
        CHECK(moved && !range && range.native().opaque[3] == 0);
        CHECK(range.length() == 0 && range != range && range != moved && moved == moved);
        rmmap::range &same = moved;
        moved = std::move(same);
        CHECK(moved.length() == page);
        rmmap::range taken = moved.take();
        CHECK(taken && !moved);

        file.write_range(std::move(moved), filled('a'), error);
        CHECK(is(error, EINVAL));
        file.mark_written(rmmap::range(), error);
        CHECK(is(error, EINVAL));
        file.sync_range(rmmap::receipt(), error);
        CHECK(is(error, EINVAL));
}

static void writing_uses_a_range_up(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate_exact(page, error);
        const std::uint64_t start = range.start();

        CHECK(!file.write_range(std::move(range), filled('b', 7), error));
        CHECK(is(error, EMSGSIZE) && range && range.start() == start);
        rmmap::receipt receipt = file.write_range(std::move(range), filled('b'), error);
        CHECK(!error && !range && receipt);
        CHECK(receipt.start() == start && receipt.end() == start + page);
        CHECK(receipt.length() == page && !receipt.is_empty());

        rmmap::receipt moved = std::move(receipt);
        CHECK(moved == moved && !receipt && moved != receipt);
        receipt = moved.take();
        CHECK(receipt && !moved);

        /* The receipt is the only way back to the range. */
        range = std::move(receipt).range();
        CHECK(range && !receipt && range.start() == start);
        receipt = file.write_range_durable(std::move(range), filled('c'), error);
        CHECK(!error && receipt && !range);
        CHECK(!rmmap::receipt().take().range());
}

static void splitting_uses_a_range_up(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate_exact(4 * page, error);
        const std::uint64_t start = range.start();

        rmmap::split_parts none = std::move(range).split_up(4 * page + 1, error);
        CHECK(is(error, ERANGE) && range && !none.low && !none.high);
        rmmap::split_parts two = std::move(range).split_up(page + 1, error);
        CHECK(!error && two.which == rmmap::split::both && !range);
        CHECK(two.low.start() == start && two.low.length() == 2 * page);
        CHECK(two.high.start() == start + 2 * page && two.high.length() == 2 * page);
        rmmap::split_parts low = std::move(two.low).split_up(2 * page, error);
        CHECK(low.which == rmmap::split::low && low.low && !low.high && !two.low);
        rmmap::split_parts high = std::move(two.high).split_down(page - 1, error);
        CHECK(high.which == rmmap::split::high && high.high && !high.low && !two.high);
        rmmap::split_parts down = std::move(low.low).split_down(2 * page - 1, error);
        CHECK(down.which == rmmap::split::both && down.low.length() == page);
        CHECK(!rmmap::range().take().split_down(0, error).low && is(error, EINVAL));
}

static void encoding_and_claiming(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate(page, error);
        const rmmap::range::encoded bytes = range.encode(error);
        std::vector<unsigned char> buffer(RMMAP_RANGE_ENCODED_SIZE);

        CHECK(!error);
        range.encode(buffer, error);
        CHECK(!error && std::memcmp(buffer.data(), bytes.data(), bytes.size()) == 0);
        range.encode(rmmap::mutable_buffer(buffer.data(), 3), error);
        CHECK(is(error, ENOBUFS));
        CHECK(!file.range_decode(bytes, error) && is(error, EBUSY));
        buffer[9] ^= 1;
        CHECK(!file.range_decode(buffer, error) && is(error, EBADMSG));
        CHECK(rmmap::range().encode(error) == rmmap::range::encoded{} && is(error, EINVAL));
        const std::uint64_t start = range.start(), end = range.end();
        CHECK(!file.claim_range(start, end, error) && is(error, EBUSY));
        file.unclaim_range(std::move(range), error);
        CHECK(!error && !range);
        range = file.claim_range(start, end, error);
        CHECK(range.start() == start && range.end() == end && !error);
        file.unclaim_range(std::move(range), error);
        range = file.range_decode(bytes, error);
        CHECK(range.start() == start && range.end() == end && !error);
        file.unclaim_range(rmmap::range(), error);
        CHECK(is(error, EINVAL));
        CHECK(!file.claim_range(1, 2, error) && is(error, EINVAL));

        rmmap::receipt receipt = file.mark_written(std::move(range), error);
        const rmmap::receipt::encoded proof = receipt.encode(error);
        CHECK(receipt && !range && !error);
        receipt.encode(buffer, error);
        CHECK(!error && std::memcmp(buffer.data(), proof.data(), proof.size()) == 0);
        CHECK(file.receipt_decode(proof, error) == receipt && !error);
        CHECK(!file.receipt_decode(bytes, error) && is(error, EBADMSG));
        CHECK(rmmap::receipt().encode(error) == rmmap::receipt::encoded{} && is(error, EINVAL));
}

static void giving_back(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate(page, error);

        /* The built-in allocators take none. */
        file.give_back_range(std::move(range), error);
        CHECK(is(error, EOPNOTSUPP) && range);
        rmmap::split_parts parts = std::move(range).split_up(0, error);
        CHECK(parts.low && parts.low.is_empty());
        file.give_back_range(std::move(parts.low), error);
        CHECK(!error && !parts.low);
}

/* What C has of a range can be had, and given. */
static void passing_to_c(const rmmap::file &file)
{
        std::error_code error;
        rmmap::range range = file.allocate(page, error);
        struct rmmap_receipt written;

        CHECK(rmmap_write_range(file.native(), range.native(), filled('d').data(), page,
                                &written) == 0);
        rmmap::receipt receipt{written};
        CHECK(receipt && rmmap_receipt_equal(receipt.native(), written));
        CHECK(rmmap::range(rmmap_receipt_range(written)) == range);
        CHECK(rmmap::align_up(1) == rmmap::alignment && rmmap::align_down(page + 1) == page);
}

static void use_ranges(const rmmap::file &file)
{
        moving_leaves_zeros(file);
        writing_uses_a_range_up(file);
        splitting_uses_a_range_up(file);
        encoding_and_claiming(file);
        giving_back(file);
        passing_to_c(file);
}

#endif
