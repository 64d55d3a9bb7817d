/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the uses of rmmap.hpp are checked with. Failures are counted and told, and all go on. */
#ifndef TESTS_CXX_CHECK_H
#define TESTS_CXX_CHECK_H

#include <rmmap.hpp>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

/* Threads check too; each counts for itself, so relaxed. */
inline std::atomic<int> failures;
inline std::atomic<int> checks;

#define CHECK(condition) check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
inline bool check(bool holds, const char *what, const char *where, int line)
{
        checks.fetch_add(1, std::memory_order_relaxed);
        if (!holds) {
                failures.fetch_add(1, std::memory_order_relaxed);
                std::printf("%s:%d: %s\n", where, line, what);
        }
        return holds;
}

/* An error as rmmap.hpp tells it: the number of errno, in the generic category. */
inline bool is(const std::error_code &error, int number)
{
        return error.category() == std::generic_category() && error.value() == number;
}

inline constexpr std::size_t page = RMMAP_ALIGNMENT;

inline std::vector<char> filled(char with, std::size_t length = page)
{
        return std::vector<char>(length, with);
}

#endif
