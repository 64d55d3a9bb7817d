/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A memfd whose owner seals it before or after a handle is made. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

/* Linux 5.1; older headers lack the name. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define MIB ((size_t)1 << 20)
#define SIZE (4 * MIB)

static unsigned char data[MIB];

static int make(bool filled)
{
        int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ftruncate(fd, (off_t)SIZE), 0);
        for (size_t at = 0; filled && at < SIZE; at += MIB)
                ck_assert_int_eq(pwrite(fd, data, MIB, (off_t)at), (ssize_t)MIB);
        return fd;
}

static bool seal(int fd, int seals)
{
        if (fcntl(fd, F_ADD_SEALS, seals) == 0)
                return true;
        skip_part("the kernel knows no such seal");
        return false;
}

/* In order and at random, small and large; then back on each path. */
static void write_all(struct rmmap_file *file, int want)
{
        static const size_t lengths[] = {64, MIB};
        unsigned char *found = malloc(MIB);
        struct rmmap_range range;
        int source = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        uint64_t done = 0;

        for (size_t i = 0; i < 2; i++)
                for (size_t step = 0; step < 8; step++) {
                        uint64_t at = (i ? step * 3 % 4 : step) * MIB;

                        memset(data, 'a' + (int)step, MIB);
                        ck_is(rmmap_raw_write(file, at, data, lengths[i]), want);
                        ck_ok(rmmap_raw_read(file, at, found, lengths[i], NULL));
                        if (want == 0)
                                ck_assert_mem_eq(found, data, lengths[i]);
                        if (!i && step == 3)
                                break;
                }
        ck_ok(rmmap_allocate(file, MIB, &range));
        ck_is(rmmap_write_range(file, range, data, MIB, NULL), want);
        ck_is(rmmap_write_within(file, range, 5, data, 64), want);
        ck_is(rmmap_write_range_durable(file, range, data, MIB, NULL), want);
        ck_is(rmmap_write_range_from_fd(file, range, source, &done, NULL), want);
        ck_is(rmmap_raw_fill(file, 'f'), want);
        close(source);
        free(found);
}

/* An existing mapping can still be stored to; with RMMAP_ENGINE_PWRITE writes fail. */
START_TEST(sealed_later)
{
        FLOOR_LACKS("seals of a descriptor");
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_MAP,
                                           RMMAP_ENGINE_PWRITE};
        uint32_t engine = engines[_i / 2];
        struct rmmap_options options =
                test_options(engine == RMMAP_ENGINE_MAP ? RMMAP_CATCH_FAULTS : 0, engine);
        int fd = make(_i % 2);
        struct rmmap_file *file;
        unsigned char last;

        ck_ok(rmmap_open_fd(fd, &options, &file));
        if (seal(fd, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)) {
                write_all(file, engine == RMMAP_ENGINE_PWRITE ? -EPERM : 0);
                ck_assert_int_eq(pread(fd, &last, 1, (off_t)(SIZE - 1)), 1);
                ck_assert_int_eq(last == 'f', engine != RMMAP_ENGINE_PWRITE);
        }
        rmmap_release(file);
        close(fd);
}
END_TEST

START_TEST(sealed_before)
{
        static const int seals[] = {F_SEAL_WRITE | F_SEAL_SHRINK, F_SEAL_FUTURE_WRITE};
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file = UNTOUCHED;
        unsigned char byte = 0;
        int fd;

        memset(data, 'b', MIB);
        fd = make(true);
        if (seal(fd, seals[_i])) {
                ck_is(rmmap_open_fd(fd, NULL, &file), -EPERM);
                ck_assert_ptr_eq(file, UNTOUCHED);
                ck_ok(rmmap_open_fd(fd, &options, &file));
                ck_ok(rmmap_raw_read(file, SIZE - 1, &byte, 1, NULL));
                ck_assert_int_eq(byte, 'b');
                rmmap_release(file);
        }
        close(fd);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("seals");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, sealed_later, 0, 6);
        tcase_add_loop_test(core, sealed_before, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
