/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Somebody's first program in C++, built against what is installed. */
#include <rmmap.hpp>

#include <cstdio>
#include <string>

int main(int argc, char **argv)
{
        std::error_code error;

        if (argc != 2 || rmmap::version() != RMMAP_VERSION)
                return 2;
        const rmmap::file file =
                rmmap::create(argv[1], 1 << 20, rmmap::options().catch_faults(), error);
        rmmap::range range = file.allocate(RMMAP_ALIGNMENT, error);
        if (range) {
                const std::string text(RMMAP_ALIGNMENT, 'i');
                rmmap::receipt receipt = file.write_range(std::move(range), text, error);

                if (receipt)
                        file.sync_range(receipt, error);
        }
        if (error) {
                std::fprintf(stderr, "%s: %s\n", argv[1], error.message().c_str());
                return 1;
        }
        std::printf("%s\n", RMMAP_VERSION_STRING);
        return 0;
}
