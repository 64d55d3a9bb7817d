/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Makes the files that rmmap info tells more about: of "recorded", whose side file "side" has 3 of
 * 5 blocks; and of "shared", whose state file "state" has 12288 bytes handed out, and grows.
 */
#include <rmmap.h>
#include <stdio.h>
#include <string.h>

static int make_side_file(void)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        static const char data[3 * RMMAP_ALIGNMENT];
        struct rmmap_range range;
        struct rmmap_file *file;
        int error;

        checkpoint.path = "side";
        checkpoint.identity = "a\tjob";
        checkpoint.identity_length = strlen(checkpoint.identity);
        options.checkpoint = &checkpoint;
        error = rmmap_create("recorded", 5 * RMMAP_ALIGNMENT, &options, &file);
        if (error)
                return error;
        error = rmmap_allocate(file, sizeof(data), &range);
        if (!error)
                error = rmmap_write_range_durable(file, range, data, sizeof(data), NULL);
        rmmap_release(file);
        return error;
}

static int make_state_file(void)
{
        struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;
        struct rmmap_file *file;
        int error;

        config.path = "state";
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        options.max_size = 64 * RMMAP_ALIGNMENT;
        error = rmmap_create("shared", 5 * RMMAP_ALIGNMENT, &options, &file);
        if (error)
                return error;
        error = rmmap_allocate(file, 3 * RMMAP_ALIGNMENT, &range);
        if (!error)
                error = rmmap_sync_all(file);
        rmmap_release(file);
        return error;
}

int main(void)
{
        int error = make_side_file();

        if (!error)
                error = make_state_file();
        if (error)
                fprintf(stderr, "states: %s\n", strerror(-error));
        return error != 0;
}
