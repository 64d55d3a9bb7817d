/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files: opened, cloned, moved, described; their options, their allocators, their faults. */
#ifndef TESTS_CXX_HANDLES_H
#define TESTS_CXX_HANDLES_H

#include "check.h"

#include <fcntl.h>
#include <thread>
#include <unistd.h>

static void references(const char *path)
{
        std::error_code error;
        rmmap::file file = rmmap::create(path, 16 * page, error), moved;

        CHECK(file && !moved && !error && file.size() == 16 * page);
        CHECK(file.remaining() == 16 * page && file.allocated() == 0 && file.fd(error) >= 0);
        moved = std::move(file);
        CHECK(moved && !file && file.native() == nullptr);
        CHECK(file.size() == 0 && !file.allocate(1, error) && is(error, EINVAL));
        CHECK(file.fd(error) == -1 && is(error, EINVAL) && !file.clone());
        CHECK(!moved.error() && is(file.error(), EINVAL));
        CHECK(file.describe(error).file_size == 0 && is(error, EINVAL));

        rmmap::file clone = moved.clone();
        CHECK(clone.native() == moved.native());
        rmmap::file &same = moved;
        moved = std::move(same);
        CHECK(moved && moved.size() == 16 * page);
        file = moved.take();
        CHECK(!moved && file.allocate(page, error));
        moved = rmmap::file(clone.detach());
        CHECK(!clone && moved.allocated() == page);
        moved.reset();
        CHECK(!moved);

        /* Locked while any reference is there: so is every one released? */
        file = rmmap::file();
        file = rmmap::open(path, rmmap::options().lock_file(), error);
        CHECK(file && !error);
        CHECK(!rmmap::open(path, error) && is(error, EBUSY));
        clone = file.clone();
        file.reset();
        CHECK(!rmmap::open(path, error) && is(error, EBUSY));
        clone = rmmap::file();
        CHECK(rmmap::open(path, error) && !error);
        {
                rmmap::file inner = rmmap::open(path, rmmap::options().lock_file(), error);
                CHECK(inner && !error);
        }
        CHECK(rmmap::open(std::string(path), error) && !error);
}

static void options(const char *path)
{
        std::error_code error;
        const rmmap_options all = rmmap::options()
                                          .must_create()
                                          .read_only()
                                          .no_preallocate()
                                          .populate()
                                          .huge_pages()
                                          .lock_file()
                                          .catch_faults()
                                          .no_follow()
                                          .write_behind()
                                          .rewrite()
                                          .shared_claims()
                                          .uncached()
                                          .keep()
                                          .max_size(9)
                                          .grow_step(8)
                                          .unnamed()
                                          .dirty_limit(7)
                                          .mode(0600)
                                          .allocate_from(5)
                                          .engine(rmmap::engine::pwrite)
                                          .pattern(rmmap::pattern::scattered)
                                          .allocator(rmmap::sequential_allocator(), path)
                                          .native();

        CHECK(all.size == sizeof(all) && all.checkpoint == nullptr);
        CHECK(all.flags == 16383 && all.mode == 0600 && all.allocate_from == 5);
        CHECK(all.dirty_limit == 7 && all.max_size == 9 && all.grow_step == 8);
        CHECK(all.engine == RMMAP_ENGINE_PWRITE && all.pattern == RMMAP_PATTERN_SCATTERED);
        CHECK(all.allocator == rmmap_sequential_allocator() && all.allocator_config == path);
        CHECK(rmmap::options().populate().flags(RMMAP_LOCK_FILE).native().flags == RMMAP_LOCK_FILE);

        CHECK(!rmmap::create(path, page, rmmap::options().must_create(), error));
        CHECK(is(error, EEXIST));
        rmmap::file file =
                rmmap::open(path, rmmap::options().read_only().allocate_from(page), error);
        CHECK(file && file.allocated() == page);
        rmmap::range range = file.allocate(page, error);
        CHECK(!file.write_range(std::move(range), filled('a'), error) && is(error, EROFS) && range);
        rmmap::info info = file.describe(error);
        CHECK(!error && (info.facts & RMMAP_FACT_READ_ONLY) != 0 && info.file_size == 16 * page);
        CHECK(std::string(info.allocator) == "concurrent");
        CHECK(info.dirty_limit == 0 && info.dirty_bytes == 0 && info.dirty_highest == 0);
        CHECK(info.uncached == RMMAP_UNCACHED_OFF && *info.dirty_limit_reason != 0);

        int fd = ::open(path, O_RDWR | O_CLOEXEC);
        CHECK(rmmap::open_fd(fd, error) && !error);
        CHECK(rmmap::open_fd(fd, rmmap::options().engine(rmmap::engine::pwrite), error)
                      .describe(error)
                      .engine == RMMAP_ENGINE_PWRITE);
        close(fd);
        CHECK(!rmmap::open(nullptr, error) && is(error, EINVAL));
        CHECK(rmmap::version() >= RMMAP_VERSION);
}

