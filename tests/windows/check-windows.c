/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is different on Windows, through the installed interface: paths, HANDLEs, locks between
 * processes, faults. Plain C, so that it needs no test library. With an argument the program is the
 * other process of a test.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <winioctl.h>

#include <errno.h>
#include <rmmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define SIZE ((uint64_t)8 << 20)
#define PIECE 65536
#define THREADS 8

static int failures;

static void check(int good, int line, const char *what)
{
        if (good)
                return;
        printf("FAIL: line %d: %s\n", line, what);
        fflush(stdout);
        failures++;
}

#define CHECK(expression) check(expression, __LINE__, #expression)

static void check_result(long long got, long long wanted, int line, const char *what)
{
        if (got != wanted)
                printf("%lld instead of %lld\n", got, wanted);
        check(got == wanted, line, what);
}

#define CHECK_IS(call, wanted) check_result((long long)(call), (long long)(wanted), __LINE__, #call)

static struct rmmap_file *created(const char *path, uint64_t size, uint32_t flags, uint32_t engine)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;

        options.flags = flags;
        options.engine = engine;
        CHECK_IS(rmmap_create(path, size, &options, &file), 0);
        if (file == NULL)
                exit(1);
        return file;
}

static int opened(const char *path, uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        int err;

        options.flags = flags;
        err = rmmap_open(path, &options, &file);
        rmmap_release(file);
        return err;
}

/* ---- threads that write, sync and read */

static DWORD WINAPI write_all(void *arg)
{
        struct rmmap_file *file = arg;
        unsigned char data[PIECE], back[PIECE];
        struct rmmap_range range;

        for (int i = 0; rmmap_allocate_exact(file, PIECE, &range) == 0; i++) {
                struct rmmap_receipt receipt;
                uint64_t start = rmmap_range_start(range);

                for (size_t at = 0; at < PIECE; at++)
                        data[at] = (unsigned char)((start >> 16) * 31 + at);
                CHECK_IS(rmmap_write_range(file, range, data, PIECE, &receipt), 0);
                if (i % 4 == 0)
                        CHECK_IS(rmmap_sync_range(file, receipt), 0);
                CHECK_IS(rmmap_read_range(file, range, back, PIECE, NULL), 0);
                CHECK(memcmp(data, back, PIECE) == 0);
        }
        return 0;
}

/* With ReadFile: nothing of the library is between. */
static void check_content(const char *path)
{
        static unsigned char data[PIECE];
        FILE *file = fopen(path, "rb");

        CHECK(file != NULL);
        for (uint64_t start = 0; file != NULL && start < SIZE; start += PIECE) {
                CHECK_IS(fread(data, 1, PIECE, file), PIECE);
                for (size_t at = 0; at < PIECE; at++)
                        if (data[at] != (unsigned char)((start >> 16) * 31 + at)) {
                                check(0, __LINE__, "content");
                                break;
                        }
        }
        if (file != NULL)
                fclose(file);
}

static void test_threads(uint32_t flags, uint32_t engine)
{
        struct rmmap_file *file = created("threads", SIZE, flags, engine);
        HANDLE threads[THREADS];

        for (int i = 0; i < THREADS; i++)
                threads[i] = CreateThread(NULL, 0, write_all, file, 0, NULL);
        WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
        for (int i = 0; i < THREADS; i++)
                CloseHandle(threads[i]);
        CHECK_IS(rmmap_remaining(file), 0);
        CHECK_IS(rmmap_sync_all(file), 0);
        CHECK_IS(rmmap_error(file), 0);
        rmmap_release(file);
        check_content("threads");
        CHECK_IS(opened("threads", RMMAP_READ_ONLY), 0);
        CHECK_IS(opened("threads", 0), 0);
}

int main(int argc, char **argv)
{
        (void)argc;
        (void)argv;
        test_threads(0, RMMAP_ENGINE_AUTO);
        test_threads(RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP);
        test_threads(0, RMMAP_ENGINE_PWRITE);
        test_threads(RMMAP_NO_PREALLOCATE, RMMAP_ENGINE_AUTO);
        printf("%d failures\n", failures);
        return failures != 0;
}
