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

/* ---- the other process */

static char self[MAX_PATH];

/* What main does with arguments: what the other process of a test does. */
static int other_process(char **argv)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        int err;

        if (strcmp(argv[1], "open") == 0)
                return -opened(argv[2], 0);
        /* hold FILE EVENT: locks the file, says so, and never ends. */
        options.flags = RMMAP_LOCK_FILE;
        err = rmmap_open(argv[2], &options, &file);
        if (err != 0)
                return -err;
        SetEvent(OpenEventA(EVENT_MODIFY_STATE, FALSE, argv[3]));
        Sleep(INFINITE);
        return 0;
}

static HANDLE started(const char *arguments)
{
        STARTUPINFOA startup = {.cb = sizeof(startup)};
        PROCESS_INFORMATION process = {0};
        char line[2 * MAX_PATH];

        snprintf(line, sizeof(line), "\"%s\" %s", self, arguments);
        CHECK(CreateProcessA(self, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
        CloseHandle(process.hThread);
        return process.hProcess;
}

static DWORD result_of(HANDLE process)
{
        DWORD code = (DWORD)-1;

        WaitForSingleObject(process, INFINITE);
        GetExitCodeProcess(process, &code);
        CloseHandle(process);
        return code;
}

static void test_locks(void)
{
        struct rmmap_file *file = created("locked", SIZE, RMMAP_LOCK_FILE, 0);
        HANDLE event = CreateEventA(NULL, TRUE, FALSE, "rmmap-check-held"), holder;
        struct rmmap_file *second = NULL;

        CHECK_IS(opened("locked", 0), -EBUSY);
        CHECK_IS(opened("locked", RMMAP_READ_ONLY), -EBUSY);
        CHECK_IS(result_of(started("open locked")), EBUSY);
        CHECK_IS(rmmap_create("locked", SIZE, NULL, &second), -EBUSY);
        rmmap_release(file);
        CHECK_IS(result_of(started("open locked")), 0);

        file = created("locked", SIZE, 0, 0); /* shared: others may open it, but not create it */
        CHECK_IS(opened("locked", 0), 0);
        CHECK_IS(opened("locked", RMMAP_LOCK_FILE), -EBUSY);
        CHECK_IS(rmmap_create("locked", SIZE, NULL, &second), -EBUSY);
        rmmap_release(file);

        holder = started("hold locked rmmap-check-held");
        CHECK_IS(WaitForSingleObject(event, 60000), WAIT_OBJECT_0);
        CHECK_IS(opened("locked", 0), -EBUSY);
        CHECK(TerminateProcess(holder, 7));
        CHECK_IS(result_of(holder), 7);
        CHECK_IS(opened("locked", RMMAP_LOCK_FILE), 0);
        CloseHandle(event);
}

/* ---- names */

static int made_anew(const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        int err;

        options.flags = RMMAP_MUST_CREATE;
        err = rmmap_create(path, 4096, &options, &file);
        rmmap_release(file);
        return err;
}

static void test_utf8(void)
{
        static const char path[] = "n\xc3\xa4me-\xe2\x82\xac-\xf0\x9f\x98\x80";
        HANDLE probe;
        WCHAR wide[64];

        MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 64);
        probe = CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        if (probe == INVALID_HANDLE_VALUE) {
                printf("SKIP: names beyond ASCII: Wine needs a locale with UTF-8\n");
                return;
        }
        CloseHandle(probe);
        CHECK(DeleteFileW(wide));
        CHECK_IS(made_anew(path), 0);
        CHECK(GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES);
        CHECK_IS(made_anew(path), -EEXIST);
        CHECK(DeleteFileW(wide));
}

static void test_names(void)
{
        static const char *const devices[] = {
                "NUL",
                "\\\\.\\pipe\\nothing",
                "\\\\?\\pipe\\nothing",
                "\\\\?\\COM1",
                "\\\\?\\PhysicalDrive0",
                "\\\\?\\C:",
                "\\\\?\\Volume{0}",
                "\\\\?\\",
                "//?/COM1",
        };
        static WCHAR wide[4096];
        char path[4096] = "";
        struct rmmap_file *file = NULL;

        /* Longer than MAX_PATH, each part made by its own path with the prefix for long ones. */
        GetFullPathNameA(".", sizeof(path), path, NULL);
        memmove(path + 4, path, strlen(path) + 1);
        memcpy(path, "\\\\?\\", 4);
        for (int i = 0; i < 4; i++) {
                strcat(path,
                       "\\aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaa");
                MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
                CHECK(CreateDirectoryW(wide, NULL) || GetLastError() == ERROR_ALREADY_EXISTS);
        }
        strcat(path, "\\dot.");
        CHECK_IS(made_anew(path), 0); /* with the prefix a name may end with a dot */
        MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
        CHECK(DeleteFileW(wide));
        strcpy(strrchr(path, '\\'), "\\file");
        file = created(path + 4, 4096, 0, 0); /* absolute, without the prefix */
        rmmap_release(file);
        CHECK_IS(opened(path, 0), 0);                /* with it */
        CHECK_IS(opened(strstr(path, "aaa"), 0), 0); /* relative */
        CHECK_IS(opened(".", 0), -EISDIR);
        for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
                CHECK_IS(opened(devices[i], 0), -ENODEV);
        CHECK_IS(opened("", 0), -ENOENT);
        CHECK_IS(opened("no-directory/file", 0), -ENOENT);
        CHECK_IS(opened("\xff", 0), -EILSEQ);
        CHECK_IS(opened("a?b", 0), -EINVAL);
        CHECK_IS(opened(NULL, 0), -EINVAL);
        CHECK_IS(rmmap_create(".", 4096, NULL, &file), -EISDIR);
        CHECK_IS(made_anew("."), -EEXIST);
}

/* ---- HANDLEs */

static HANDLE handle_to(const char *path, DWORD access, DWORD share)
{
        return CreateFileA(path, access, share, NULL, OPEN_EXISTING, 0, NULL);
}

static int imported(HANDLE handle, uint32_t flags, uint32_t *facts)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file = NULL;
        unsigned char byte = 0;
        int err;

        options.flags = flags;
        err = rmmap_open_handle(handle, &options, &file);
        if (err != 0)
                return err;
        CHECK_IS(rmmap_describe(file, &info), 0);
        if (facts != NULL)
                *facts = info.facts;
        CHECK_IS(rmmap_raw_read(file, PIECE, &byte, 1, NULL), 0);
        CHECK_IS(byte, 31);
        if (!(flags & RMMAP_READ_ONLY))
                CHECK_IS(rmmap_raw_write(file, PIECE, &byte, 1), 0);
        CHECK_IS(rmmap_sync_all(file), 0);
        CHECK(rmmap_handle(file) != NULL && rmmap_handle(file) != handle);
        rmmap_release(file);
        return 0;
}