static void states(const char *path)
{
        std::error_code error;
        rmmap::file file = rmmap::create(path, 16 * page, error);
        std::vector<std::byte> state;

        CHECK(file.allocate(3 * page, error));
        state.resize(file.allocator_save(rmmap::mutable_buffer(), error));
        CHECK(!error && !state.empty());
        CHECK(file.allocator_save(rmmap::mutable_buffer(state.data(), 1), error) == state.size());
        CHECK(is(error, ENOBUFS));
        CHECK(file.allocator_save(state, error) == state.size() && !error);
        file = rmmap::create(path, 16 * page, error);
        CHECK(is(error, EBUSY) && !file);
        file = rmmap::create(path, 16 * page, error);
        file.allocator_restore(state, error);
        CHECK(!error && file.allocated() == 3 * page);
        state[0] ^= std::byte{1};
        file.allocator_restore(state, error);
        CHECK(is(error, EBADMSG));
}

/* From the end to the beginning, to be seen apart from those of the library. */
class downward
{
        std::uint64_t first_, next_, out_, total_;
        bool used_ = false;

      public:
        static constexpr const char *name = "downward";
        static constexpr bool thread_safe = false;
        static inline int instances = 0;

        explicit downward(const rmmap_allocator_args &args)
                : first_(args.first), next_(args.total), out_(args.total), total_(args.total)
        {
#if defined(__cpp_exceptions)
                if (args.config != nullptr)
                        throw std::system_error(ERANGE, std::generic_category(), "no");
#endif
                instances++;
        }
        ~downward()
        {
                instances--;
        }
        int allocate(std::uint64_t size, std::uint32_t flags, std::uint64_t &start,
                     std::uint64_t &end) noexcept
        {
                std::uint64_t wanted = rmmap::align_up(size);

                if (next_ == first_ || (wanted > next_ - first_ && flags != 0))
                        return -ENOSPC;
                used_ = true;
                end = next_;
                start = next_ = wanted > next_ - first_ ? first_ : next_ - wanted;
                return 0;
        }
        std::uint64_t remaining() const noexcept
        {
                return next_ - first_;
        }
        int give_back(std::uint64_t start, std::uint64_t end) noexcept
        {
                if (start != next_)
                        return -ERANGE;
                next_ = end;
                return 0;
        }
        int claim(std::uint64_t start, std::uint64_t end) const noexcept
        {
                if (start < next_ || end > total_)
                        return -ERANGE;
                return start >= out_ ? 0 : -EBUSY;
        }
        int save(void *buffer, std::size_t &length) const noexcept
        {
                const bool fits = length >= sizeof(next_);

                length = sizeof(next_);
                if (buffer == nullptr)
                        return 0;
                if (!fits)
                        return -ENOBUFS;
                std::memcpy(buffer, &next_, sizeof(next_));
                return 0;
        }
        int restore(const void *buffer, std::size_t length) noexcept
        {
                if (used_)
                        return -EBUSY;
                if (length != sizeof(next_))
                        return -EBADMSG;
                std::memcpy(&next_, buffer, length);
                out_ = next_;
                return 0;
        }
};

/* No more than it must have, and made by a function. */
struct refusing {
        static int create(const rmmap_allocator_args &args, refusing *&made) noexcept
        {
                if (args.config != nullptr)
                        return -ENOMEM;
                made = new (std::nothrow) refusing;
                return made != nullptr ? 0 : -ENOMEM;
        }
        int allocate(std::uint64_t, std::uint32_t, std::uint64_t &, std::uint64_t &) noexcept
        {
                return -EBUSY;
        }
        std::uint64_t remaining() const noexcept
        {
                return page;
        }
};

/* In order, in a file that becomes longer and shorter. */
class upward
{
        std::uint64_t next_, total_, max_total_;

      public:
        explicit upward(const rmmap_allocator_args &args) noexcept
                : next_(args.first), total_(args.total), max_total_(args.max_total)
        {
        }
        int allocate(std::uint64_t size, std::uint32_t flags, std::uint64_t &start,
                     std::uint64_t &end) noexcept
        {
                const std::uint64_t wanted = rmmap::align_up(size), left = remaining();

                if (left == 0 || (wanted > left && flags != 0))
                        return -ENOSPC;
                start = next_;
                end = next_ += wanted < left ? wanted : left;
                return 0;
        }
        std::uint64_t remaining() const noexcept
        {
                return total_ - next_;
        }
        int grow(std::uint64_t total) noexcept
        {
                if (total < total_ || total > max_total_)
                        return -EINVAL;
                total_ = total;
                return 0;
        }
        int trim(std::uint64_t &total) noexcept
        {
                total = total_ = next_ != 0 ? next_ : std::uint64_t{page};
                return 0;
        }
};

