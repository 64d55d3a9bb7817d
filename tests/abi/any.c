/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <unistd.h>

#include "any.h"

union any_struct any;
struct rmmap_file *file;
const char *path;

void set_up(void)
{
        memset(&any, 0, sizeof(any));
        path = test_path("file");
        ck_ok(rmmap_create(path, FILE_SIZE, NULL, &file));
}

void tear_down(void)
{
        file = rmmap_release(file);
}

static struct rmmap_file *got;

static int opened(int result)
{
        ck_assert((got != NULL) == (result == 0));
        got = rmmap_release(got);
        return result;
}

int use_in_create(void)
{
        unlink(test_path("created"));
        return opened(rmmap_create(test_path("created"), FILE_SIZE, &any.options, &got));
}

int use_in_open(void)
{
        return opened(rmmap_open(path, &any.options, &got));
}

int use_in_open_fd(void)
{
        return opened(rmmap_open_fd(rmmap_fd(file), &any.options, &got));
}

int use_ops(void)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = &any.ops;
        return opened(rmmap_open(path, &options, &got));
}

static int use_args_of(const struct rmmap_allocator_ops *ops)
{
        void *state = NULL;
        int result = ops->create(&any.args, &state);

        ck_assert((state != NULL) == (result == 0));
        if (result == 0)
                ops->destroy(state);
        return result;
}

int use_args_sequential(void)
{
        return use_args_of(rmmap_sequential_allocator());
}

int use_args_concurrent(void)
{
        return use_args_of(rmmap_concurrent_allocator());
}

void fill_options(void)
{
        any.options = (struct rmmap_options)RMMAP_OPTIONS_INIT;
}

void fill_ops(void)
{
        any.ops = *rmmap_concurrent_allocator();
}

void fill_args(void)
{
        any.args = (struct rmmap_allocator_args){sizeof(any.args), NULL, 0, FILE_SIZE,
                                                 RMMAP_ALIGNMENT,  0};
}