static void test_handles(void)
{
        const DWORD both = GENERIC_READ | GENERIC_WRITE, share = FILE_SHARE_READ | FILE_SHARE_WRITE;
        struct rmmap_file *file = NULL;
        uint32_t facts = 0;
        HANDLE handle, end;

        handle = handle_to("threads", both, share);
        CHECK_IS(imported(handle, 0, &facts), 0);
        CHECK(!(facts & RMMAP_FACT_ERRORS_SHARED));
        CHECK_IS(imported(handle, RMMAP_READ_ONLY, NULL), 0);
        CloseHandle(handle);

        handle = handle_to("threads", both, 0); /* nobody else may open it */
        CHECK_IS(opened("threads", 0), -EBUSY);
        CHECK_IS(imported(handle, 0, &facts), 0);
        CHECK(facts & RMMAP_FACT_ERRORS_SHARED);
        CloseHandle(handle);

        handle = handle_to("threads", GENERIC_READ, FILE_SHARE_READ); /* nobody else may write */
        CHECK_IS(imported(handle, RMMAP_READ_ONLY, NULL), 0);
        CloseHandle(handle);

        handle = handle_to("threads", GENERIC_READ, share);
        CHECK_IS(imported(handle, 0, NULL), -EACCES);
        CHECK_IS(imported(handle, RMMAP_READ_ONLY, NULL), 0);
        CloseHandle(handle);
        CHECK_IS(rmmap_open_handle(handle, NULL, &file), -EBADF);
        CHECK_IS(rmmap_open_handle(NULL, NULL, &file), -EBADF);
        CHECK_IS(rmmap_open_handle(INVALID_HANDLE_VALUE, NULL, &file), -EBADF);
        CHECK(CreatePipe(&handle, &end, NULL, 0));
        CHECK_IS(rmmap_open_handle(handle, NULL, &file), -ENODEV);
        CloseHandle(handle);
        CloseHandle(end);
        CHECK(rmmap_handle(NULL) == NULL);
}

/* ---- faults: Windows lets nobody cut a mapped file; under Wine a program of the system can */

