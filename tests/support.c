/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "place.h"
#include "support.h"

static char root[4096], directory[4200];
static pid_t maker; /* forked tests must not remove what the program still needs */

static void remove_directory(void)
{
        if (getpid() == maker)
                test_remove_tree(root);
}

static const char *parent_directory(void)
{
        const char *names[] = {"TEST_TMPDIR", "TMPDIR"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const char *value = getenv(names[i]);

                if (value != NULL && value[0] != '\0')
                        return value;
        }
        return "/tmp";
}

const char *test_directory(void)
{
        if (directory[0] != '\0')
                return directory;
        snprintf(root, sizeof(root), "%s/rmmap-test-XXXXXX", parent_directory());
        if (mkdtemp(root) == NULL) {
                perror(root);
                exit(99);
        }
        strcpy(directory, root);
        maker = getpid();
        atexit(remove_directory);
        return directory;
}

void test_next_directory(void)
{
        static int count;

        snprintf(directory, sizeof(directory), "%s/%d", root, ++count);
        mkdir(directory, 0700);
}

/* All that were given, so that they are no leaks. */
static struct given_path {
        struct given_path *next;
        char text[];
} * given_paths;

const char *test_path(const char *name)
{
        size_t size = strlen(test_directory()) + strlen(name) + 2;
        struct given_path *path = malloc(sizeof(*path) + size);

        if (path == NULL)
                abort();
        snprintf(path->text, size, "%s/%s", test_directory(), name);
        path->next = given_paths;
        given_paths = path;
        return path->text;
}

int flushed(int err)
{
        bool may_lack = ON_FLOOR || place_is(test_directory(), PLACE_OVERLAYFS);

        return may_lack && err == -EOPNOTSUPP ? 0 : err;
}

unsigned char test_byte(uint64_t offset)
{
        return (unsigned char)(offset * 31 + 7);
}

const char *test_file(const char *name, size_t size)
{
        const char *path = test_path(name);
        FILE *file = fopen(path, "wb");

        ck_assert_ptr_nonnull(file);
        for (size_t i = 0; i < size; i++)
                putc(test_byte(i), file);
        ck_assert_int_eq(fclose(file), 0);
        return path;
}

ino_t test_inode(const char *path)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return status.st_ino;
}

bool test_file_holds(const char *path, uint64_t offset, const void *bytes, size_t length)
{
        unsigned char *found = malloc(length + 1);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = pread(fd, found, length, (off_t)offset);
        bool same = got == (ssize_t)length && memcmp(found, bytes, length) == 0;

        close(fd);
        free(found);
        return same;
}

struct rmmap_options test_options(uint32_t flags, uint32_t engine)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.flags = flags;
        options.engine = engine;
        return options;
}

char test_untouched;

uint64_t test_seed(void)
{
        const char *given = getenv("TEST_SEED");
        uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;

        printf("seed: TEST_SEED=%llu\n", (unsigned long long)seed);
        fflush(stdout);
        return seed;
}

/* splitmix64: small, and every seed is a good one. */
uint64_t test_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

void test_skip_all(const char *why)
{
        printf("SKIP: %s\n", why);
        exit(77);
}

int test_run(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        int failed;

        test_directory(); /* before any fork, so that one process owns it */
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
