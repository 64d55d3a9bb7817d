/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap_describe must report what the file system can do: whether space is reserved, whether
 * mapping and file I/O are coherent, and so how bytes are moved. TEST_TMPDIR selects the file
 * system.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

#define SIZE ((size_t)(256 * 4096))

/* The promise for each file system that a test machine is likely to have. */
static struct place {
        uint32_t magic;
        const char *name;
        bool reserves, coherent;
} places[] = {
        {0xef53, "ext4", true, true},          {0x58465342, "xfs", true, true},
        {0x01021994, "tmpfs", true, true},     {0x9123683e, "btrfs", false, true},
        {0x794c7630, "overlayfs", true, true}, /* as TEST_UPPER, the upper layer's */
};

static const struct place *place;

/* ext4 has the magic number of ext3, which reserves nothing. */
static bool has_fallocate(void)
{
        int fd = open(test_path("probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        bool has = fallocate(fd, 0, 0, 4096) == 0;

        close(fd);
        return has;
}

static const struct place *place_of(const char *path)
{
        struct statfs facts;

        if (statfs(path, &facts) != 0)
                return NULL;
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                if (places[i].magic != (uint32_t)facts.f_type)
                        continue;
                places[i].reserves = places[i].reserves && has_fallocate();
                if (strcmp(places[i].name, "overlayfs") == 0 && getenv("TEST_UPPER") == NULL)
                        return NULL;
                return &places[i];
        }
        return NULL;
}

static struct rmmap_info described(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info;
}

/* rmmap_describe reports it, and the engine follows from it. */
static void is_reserved(struct rmmap_file *file, bool reserved)
{
        struct rmmap_info info = described(file);
        bool caught = (info.facts & RMMAP_FACT_CATCH_FAULTS) != 0;
        bool read_only = (info.facts & RMMAP_FACT_READ_ONLY) != 0;
        uint32_t engine = reserved && !read_only ? RMMAP_ENGINE_AUTO
                          : reserved || caught   ? RMMAP_ENGINE_MAP
                                                 : RMMAP_ENGINE_PWRITE;

        ck_assert_int_eq((info.facts & RMMAP_FACT_RESERVED) != 0, reserved);
        ck_assert_uint_eq(info.engine, engine);
        ck_assert_int_eq((info.facts & RMMAP_FACT_COHERENT) != 0, place->coherent);
        ck_assert_uint_ne(info.facts & RMMAP_FACT_MAPPED, 0);
}

START_TEST(what_it_is)
{
        FLOOR_LACKS("names of file systems");
        struct rmmap_file *file;
        struct rmmap_info info;

        ck_ok(rmmap_create(test_path("is"), SIZE + 1, NULL, &file));
        info = described(file);
        ck_assert_str_eq(info.file_system, place->name);
        ck_assert_uint_eq(info.file_system_magic, place->magic);
        ck_assert_uint_eq(info.file_size, SIZE + 1);
        ck_assert_uint_eq(info.page_size, (uint64_t)sysconf(_SC_PAGESIZE));
        ck_assert_int_eq(info.error, 0);
        ck_assert_uint_ne(info.facts & RMMAP_FACT_LOCKED, 0);
        ck_assert_uint_eq(info.facts & (RMMAP_FACT_READ_ONLY | RMMAP_FACT_ERRORS_SHARED |
                                        RMMAP_FACT_ENTRY_UNSYNCED | RMMAP_FACT_FORKED),
                          0);
        rmmap_release(file);
}
END_TEST

START_TEST(a_created_file)
{
        FLOOR_LACKS("names of file systems");
        static const uint32_t flags[] = {0, RMMAP_CATCH_FAULTS};
        static const size_t sizes[] = {1, 4096, 5000, SIZE, 70 << 20};
        struct rmmap_file *file;

        for (size_t i = 0; i < 10; i++) {
                struct rmmap_options options = test_options(flags[i % 2], 0);

                ck_ok(rmmap_create(test_path("created"), sizes[i / 2], &options, &file));
                is_reserved(file, place->reserves);
                rmmap_release(file);
                options.flags |= RMMAP_NO_PREALLOCATE;
                ck_ok(rmmap_create(test_path("created"), sizes[i / 2], &options, &file));
                is_reserved(file, false);
                rmmap_release(file);
                ck_assert_int_eq(unlink(test_path("created")), 0);
        }
}
END_TEST

static void write_zeros(int fd, size_t start, size_t length)
{
        char *bytes = calloc(1, length);

        ck_assert_int_eq(pwrite(fd, bytes, length, (off_t)start), (ssize_t)length);
        free(bytes);
}

/* A file of size bytes in which [head, size - tail) is a hole. */
static const char *older(const char *name, size_t size, size_t head, size_t tail)
{
        const char *path = test_path(name);
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
        write_zeros(fd, 0, head);
        write_zeros(fd, size - tail, tail);
        close(fd);
        return path;
}

START_TEST(an_opened_file)
{
        FLOOR_LACKS("names of file systems");
        static const struct {
                size_t size, head, tail;
                bool whole;
        } cases[] = {
                {SIZE, SIZE, 0, true},
                {5000, 5000, 0, true},
                {1, 1, 0, true},
                {SIZE, SIZE / 2, SIZE / 2, true},
                {SIZE, SIZE / 4, SIZE / 4, false},
                {SIZE, 4096, 4096, false},
                {SIZE, SIZE / 2, 0, false},
                {SIZE, 0, SIZE / 2, false},
                {SIZE, SIZE - 4096, 0, false},
                {SIZE, 0, 0, false},
        };
        struct rmmap_file *file;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *path = older("older", cases[i].size, cases[i].head, cases[i].tail);

                ck_ok(rmmap_open(path, NULL, &file));
                is_reserved(file, place->reserves && cases[i].whole);
                rmmap_release(file);
        }
        /* A completely written file of this library counts the same when it is opened. */
        ck_ok(rmmap_create(test_path("again"), SIZE, NULL, &file));
        ck_ok(rmmap_raw_fill(file, 1));
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("again"), NULL, &file));
        is_reserved(file, place->reserves);
        rmmap_release(file);
}
END_TEST

