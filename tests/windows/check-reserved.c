/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The library with a table of calls of its own: what Wine lacks is faked (space that is reserved,
 * an in-page error), what seldom fails fails, and the order of flushes is recorded. Plain C, so
 * that it needs no test library.
 */
#include <errno.h>
#include <rmmap.h>
#include <stdio.h>
#include <string.h>

#include "os/windows/calls.h"

#define SIZE ((uint64_t)8 << 20)
#define PIECE 4096

static int failures;

static void check_result(long long got, long long wanted, int line, const char *what)
{
        if (got == wanted)
                return;
        printf("FAIL: line %d: %s: %lld instead of %lld\n", line, what, got, wanted);
        fflush(stdout);
        failures++;
}

#define CHECK_IS(call, wanted) check_result((long long)(call), (long long)(wanted), __LINE__, #call)

/* ---- the table */

/* The errors that the calls report, and how often; 0: they work. */
static DWORD fail_allocation, fail_view, fail_buffers;
static int times;
static ULONG attributes; /* of files, besides what they have */
static char order[64];   /* V: FlushViewOfFile, B: FlushFileBuffers */

static void note(char what)
{
        size_t length = strlen(order);

        if (length + 1 < sizeof(order))
                order[length] = what;
}

static BOOL fails(DWORD error)
{
        if (error == 0 || times == 0)
                return FALSE;
        times--;
        SetLastError(error);
        return TRUE;
}

static BOOL WINAPI set_information(HANDLE file, FILE_INFO_BY_HANDLE_CLASS class, void *info,
                                   DWORD size)
{
        if (class == FileAllocationInfo)
                return !fails(fail_allocation);
        return SetFileInformationByHandle(file, class, info, size);
}

static BOOL WINAPI get_information(HANDLE file, FILE_INFO_BY_HANDLE_CLASS class, void *info,
                                   DWORD size)
{
        if (!GetFileInformationByHandleEx(file, class, info, size))
                return FALSE;
        if (class == FileStandardInfo)
                ((FILE_STANDARD_INFO *)info)->AllocationSize =
                        ((FILE_STANDARD_INFO *)info)->EndOfFile;
        if (class == FileBasicInfo)
                ((FILE_BASIC_INFO *)info)->FileAttributes |= attributes;
        return TRUE;
}

/* A sparse file with all of its space, or with a hole in the middle. */
static uint64_t hole;

static BOOL WINAPI control(HANDLE file, DWORD code, void *in, DWORD in_size, void *out,
                           DWORD out_size, DWORD *done, OVERLAPPED *overlapped)
{
        FILE_ALLOCATED_RANGE_BUFFER *range = out;

        if (code != FSCTL_QUERY_ALLOCATED_RANGES)
                return DeviceIoControl(file, code, in, in_size, out, out_size, done, overlapped);
        *range = *(FILE_ALLOCATED_RANGE_BUFFER *)in;
        if (hole != 0)
                range->Length.QuadPart = (LONGLONG)hole;
        overlapped->Internal = 0;
        overlapped->InternalHigh = sizeof(*range);
        return TRUE;
}

static BOOL WINAPI flush_view(const void *base, SIZE_T length)
{
        note('V');
        return !fails(fail_view) && FlushViewOfFile(base, length);
}

static BOOL WINAPI flush_buffers(HANDLE file)
{
        note('B');
        return !fails(fail_buffers) && FlushFileBuffers(file);
}

/* The members that are named twice get the second value. */
#pragma GCC diagnostic ignored "-Woverride-init"
const struct windows_calls windows_calls = {
        WINDOWS_CALLS(WINDOWS_CALL_VALUE).SetFileInformationByHandle = set_information,
        .GetFileInformationByHandleEx = get_information,
        .DeviceIoControl = control,
        .FlushViewOfFile = flush_view,
        .FlushFileBuffers = flush_buffers,
};

/* ---- tests */

static int create(struct rmmap_file **file, uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.flags = flags;
        return rmmap_create("reserved", SIZE, &options, file);
}