static void growing_allocators(const char *path)
{
        std::error_code error;
        rmmap::file file = rmmap::create(
                path, 2 * page, rmmap::options().allocator<upward>().max_size(8 * page), error);

        CHECK(!error && file.remaining() == 2 * page);
        file.grow(4 * page, error);
        CHECK(!error && file.size() == 4 * page && file.remaining() == 4 * page);
        CHECK(file.allocate(3 * page, error).end() == 3 * page && !error);
        file.trim(error);
        CHECK(!error && file.size() == 3 * page && file.remaining() == 0);
        CHECK(!file.allocate(1, error) && is(error, ENOSPC));
        file.grow(8 * page, error);
        CHECK(!error && file.allocate(5 * page, error).end() == 8 * page && !error);
        /* What an allocator lacks, its handle lacks. */
        CHECK(rmmap::allocator_ops<downward>().grow == nullptr);
        CHECK(rmmap::allocator_ops<downward>().trim == nullptr);
        file.reset();
        file = rmmap::create(path, page, rmmap::options().allocator<downward>(), error);
        CHECK(!error);
        file.trim(error);
        CHECK(is(error, EOPNOTSUPP));
}

static void allocators(const char *path)
{
        std::error_code error;
        rmmap::file file =
                rmmap::create(path, 4 * page, rmmap::options().allocator<downward>(), error);
        rmmap::range range = file.allocate(page, error);
        std::byte state[8];

        CHECK(!error && range.start() == 3 * page && downward::instances == 1);
        CHECK(std::string(file.describe(error).allocator) == "downward");
        CHECK(file.allocator_save(state, error) == sizeof(state) && !error);
        CHECK(!file.claim_range(3 * page, 4 * page, error) && is(error, EBUSY));
        file.unclaim_range(std::move(range), error);
        CHECK(!error && !range);
        range = file.claim_range(3 * page, 4 * page, error);
        file.give_back_range(std::move(range), error);
        CHECK(!error && !range && file.remaining() == 4 * page);
        CHECK(!file.allocate_exact(5 * page, error) && is(error, ENOSPC));
        file.allocator_restore(state, error);
        CHECK(is(error, EBUSY));
        file.reset();
        CHECK(downward::instances == 0);
        file = rmmap::create(path, 4 * page, rmmap::options().allocator<downward>(), error);
        file.allocator_restore(state, error);
        CHECK(!error && file.remaining() == 3 * page);
        file.reset();
#if defined(__cpp_exceptions)
        file = rmmap::create(path, page, rmmap::options().allocator<downward>(path), error);
        CHECK(!file && is(error, ERANGE) && downward::instances == 0);
#endif

        file = rmmap::create(path, page, rmmap::options().allocator<refusing>(path), error);
        CHECK(!file && is(error, ENOMEM));
        file = rmmap::create(path, page, rmmap::options().allocator<refusing>(), error);
        CHECK(!file.allocate(1, error) && is(error, EBUSY));
        CHECK(!file.claim_range(0, page, error) && is(error, EOPNOTSUPP));
        CHECK(std::string(file.describe(error).allocator) == "unnamed");
        constexpr const rmmap_allocator_ops *none = nullptr;
        CHECK(&rmmap::allocator_ops<refusing>() != none);
        CHECK(rmmap::allocator_ops<refusing>().save == nullptr);
        CHECK(rmmap::concurrent_allocator().flags == RMMAP_ALLOCATOR_THREAD_SAFE);
}

static void faults(const char *path)
{
        std::error_code error;
        rmmap::file file = rmmap::create(path, 4 * page, rmmap::options().catch_faults(), error);
        rmmap::bytes bytes = file.raw_data(error);
        volatile bool ran = false;
        auto store = [&]() noexcept {
                bytes[2 * page] = std::byte{1};
                ran = true;
                return 42;
        };

        CHECK(!error && file.guard_call(store, error) == 42 && !error && ran);
        file.guard_call([&]() noexcept { bytes[0] = std::byte{2}; }, error);
        CHECK(!error && bytes[0] == std::byte{2});
        ran = false;
        CHECK(truncate(path, static_cast<off_t>(page)) == 0);
        CHECK(file.guard_call(store, error) == 0 && is(error, ESTALE) && !ran);
}

static void work(rmmap::file file, rmmap::range range, char with, rmmap::receipt *receipt)
{
        std::error_code error;

        *receipt = file.write_range(std::move(range), filled(with), error);
        CHECK(!error);
}

/* As a program does it: each thread has a reference, a range of its own, and writes it. */
static void threads(const char *path)
{
        std::error_code error;
        rmmap::file file = rmmap::create(path, 2 * page, error);
        rmmap::range one = file.allocate(page, error), two = file.allocate(page, error);
        std::vector<rmmap::receipt> receipts(2);
        std::thread first(work, file.clone(), std::move(one), 'p', &receipts[0]);
        std::thread second(work, file.clone(), two.take(), 'q', &receipts[1]);

        first.join();
        second.join();
        CHECK(!one && !two && receipts[0] && receipts[1]);
        file.sync_ranges(receipts, error);
        CHECK(!error && file.raw_view(error)[page] == static_cast<std::byte>('q'));
}

static void use_handles(const char *path, bool jumps)
{
        references(path);
        options(path);
        states(path);
        allocators(path);
        growing_allocators(path);
        if (jumps)
                faults(path);
        threads(path);
}

#endif
