/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Like refused.cc, without exceptions: there is no call that would throw, only the one with a
 * std::error_code.
 */
#include <rmmap.hpp>

rmmap::file create(const char *path, std::error_code &error)
{
#ifdef REFUSED
        (void)error;
        // gcc: no matching function for call to .create.*candidate expects [34] arguments, 2 prov
        // clang: no matching function for call to .create.*requires [34] arguments, but 2 were
        return rmmap::create(path, 4096);
#else
        return rmmap::create(path, 4096, error);
#endif
}

rmmap::range allocate(const rmmap::file &file, std::error_code &error)
{
#ifdef REFUSED
        (void)error;
        // gcc: no matching function for call to .*allocate.*candidate expects 2 arguments, 1 prov
        // clang: too few arguments to function call, expected 2, have 1
        return file.allocate(4096);
#else
        return file.allocate(4096, error);
#endif
}

void sync(const rmmap::file &file, const rmmap::receipt &receipt, std::error_code &error)
{
#ifdef REFUSED
        (void)error;
        // gcc: no matching function for call to .*sync_range.*candidate expects 2 arguments, 1 prov
        // clang: too few arguments to function call, expected 2, have 1
        file.sync_range(receipt);
#else
        file.sync_range(receipt, error);
#endif
}
