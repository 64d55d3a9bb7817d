/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Creating a file. What needs only the size is prepared before the file is touched; the file is
 * touched only under the exclusive lock, so that nobody's mapping is truncated under him.
 */
#include <errno.h>

#include "file.h"
#include "os/os.h"

struct creation {
        struct path_request request;
        const struct rmmap_options *options;
        int fd;
        bool made;    /* by this call, so a failure removes it */
        bool locked;  /* exclusively */
        bool emptied; /* what an older file held is gone */
};

/* 0 with the lock, or without where files can't be locked and nobody asked for it. */
static int lock_exclusively(struct creation *creation)
{
        /* Who opens a file that was only just made finds it empty, and is gone at once. */
        int err = creation->made ? file_lock_outlast(creation->fd)
                                 : file_lock_take(creation->fd, FILE_LOCK_EXCLUSIVE);

        creation->locked = err == 0;
        return err == -EOPNOTSUPP && !options_want_lock(creation->options) ? 0 : err;
}

/* Only what this call made, only while nobody else can have it, only if the name is still its. */
static void remove_made(const struct creation *creation)
{
        if (creation->made && path_names(&creation->request, creation->fd))
                path_remove(&creation->request);
}

static int open_and_lock(struct creation *creation)
{
        uint64_t ignored;
        int err = path_create(&creation->request, &creation->fd, &creation->made);

        if (err != 0)
                return err;
        err = storage_size(creation->fd, &ignored);
        if (err == 0)
                err = lock_exclusively(creation);
        if (err != 0) /* without the lock it may be another creator's by now: it stays */
                storage_close(creation->fd);
        return err;
}

/* Between our open and our lock the name may have been given to another file. */
static int take_name(struct creation *creation)
{
        for (int tries = 0; tries < PATH_NAME_TRIES; tries++) {
                int err = open_and_lock(creation);

                if (err != 0 || path_names(&creation->request, creation->fd))
                        return err;
                file_lock_close(creation->fd, creation->locked);
        }
        return -EBUSY;
}

/* What can't work whatever space there is must be refused while an older file is still whole. */
static int check_engine(const struct rmmap_file *file, const struct rmmap_options *options)
{
        bool may_reserve = file->os.file_system.reservation == RESERVES_BY_MAP ||
                           (file->os.file_system.reservation != RESERVES_NOTHING &&
                            !(options->flags & RMMAP_NO_PREALLOCATE));
        struct engine engine;

        return file_choose_engine(file, options, may_reserve, &engine);
}

/* To nothing and to its size; to a larger size first, since that is what may be refused. */
static int resize(struct rmmap_file *file, struct creation *creation)
{
        uint64_t before;
        int err = storage_size(file->os.fd, &before);

        if (err == 0 && file->config.size > before)
                err = storage_resize(file->os.fd, file->config.size);
        if (err != 0)
                return err;
        creation->emptied = true;
        err = storage_resize(file->os.fd, 0);
        return err != 0 ? err : storage_resize(file->os.fd, file->config.size);
}

/* Gives the file its size and space. *reserved: it really has the space. */
static int fill(struct rmmap_file *file, struct creation *creation, bool *reserved)
{
        enum reservation reservation = file->os.file_system.reservation;
        int err = check_engine(file, creation->options);

        if (err == 0)
                err = resize(file, creation);
        *reserved = reservation == RESERVES_BY_MAP;
        if (err != 0 || (creation->options->flags & RMMAP_NO_PREALLOCATE))
                return err;
        err = storage_reserve(file->os.fd, file->config.size);
        if (err == -EOPNOTSUPP)
                return 0;
        if (err == 0 && reservation != RESERVES_NOTHING)
                *reserved = true;
        return err;
}

/*
 * Going down to the shared lock lets go for a moment. Who came in between has the file now, which
 * shows by his lock or by another size.
 */
static int share_lock(struct rmmap_file *file, struct creation *creation)
{
        uint64_t size;
        int err;

        if (!creation->locked || options_want_lock(creation->options))
                return 0;
        creation->locked = false;
        err = file_lock_take(file->os.fd, FILE_LOCK_SHARED);
        if (err == 0)
                err = storage_size(file->os.fd, &size);
        if (err == 0 && size != file->config.size)
                err = -EBUSY;
        return err;
}

static int make(struct rmmap_file *file, struct creation *creation)
{
        bool reserved;
        int err = take_name(creation);

        if (err != 0)
                return err;
        file->config.created = true;
        err = file_attach(file, creation->fd, creation->locked);
        if (err == 0)
                err = fill(file, creation, &reserved);
        if (err == 0)
                err = file_map(file, creation->options, reserved);
        if (err == 0) {
                /* No directory is told by describe; the data can be made durable all the same. */
                file->os.directory = path_open_directory(&creation->request, file->os.fd);
                if (file->os.directory < 0) {
                        file->os.directory = -1;
                        atomic_store_explicit(&file->sync.entry_unsynced, true,
                                              memory_order_relaxed);
                }
                atomic_store_explicit(&file->sync.entry_pending, true, memory_order_relaxed);
                err = share_lock(file, creation);
                if (err == 0)
                        return 0;
        }
        if (creation->emptied && !creation->made && creation->locked)
                (void)storage_resize(file->os.fd, 0); /* give back what was reserved */
        if (creation->locked)
                remove_made(creation);
        return err;
}

int rmmap_create(const char *path, uint64_t size, const struct rmmap_options *given,
                 struct rmmap_file **file)
{
        struct rmmap_options options;
        struct rmmap_file *fresh;
        struct creation creation = {.options = &options, .fd = -1};
        int before, err;

        if (path == NULL || file == NULL)
                return -EINVAL;
        err = options_read(&options, given, OPTIONS_CREATE);
        if (err != 0)
                return err;
        if (size == 0)
                return -EINVAL;
        err = storage_check_limit(size);
        if (err != 0)
                return err;
        before = cancellation_off();
        creation.request.path = path;
        creation.request.mode = options.mode;
        creation.request.must_create = (options.flags & RMMAP_MUST_CREATE) != 0;
        creation.request.no_follow = (options.flags & RMMAP_NO_FOLLOW) != 0;
        err = file_new(&options, size, false, &fresh);
        if (err == 0) {
                err = make(fresh, &creation);
                if (err == 0)
                        *file = fresh;
                else
                        file_free(fresh);
        }
        PROBE4(create, err == 0 ? *file : NULL, path, size, err);
        cancellation_restore(before);
        return err;
}
