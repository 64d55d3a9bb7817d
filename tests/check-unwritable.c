/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Space is reserved and pages are mapped for writing, and still nothing can be written: the file
 * system has shut down, or the file became immutable. Each copying call works or returns the true
 * reason. Uses file systems on loop devices, as root.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "os/linux/calls.h"
#include "place.h"
#include "setups.h"

#define MIB ((size_t)1 << 20)
#define SIZE (8 * MIB)
#define FILES 8

/* XFS_IOC_GOINGDOWN; ext4 and others took it over. */
#define SHUTDOWN _IOR('X', 125, uint32_t)
#define SHUTDOWN_NO_LOG UINT32_C(2)

static const struct loss {
        const char *kind, *options;
        bool shuts_down;
        int error, stored; /* of a call, and of a store through the mapping; 0: none */
} losses[] = {
        {"xfs", "-f", true, -EIO, -EIO},
        {"ext4", "-F", true, -EIO, 0}, /* only a sync reports it */
        {"ext4", "-F", false, -EPERM, -EPERM},
};

static char place[4096];
static unsigned char data[MIB];

static bool succeeds(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
static bool succeeds(const char *format, ...)
{
        char command[3 * sizeof(place)];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(command, sizeof(command), format, arguments);
        va_end(arguments);
        return system(command) == 0;
}

static bool make_place(const struct loss *loss)
{
        char image[4096];

        snprintf(image, sizeof(image), "%s", test_path("image"));
        snprintf(place, sizeof(place), "%s", test_path("place"));
        mkdir(place, 0700);
        if (!place_private())
                return false;
        if (succeeds("truncate -s 320M %s && mkfs.%s -q %s %s && mount -o loop %s %s", image,
                     loss->kind, loss->options, image, image, place))
                return true;
        skip_part("no %s can be made and mounted here", loss->kind);
        return false;
}

/* Options of the i-th file: engine, length and order of its writes. */
static struct rmmap_options options_of(int i)
{
        return test_options(i == 1 ? RMMAP_CATCH_FAULTS : 0,
                            i & 1 ? RMMAP_ENGINE_MAP : RMMAP_ENGINE_AUTO);
}

static size_t length_of(int i)
{
        return i & 2 ? MIB : 64;
}

static uint64_t offset_of(int i, int step)
{
        uint64_t steps = 8, at = (uint64_t)step;

        return (i & 4 ? (at * 5 + 3) % steps : at) * (SIZE / steps);
}

static const char *path_of(int i)
{
        static char path[sizeof(place) + 16];

        snprintf(path, sizeof(path), "%s/file-%d", place, i);
        return path;
}

/* Written and durable, and so write-protected by the kernel until the next store. */
static int make_file(int i, struct rmmap_file **file)
{
        struct rmmap_options options = options_of(i);
        struct rmmap_info info = RMMAP_INFO_INIT;

        options.flags |= RMMAP_POPULATE;
        child_is(rmmap_create(path_of(i), SIZE, &options, file), 0);
        child_is(rmmap_raw_fill(*file, 'a'), 0);
        child_is(rmmap_sync_all(*file), 0);
        child_is(rmmap_raw_write(*file, 5, "warm", 4), 0);
        child_is(rmmap_sync_all(*file), 0);
        child_is(rmmap_describe(*file, &info), 0);
        child_expect(info.facts & RMMAP_FACT_RESERVED);
        child_expect(info.engine == options.engine);
        return 0;
}

static int set_immutable(const char *path, bool immutable)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC), flags;

        child_is(ioctl(fd, IOCTL_REQUEST(FS_IOC_GETFLAGS), &flags), 0);
        flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
        child_is(ioctl(fd, IOCTL_REQUEST(FS_IOC_SETFLAGS), &flags), 0);
        close(fd);
        return 0;
}

static int lose(const struct loss *loss)
{
        uint32_t how = SHUTDOWN_NO_LOG;
        int fd = open(place, O_RDONLY | O_CLOEXEC);

        if (loss->shuts_down)
                child_is(ioctl(fd, IOCTL_REQUEST(SHUTDOWN), &how), 0);
        else
                for (int i = 0; i < FILES; i++)
                        child_is(set_immutable(path_of(i), true), 0);
        close(fd);
        return 0;
}

/* In a body: the call returns the error, or 0 where the kernel accepts stores. */
#define child_tells(call)                                                                          \
        do {                                                                                       \
                int child_told = (call);                                                           \
                if (child_told != 0 || loss->stored != 0)                                          \
                        child_is(child_told, loss->error);                                         \
        } while (0)

static int write_everything(struct rmmap_file *file, int i, const struct loss *loss)
{
        size_t length = length_of(i);
        struct rmmap_range range;
        uint64_t done = 0;
        int source = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        unsigned char *found = malloc(MIB);

        for (int step = 0; step < 8; step++) {
                uint64_t offset = offset_of(i, step);

                child_tells(rmmap_raw_write(file, offset, data, length));
                child_is(rmmap_raw_read(file, offset, found, length, NULL), 0);
        }
        child_is(rmmap_allocate(file, MIB, &range), 0);
        child_tells(rmmap_write_range(file, range, data, MIB, NULL));
        child_tells(rmmap_write_within(file, range, 4096, data, 64));
        child_tells(rmmap_write_range_durable(file, range, data, MIB, NULL));
        child_tells(rmmap_write_range_from_fd(file, range, source, &done, NULL));
        child_expect(done == 0 || loss->stored == 0);
        child_tells(rmmap_raw_fill(file, 1));
        child_tells(rmmap_raw_zero(file));
        free(found);
        close(source);
        return 0;
}

static int store(void *arg)
{
        ((volatile unsigned char *)arg)[3 * MIB] = 1;
        return 0;
}

static int guard_a_store(struct rmmap_file *file, int error)
{
        void *bytes;

        child_is(rmmap_raw_data(file, &bytes), 0);
        child_is(rmmap_guard_call(file, store, bytes, NULL), error);
        return 0;
}

static int use_files(struct rmmap_file **files, const struct loss *loss)
{
        for (int i = 0; i < FILES; i++)
                child_is(make_file(i, &files[i]), 0);
        child_is(lose(loss), 0);
        child_is(guard_a_store(files[1], loss->stored), 0);
        for (int i = 0; i < FILES; i++) {
                child_is(write_everything(files[i], i, loss), 0);
        }
        return 0;
}

static int lose_it(void *arg)
{
        const struct loss *loss = arg;
        struct rmmap_file *files[FILES] = {NULL};
        int bad;

        if (!make_place(loss))
                return CHILD_SKIPPED;
        bad = use_files(files, loss);
        for (int i = 0; i < FILES; i++) {
                if (!loss->shuts_down)
                        bad += set_immutable(path_of(i), false);
                rmmap_release(files[i]);
        }
        umount2(place, MNT_DETACH);
        return bad;
}

START_TEST(a_loss_is_told)
{
        FLOOR_LACKS("reservation of space");
        memset(data, 'b', sizeof(data));
        ck_child(lose_it, (void *)(uintptr_t)&losses[_i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("unwritable");
        TCase *core = tcase_create("core");

        if (geteuid() != 0)
                test_skip_all("file systems can be mounted by root only");
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, a_loss_is_told, 0, (int)(sizeof(losses) / sizeof(losses[0])));
        suite_add_tcase(suite, core);
        test_deepen_stack();
        return test_run(suite);
}