/* A second copy that shares the same blocks: writing needs new ones. */
START_TEST(an_opened_file_that_shares_its_blocks)
{
        const char *path = older("shared", SIZE, SIZE, 0);
        int from = open(path, O_RDWR | O_CLOEXEC);
        int to = open(test_path("copy"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct rmmap_file *file;

        ck_assert_int_eq(fsync(from), 0);
        if (ioctl(to, FICLONE, from) != 0) {
                skip_part("%s here has no reflink copies", place->name);
        } else {
                for (int i = 0; i < 2; i++) {
                        ck_ok(rmmap_open(i == 0 ? path : test_path("copy"), NULL, &file));
                        is_reserved(file, false);
                        ck_ok(rmmap_raw_write(file, 4096, "mine", 4));
                        rmmap_release(file);
                }
        }
        close(from);
        close(to);
}
END_TEST

/*
 * TEST_LOWER_FILE: 3 MiB of zeros in a lower layer of overlayfs. A write by another process copies
 * the file up; a mapping stays with the old file. Every call must read the same one of the two.
 */
START_TEST(a_file_of_a_lower_layer)
{
        static const uint32_t flags[] = {RMMAP_READ_ONLY, RMMAP_READ_ONLY | RMMAP_CATCH_FAULTS};
        static unsigned char bytes[1 << 20];
        const char *path = getenv("TEST_LOWER_FILE");
        struct rmmap_file *files[2];
        int fd;

        if (path == NULL) {
                skip_part("TEST_LOWER_FILE names no file of a lower layer");
                return;
        }
        for (int i = 0; i < 2; i++) {
                struct rmmap_options options = test_options(flags[i], 0);

                ck_ok(rmmap_open(path, &options, &files[i]));
        }
        fd = open(path, O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        memset(bytes, 'n', sizeof(bytes));
        ck_assert_int_eq(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
        close(fd);
        for (int i = 0; i < 2; i++) {
                unsigned char first;

                ck_ok(rmmap_raw_read(files[i], 0, &first, 1, NULL));
                for (int k = 0; k < 6; k++) {
                        memset(bytes, 'x', sizeof(bytes));
                        ck_ok(rmmap_raw_read(files[i], 0, bytes, k % 2 ? 4096 : sizeof(bytes),
                                             NULL));
                        ck_assert_uint_eq(bytes[0], first);
                        ck_assert_uint_eq(bytes[4095], first);
                }
                rmmap_release(files[i]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("file-system");
        TCase *core = tcase_create("core");

        place = place_of(test_directory());
        if (place == NULL)
                test_skip_all("a file system of which nothing is promised");
        printf("on %s\n", place->name);
        fflush(stdout);
        tcase_set_timeout(core, 120);
        tcase_add_test(core, what_it_is);
        tcase_add_test(core, a_created_file);
        tcase_add_test(core, an_opened_file);
        tcase_add_test(core, an_opened_file_that_shares_its_blocks);
        tcase_add_test(core, a_file_of_a_lower_layer);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
