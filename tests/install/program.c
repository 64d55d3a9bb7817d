/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Somebody's first program, built against what is installed. */
#include <rmmap.h>
#include <stdio.h>
#include <string.h>

static int write_and_sync(struct rmmap_file *file)
{
        static const char text[RMMAP_ALIGNMENT] = "installed";
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        int err = rmmap_allocate(file, sizeof(text), &range);

        if (err == 0)
                err = rmmap_write_range(file, range, text, sizeof(text), &receipt);
        if (err == 0)
                err = rmmap_sync_range(file, receipt);
        return err;
}

int main(int argc, char **argv)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;
        int err;

        if (argc != 2 || rmmap_version() != RMMAP_VERSION)
                return 2;
        options.flags = RMMAP_CATCH_FAULTS;
        err = rmmap_create(argv[1], 1 << 20, &options, &file);
        if (err == 0) {
                err = write_and_sync(file);
                rmmap_release(file);
        }
        if (err != 0) {
                fprintf(stderr, "%s: %s\n", argv[1], strerror(-err));
                return 1;
        }
        printf("%s\n", RMMAP_VERSION_STRING);
        return 0;
}
