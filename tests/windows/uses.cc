/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* rmmap.hpp on Windows: what tests/cxx/uses.cc has of ranges, and what is there instead of fds. */
#include <rmmap.hpp>

#include "../cxx/uses/ranges.h"

#include <stdexcept>

static void use_handles(const char *path)
{
        std::error_code error;
        rmmap::file file = rmmap::create(path, 16 * page, error);

        CHECK(file && !error && file.handle() != nullptr);
        CHECK(rmmap::open_handle(file.handle(), rmmap::options().read_only(), error) && !error);
        CHECK(!rmmap::open(path, rmmap::options().lock_file(), error) && is(error, EBUSY));
        file = rmmap::file();
        CHECK(rmmap::open(path, rmmap::options().lock_file(), error) && !error);
        CHECK(!rmmap::open_handle(nullptr, error) && is(error, EBADF));
}

static void use_thrown(const char *path)
{
        const std::vector<char> text = filled('t');
        bool thrown = false;

        try {
                const rmmap::file file = rmmap::create(path, 4 * page);
                rmmap::range range = file.allocate(page);
                rmmap::receipt receipt = file.write_range(std::move(range), text);

                file.sync_range(receipt);
                CHECK(file.range_view(receipt)[0] == std::byte{'t'});
                (void)rmmap::open("no/such/file");
        } catch (const std::system_error &error) {
                thrown = error.code().value() == ENOENT;
        }
        CHECK(thrown);
}

int main(int argc, char **argv)
{
        std::error_code error;

        if (argc != 2)
                return 2;
        {
                const rmmap::file file = rmmap::create(argv[1], 64 * page, error);

                CHECK(!error);
                use_ranges(file);
        }
        use_handles(argv[1]);
        use_thrown(argv[1]);
        std::printf("%d checks, %d failed\n", checks.load(), failures.load());
        return failures.load() == 0 ? 0 : 1;
}