static uint32_t facts_of(struct rmmap_file *file, uint32_t *engine)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        CHECK_IS(rmmap_describe(file, &info), 0);
        *engine = info.engine;
        return info.facts;
}

static uint32_t facts_of_opened(void)
{
        struct rmmap_file *file = NULL;
        uint32_t engine, facts;

        CHECK_IS(rmmap_open("reserved", NULL, &file), 0);
        facts = facts_of(file, &engine);
        rmmap_release(file);
        return facts;
}

/* Small pieces go through the mapping and large ones by WriteFile: all of them are there. */
static void test_both_ways(void)
{
        static unsigned char data[1 << 20], back[1 << 20];
        struct rmmap_file *file = NULL;
        struct rmmap_info info = RMMAP_INFO_INIT;
        uint32_t engine = 0;

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (unsigned char)(i * 7 + i / 4096);
        CHECK_IS(create(&file, 0), 0);
        CHECK_IS(facts_of(file, &engine) & RMMAP_FACT_RESERVED, RMMAP_FACT_RESERVED);
        CHECK_IS(engine, RMMAP_ENGINE_AUTO);
        for (int round = 0; round < 3; round++) {
                for (uint64_t at = 0; at < SIZE / 2; at += PIECE)
                        CHECK_IS(rmmap_raw_write(file, at, data + at % sizeof(data), PIECE), 0);
                for (uint64_t at = SIZE / 2; at < SIZE; at += sizeof(data))
                        CHECK_IS(rmmap_raw_write(file, at, data, sizeof(data)), 0);
                CHECK_IS(rmmap_sync_all(file), 0);
        }
        CHECK_IS(rmmap_describe(file, &info), 0);
        CHECK_IS(info.map_bytes > 0 && info.pwrite_bytes > 0, 1);
        rmmap_release(file);
        CHECK_IS(rmmap_open("reserved", NULL, &file), 0);
        for (uint64_t at = 0; at < SIZE; at += sizeof(data)) {
                CHECK_IS(rmmap_raw_read(file, at, back, sizeof(back), NULL), 0);
                CHECK_IS(memcmp(data, back, sizeof(data)), 0);
        }
        rmmap_release(file);
}

static void test_order(void)
{
        struct rmmap_file *file = NULL;

        CHECK_IS(create(&file, 0), 0);
        memset(order, 0, sizeof(order));
        CHECK_IS(rmmap_raw_write(file, 0, "x", 1), 0);
        CHECK_IS(rmmap_raw_sync(file, 0, 1), 0);
        CHECK_IS(strcmp(order, "VB"), 0);
        memset(order, 0, sizeof(order));
        CHECK_IS(rmmap_sync_all(file), 0);
        CHECK_IS(strcmp(order, "VB"), 0);
        rmmap_release(file);
}

/* NTFS answers so while it writes the pages itself: the library tries again. */
static void test_busy_view(void)
{
        struct rmmap_file *file = NULL;

        CHECK_IS(create(&file, 0), 0);
        fail_view = ERROR_LOCK_VIOLATION;
        times = 300;
        CHECK_IS(rmmap_sync_all(file), 0);
        CHECK_IS(times, 0);
        rmmap_release(file);
        fail_view = 0;
}

static void test_lost(DWORD *which, DWORD error, int wanted)
{
        struct rmmap_file *file = NULL;

        CHECK_IS(create(&file, 0), 0);
        *which = error;
        times = 1;
        CHECK_IS(rmmap_sync_all(file), wanted);
        CHECK_IS(times, 0);
        *which = 0;
        CHECK_IS(rmmap_sync_all(file), wanted); /* for ever */
        CHECK_IS(rmmap_error(file), wanted);
        rmmap_release(file);
}

