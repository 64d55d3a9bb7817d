/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opening an existing file, by name or from a descriptor. */
#include <errno.h>

#include "allocator-shared.h"
#include "checkpoint.h"
#include "file.h"
#include "os/os.h"

static int lock_as_asked(int fd, const struct rmmap_options *options, bool *locked)
{
        int err = file_lock_take(fd, options_want_lock(options) ? FILE_LOCK_EXCLUSIVE
                                                                : FILE_LOCK_SHARED);

        *locked = err == 0;
        return err == -EOPNOTSUPP && !options_want_lock(options) ? 0 : err;
}

/* Under the lock no cooperating process can change the size. */
static int check_size(int fd, const struct rmmap_options *options, uint64_t *size)
{
        int err = storage_size(fd, size);

        if (err != 0)
                return err;
        if (*size == 0)
                return -ENODATA;
        return (options->flags & RMMAP_READ_ONLY) ? 0 : storage_check_limit(*size);
}

/* The handle owns fd from now on; on failure fd is closed. */
static int open_locked(int fd, bool locked, bool errors_shared, const struct rmmap_options *options,
                       struct rmmap_file **file)
{
        struct rmmap_file *fresh;
        bool alone = locked && options_want_lock(options);
        uint64_t size;
        int err = check_size(fd, options, &size);

        if (err == 0)
                err = file_new(options, size, size, &fresh);
        if (err != 0) {
                file_lock_close(fd, locked);
                return err;
        }
        fresh->os.errors_shared = errors_shared;
        err = file_attach(fresh, fd, locked, alone);
        if (err == 0)
                err = checkpoint_open(fresh, options, size);
        if (err == 0)
                err = file_map(fresh, options,
                               storage_is_reserved(fd, &fresh->os.file_system, size));
        if (err != 0) {
                checkpoint_undo(fresh);
                if (alone)
                        allocator_shared_undo(&fresh->allocator);
                file_free(fresh);
                return err;
        }
        *file = fresh;
        return 0;
}

static int open_named(const struct path_request *request, const struct rmmap_options *options,
                      struct rmmap_file **file)
{
        for (int tries = 0; tries < PATH_NAME_TRIES; tries++) {
                uint64_t size;
                bool locked;
                int fd, err = path_open(request, &fd);

                if (err != 0)
                        return err;
                err = storage_size(fd, &size); /* a file that can't be mapped isn't locked either */
                if (err == 0)
                        err = lock_as_asked(fd, options, &locked);
                if (err != 0) {
                        storage_close(fd);
                        return err;
                }
                if (path_names(request, fd))
                        return open_locked(fd, locked, false, options, file);
                file_lock_close(fd, locked);
        }
        return -EBUSY;
}

int rmmap_open(const char *path, const struct rmmap_options *given, struct rmmap_file **file)
{
        struct path_request request = {.path = path};
        struct rmmap_options options;
        int before, err;

        if (path == NULL || file == NULL)
                return -EINVAL;
        err = options_read(&options, given, OPTIONS_OPEN);
        if (err != 0)
                return err;
        request.read_only = (options.flags & RMMAP_READ_ONLY) != 0;
        request.no_follow = (options.flags & RMMAP_NO_FOLLOW) != 0;
        before = cancellation_off();
        err = open_named(&request, &options, file);
        PROBE4(open, err == 0 ? *file : NULL, path, err == 0 ? file_size(*file) : 0, err);
        cancellation_restore(before);
        return err;
}

int file_open_again(int fd, const struct rmmap_options *given, struct rmmap_file **file)
{
        struct rmmap_options options;
        bool shared = false, locked = false;
        int mine = -1, before, err;

        if (file == NULL)
                return -EINVAL;
        err = options_read(&options, given, OPTIONS_OPEN_FD);
        if (err != 0)
                return err;
        /* Only holders of a descriptor can write a file without a name: hand it out. */
        if (!storage_has_name(fd))
                options.flags |= RMMAP_REWRITE;
        before = cancellation_off();
        err = path_reopen(fd, (options.flags & RMMAP_READ_ONLY) != 0, &mine, &shared);
        if (err == 0) {
                /* A shared description shares its lock: leave the caller's lock alone. */
                if (!shared)
                        err = lock_as_asked(mine, &options, &locked);
                else if (options_want_lock(&options))
                        err = -EOPNOTSUPP;
                if (err == 0)
                        err = open_locked(mine, locked, shared, &options, file);
                else
                        storage_close(mine);
        }
        PROBE4(open_fd, err == 0 ? *file : NULL, fd, err == 0 ? file_size(*file) : 0, err);
        cancellation_restore(before);
        return err;
}
