/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Create, open, options, clones, describe, guard. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frozen.h"

static int create(const char *name, struct padded_options *padded, struct rmmap_file **file)
{
        return rmmap_create(path_of(name), FILE_SIZE, padded ? &padded->options : NULL, file);
}

static void use_flags_of_create(void)
{
        struct rmmap_file *file = NULL, *other = NULL;
        struct stat status;

        EXPECT(create("flags", defaults(RMMAP_MUST_CREATE), &file) == 0);
        EXPECT(create("flags", defaults(RMMAP_MUST_CREATE), &other) == -EEXIST && !other);
        rmmap_release(file);

        EXPECT(create("flags", defaults(RMMAP_NO_PREALLOCATE), &file) == 0);
        EXPECT((describe(file)->facts & RMMAP_FACT_RESERVED) == 0);
        EXPECT((describe(file)->facts & RMMAP_FACT_CATCH_FAULTS) == 0);
        rmmap_release(file);

        EXPECT(create("flags", defaults(RMMAP_LOCK_FILE), &file) == 0);
        EXPECT(rmmap_open(path_of("flags"), NULL, &other) == -EBUSY && !other);
        EXPECT(describe(file)->facts & RMMAP_FACT_LOCKED);
        rmmap_release(file);

        EXPECT(create("flags", defaults(RMMAP_POPULATE | RMMAP_HUGE_PAGES), &file) == 0);
        EXPECT(fstat(rmmap_fd(file), &status) == 0 && status.st_size == (off_t)FILE_SIZE);
        if (describe(file)->facts & RMMAP_FACT_RESERVED)
                EXPECT(status.st_blocks * 512 >= (blkcnt_t)FILE_SIZE);
        rmmap_release(file);
        EXPECT(create("flags", defaults(UINT32_C(1) << 31), &file) == -EOPNOTSUPP);
        EXPECT(create("flags", defaults(RMMAP_READ_ONLY), &file) == -EINVAL);
}

static void use_engines(void)
{
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_MAP,
                                           RMMAP_ENGINE_PWRITE};
        static const uint32_t patterns[] = {RMMAP_PATTERN_UNKNOWN, RMMAP_PATTERN_DENSE,
                                            RMMAP_PATTERN_SCATTERED};

        for (int i = 0; i < 3; i++) {
                struct padded_options *padded = defaults(RMMAP_CATCH_FAULTS);
                struct rmmap_file *file = NULL;
                const struct rmmap_info *info;

                padded->options.mode = 0600;
                padded->options.engine = engines[i];
                padded->options.pattern = patterns[i];
                padded->options.allocate_from = 2 * RMMAP_ALIGNMENT;
                EXPECT(create("engines", padded, &file) == 0);
                info = describe(file);
                EXPECT(engines[i] == RMMAP_ENGINE_AUTO || info->engine == engines[i]);
                EXPECT(info->pattern == patterns[i] && info->facts & RMMAP_FACT_CATCH_FAULTS);
                EXPECT(info->allocated == 2 * RMMAP_ALIGNMENT && info->file_size == FILE_SIZE);
                EXPECT(info->page_size == (uint64_t)sysconf(_SC_PAGESIZE) && info->error == 0);
                EXPECT(info->file_system[0] && info->engine_reason[0] && info->file_system_magic);
                EXPECT(strcmp(info->allocator, "concurrent") == 0);
                rmmap_release(file);
        }
}

static void use_opens(void)
{
        struct rmmap_file *file = NULL, *again;
        struct rmmap_range range;
        struct stat status;
        int fd;

        EXPECT(stat(path_of("engines"), &status) == 0 && (status.st_mode & 0777) == 0600);
        EXPECT(rmmap_open(path_of("engines"), &defaults(RMMAP_READ_ONLY)->options, &file) == 0);
        EXPECT(describe(file)->facts & RMMAP_FACT_READ_ONLY);
        EXPECT(rmmap_allocate(file, 1, &range) == 0);
        EXPECT(rmmap_write_range(file, range, "", 1, NULL) == -EROFS);
        rmmap_release(file);

        EXPECT(symlink("engines", path_of("link")) == 0);
        EXPECT(rmmap_open(path_of("link"), &defaults(RMMAP_NO_FOLLOW)->options, &file) == -ELOOP);

        fd = open(path_of("engines"), O_RDWR | O_CLOEXEC);
        EXPECT(rmmap_open_fd(fd, NULL, &file) == 0 && rmmap_size(file) == FILE_SIZE);
        EXPECT(rmmap_fd(file) >= 0 && rmmap_fd(file) != fd);
        close(fd);
        again = rmmap_clone(file);
        EXPECT(again == file && rmmap_release(file) == NULL);
        EXPECT(rmmap_allocate_exact(again, FILE_SIZE, &range) == -ENOSPC); /* it is there already */
        EXPECT(rmmap_claim_range(again, 0, FILE_SIZE, &range) == 0);
        EXPECT(rmmap_release(again) == NULL);
}

/* In a child: told so, and not let to hand out what the parent hands out too. */
static void use_fork(void)
{
        struct rmmap_file *file = NULL;
        struct rmmap_range range;
        int status = -1;
        pid_t child;

        EXPECT(create("fork", NULL, &file) == 0);
        EXPECT((describe(file)->facts & RMMAP_FACT_FORKED) == 0);
        child = fork();
        if (child == 0) {
                failures = 0;
                EXPECT(describe(file)->facts & RMMAP_FACT_FORKED);
                EXPECT(rmmap_allocate(file, 1, &range) == -EPERM);
                _exit(failures ? 1 : 0);
        }
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
        rmmap_release(file);
}

static int seven(void *arg)
{
        *(int *)arg += 1;
        return 7;
}

static void use_guard(void)
{
        struct rmmap_file *file = NULL;
        int result = 0, calls = 0;

        EXPECT(create("guard", defaults(RMMAP_CATCH_FAULTS), &file) == 0);
        EXPECT(rmmap_guard_call(file, seven, &calls, &result) == 0 && result == 7 && calls == 1);
        EXPECT(describe(file)->faults_caught == 0);
        rmmap_release(file);
        EXPECT(create("guard", NULL, &file) == 0);
        EXPECT(rmmap_guard_call(file, seven, &calls, &result) == -EINVAL && calls == 1);
        rmmap_release(file);
}

void use_handles(void)
{
        use_flags_of_create();
        use_engines();
        use_opens();
        use_fork();
        use_guard();
}