static void test_full_disk(void)
{
        struct rmmap_file *file = NULL;

        DeleteFileA("reserved");
        fail_allocation = ERROR_DISK_FULL;
        times = 1;
        CHECK_IS(create(&file, 0), -ENOSPC);
        CHECK_IS(GetFileAttributesA("reserved"), INVALID_FILE_ATTRIBUTES);
        fail_allocation = 1295; /* a quota */
        times = 1;
        CHECK_IS(create(&file, 0), -RMMAP_EDQUOT);
        fail_allocation = 0;
}

static void test_what_is_reserved(void)
{
        struct rmmap_file *file = NULL;
        uint32_t engine;

        CHECK_IS(create(&file, 0), 0);
        rmmap_release(file);
        CHECK_IS(facts_of_opened() & RMMAP_FACT_RESERVED, RMMAP_FACT_RESERVED);
        attributes = FILE_ATTRIBUTE_COMPRESSED;
        CHECK_IS(facts_of_opened() & RMMAP_FACT_RESERVED, 0);
        attributes = FILE_ATTRIBUTE_SPARSE_FILE;
        CHECK_IS(facts_of_opened() & RMMAP_FACT_RESERVED, RMMAP_FACT_RESERVED);
        hole = SIZE / 2;
        CHECK_IS(facts_of_opened() & RMMAP_FACT_RESERVED, 0);
        hole = attributes = 0;

        CHECK_IS(create(&file, RMMAP_NO_PREALLOCATE), 0);
        CHECK_IS(facts_of(file, &engine) & RMMAP_FACT_RESERVED, 0);
        CHECK_IS(engine, RMMAP_ENGINE_PWRITE);
        rmmap_release(file);
}

/* As Windows raises it where a page can't be read from the disk. */
static int raise_error(void *arg)
{
        const ULONG_PTR information[3] = {0, (ULONG_PTR)arg, 0xC000009C /* a bad sector */};

        RaiseException((DWORD)EXCEPTION_IN_PAGE_ERROR, 0, 3, information);
        return 0;
}

struct nested {
        struct rmmap_file *inner;
        void *address;
        int result;
};

static int raise_in_both(void *arg)
{
        struct nested *nested = arg;

        nested->result = rmmap_guard_call(nested->inner, raise_error, nested->address, NULL);
        return 7;
}

static void test_in_page_error(void)
{
        struct rmmap_file *file = NULL, *other = NULL;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct nested nested = {.result = 1};
        int result = 0;
        void *data;

        options.flags = RMMAP_CATCH_FAULTS;
        CHECK_IS(create(&file, RMMAP_CATCH_FAULTS), 0);
        CHECK_IS(rmmap_create("other", SIZE, &options, &other), 0);
        CHECK_IS(rmmap_raw_data(file, &data), 0);
        for (int i = 0; i < 100; i++)
                CHECK_IS(rmmap_guard_call(file, raise_error, (char *)data + i * 70000, NULL), -EIO);

        /* A fault in the inner guard's file ends the inner call only. */
        nested = (struct nested){.inner = file, .address = data};
        CHECK_IS(rmmap_guard_call(other, raise_in_both, &nested, &result), 0);
        CHECK_IS(result, 7);
        CHECK_IS(nested.result, -EIO);
        /* One in the outer guard's file ends both. */
        nested = (struct nested){.inner = other, .address = data, .result = 1};
        CHECK_IS(rmmap_guard_call(file, raise_in_both, &nested, NULL), -EIO);
        CHECK_IS(nested.result, 1);
        CHECK_IS(rmmap_guard_call(file, raise_error, data, NULL), -EIO);
        rmmap_release(other);
        rmmap_release(file);
}

int main(void)
{
        test_both_ways();
        test_order();
        test_busy_view();
        test_lost(&fail_view, ERROR_DISK_FULL, -ENOSPC);
        test_lost(&fail_buffers, ERROR_IO_DEVICE, -EIO);
        test_full_disk();
        test_what_is_reserved();
        test_in_page_error();
        DeleteFileA("other");
        DeleteFileA("reserved");
        printf("%d failures\n", failures);
        return failures != 0;
}