static int cut(const char *path)
{
        STARTUPINFOA startup = {.cb = sizeof(startup)};
        PROCESS_INFORMATION process = {0};
        char line[MAX_PATH];

        snprintf(line, sizeof(line), "truncate -s %d %s", PIECE, path);
        if (!CreateProcessA("Z:\\usr\\bin\\truncate", line, NULL, NULL, FALSE, 0, NULL, NULL,
                            &startup, &process))
                return 0;
        CloseHandle(process.hThread);
        result_of(process.hProcess); /* of such a program Wine doesn't know it */
        for (int i = 0; i < 100; i++) {
                WIN32_FILE_ATTRIBUTE_DATA data;

                if (GetFileAttributesExA(path, GetFileExInfoStandard, &data) &&
                    data.nFileSizeLow == PIECE)
                        return 1;
                Sleep(20);
        }
        return 0;
}

static int touch(void *arg)
{
        volatile unsigned char *data = arg;

        data[SIZE - 1] = 1;
        return data[SIZE / 2];
}

static void test_faults(void)
{
        struct rmmap_file *file = created("cut", SIZE, RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP);
        static unsigned char data[3 * PIECE];
        struct rmmap_info info = RMMAP_INFO_INIT;
        int result = 5;
        void *mapped;

        CHECK_IS(rmmap_raw_data(file, &mapped), 0);
        CHECK_IS(rmmap_guard_call(file, touch, mapped, &result), 0);
        CHECK_IS(result, 0);
        if (cut("cut")) {
                for (int i = 0; i < 100; i++) {
                        CHECK_IS(rmmap_guard_call(file, touch, mapped, NULL), -RMMAP_ESTALE);
                        CHECK_IS(rmmap_raw_write(file, SIZE / 2, data, sizeof(data)),
                                 -RMMAP_ESTALE);
                        CHECK_IS(rmmap_raw_read(file, SIZE / 2, data, 1, NULL), -RMMAP_ESTALE);
                        CHECK_IS(rmmap_raw_write(file, 0, data, PIECE), 0);
                }
                CHECK_IS(rmmap_describe(file, &info), 0);
                CHECK_IS(info.faults_caught, 300);
        } else {
                printf("SKIP: faults: a mapped file can't be cut here\n");
        }
        rmmap_release(file);
}

/* ---- files that others have open */

static int mapped(struct rmmap_file *file)
{
        const void *data;

        return rmmap_raw_view(file, &data) == 0;
}

static void test_neighbours(void)
{
        struct rmmap_file *file = created("shared", SIZE, 0, 0);
        FILE *reader = fopen("shared", "r+b");
        HANDLE cutter = handle_to("shared", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE);

        CHECK(reader != NULL); /* fopen shares nothing that the library would need */
        if (reader != NULL)
                fclose(reader);
        SetFilePointer(cutter, PIECE, NULL, FILE_BEGIN);
        if (mapped(file)) {
                CHECK(!SetEndOfFile(cutter));
                CHECK_IS(GetLastError(), ERROR_USER_MAPPED_FILE);
        }
        CloseHandle(cutter);
        rmmap_release(file);
        CHECK(DeleteFileA("shared"));
}

/*
 * A file that another program maps keeps its content when it can't be created anew. Windows lets it
 * shrink to the size that it had, Wine doesn't.
 */
static void test_mapped_elsewhere(void)
{
        struct rmmap_file *file = created("mapped", PIECE, 0, 0);
        HANDLE handle, mapping;
        void *view;

        rmmap_release(file);
        handle = handle_to("mapped", GENERIC_READ | GENERIC_WRITE,
                           FILE_SHARE_READ | FILE_SHARE_WRITE);
        mapping = CreateFileMappingA(handle, NULL, PAGE_READWRITE, 0, 0, NULL);
        view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
        CHECK(view != NULL);
        memset(view, 7, PIECE);
        CHECK_IS(rmmap_create("mapped", SIZE, NULL, &file), -EBUSY);
        CHECK_IS(rmmap_create("mapped", PIECE / 2, NULL, &file), -EBUSY);
        CHECK(GetFileSize(handle, NULL) >= PIECE);
        for (size_t i = 0; i < PIECE; i++)
                CHECK(((const char *)view)[i] == 7);
        UnmapViewOfFile(view);
        CloseHandle(mapping);
        CloseHandle(handle);
        CHECK(DeleteFileA("mapped"));
}

int main(int argc, char **argv)
{
        GetModuleFileNameA(NULL, self, sizeof(self));
        if (argc > 1)
                return other_process(argv);
        test_threads(0, RMMAP_ENGINE_AUTO);
        test_threads(RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP);
        test_threads(0, RMMAP_ENGINE_PWRITE);
        test_threads(RMMAP_NO_PREALLOCATE, RMMAP_ENGINE_AUTO);
        test_handles();
        test_utf8();
        test_names();
        test_locks();
        test_neighbours();
        test_mapped_elsewhere();
        test_faults();
        printf("%d failures\n", failures);
        return failures != 0;
}
