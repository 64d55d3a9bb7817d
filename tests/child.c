/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "child.h"
#include "instrumented.h"

#define LONGEST_UNTIL_MS 60000

void test_pause(void)
{
        const struct timespec moment = {.tv_nsec = 1000000};

        nanosleep(&moment, NULL);
}

void skip_part(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        printf("SKIP: ");
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
        fflush(stdout);
}

bool test_sanitized(void)
{
        return TEST_HAS_SANITIZER;
}

bool test_under_valgrind(void)
{
        const char *tool = getenv("RMMAP_TOOL");

        return tool != NULL && tool[0] != '\0';
}

const char *test_forked_child_cannot_allocate(void)
{
        if (TEST_HAS_SANITIZER)
                return "a sanitizer's allocator keeps a lock of the parent's for ever in a child";
        if (test_under_valgrind())
                return "valgrind blames a child for what its parent's threads had allocated";
        return NULL;
}

bool test_fork_confuses_tool(void)
{
        const char *tool = getenv("RMMAP_TOOL");

        return tool != NULL && (strcmp(tool, "helgrind") == 0 || strcmp(tool, "drd") == 0);
}

void test_deepen_stack(void)
{
        volatile char deep[512 << 10];

        for (size_t i = 0; i < sizeof(deep); i += 1024)
                deep[sizeof(deep) - 1 - i] = 0;
}

bool test_until(bool (*reached)(const void *arg), const void *arg)
{
        for (int waited = 0; waited < LONGEST_UNTIL_MS; waited++) {
                if (reached(arg))
                        return true;
                test_pause();
        }
        return false;
}

static atomic_int noted;

void test_note(int err, int line)
{
        int none = 0;

        if (err != 0)
                atomic_compare_exchange_strong(&noted, &none, line * 1000 - err);
}

void test_noted_nothing(void)
{
        int first = atomic_exchange(&noted, 0);

        ck_assert_msg(first == 0, "line %d: %s", first / 1000, strerror(first % 1000));
}
