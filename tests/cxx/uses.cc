/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * uses PATH: uses all there is in rmmap.hpp, on a file of that name. Compiled as each C++ there is,
 * with exceptions and without.
 */
#include "uses/check.h"
#include "uses/handles.h"
#include "uses/queues.h"
#include "uses/ranges.h"
#include "uses/thrown.h"
#include "uses/transfer.h"

#include <cstdlib>

int main(int argc, char **argv)
{
        std::error_code error;

        if (argc != 2)
                return 2;
        {
                const rmmap::file file = rmmap::create(argv[1], 64 * page, error);

                CHECK(!error);
                use_ranges(file);
                use_transfer(file);
                use_queues(file);
        }
        use_handles(argv[1], std::getenv("WITHOUT_JUMPS") == nullptr);
        use_publish(argv[1]);
        use_checkpoint(argv[1]);
        use_thrown(argv[1]);
        std::printf("%d checks, %d failed\n", checks.load(), failures.load());
        return failures.load() == 0 ? 0 : 1;
}
