/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Creating a file. Everything that needs only the size is prepared before the file is touched. The
 * file is changed only under the exclusive lock, so that no mapping of another handle is truncated.
 */
#include <errno.h>

#include "allocator-shared.h"
#include "checkpoint.h"
#include "create.h"
#include "os/os.h"

/*
 * 0 with the lock; also 0 without it where files can't be locked and the caller didn't ask for a
 * lock.
 */
static int lock_exclusively(struct creation *creation)
{
        /*
         * Another process that opens a file made just now finds it empty and closes it soon: wait
         * for that.
         */
        int err = creation_keeps(creation) ? keep_lock(creation)
                                           : file_lock_wait(creation->fd, FILE_LOCK_EXCLUSIVE,
                                                            creation->made ? LOCK_TRIES_SHORT : 0);

        creation->locked = err == 0;
        return err == -EOPNOTSUPP && !options_want_lock(creation->options) ? 0 : err;
}

void creation_remove_made(const struct creation *creation)
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
        if (err != 0) /* not locked: another creator may have the file by now, so it stays */
                storage_close(creation->fd);
        return err;
}

/* Between opening and locking, another process may give the name to a different file: try again. */
int creation_take_name(struct creation *creation)
{
        for (int tries = 0; tries < PATH_NAME_TRIES; tries++) {
                int err = open_and_lock(creation);

                if (err != 0 || path_names(&creation->request, creation->fd))
                        return err;
                file_lock_close(creation->fd, creation->locked);
        }
        return -EBUSY;
}

/* A file without a name; where there are none, one with a hidden temporary name. */
static int open_unnamed(struct rmmap_file *file, struct creation *creation)
{
        int err = unnamed_create(&creation->request, &creation->fd);

        if (err == 0) {
                err = lock_exclusively(creation);
                if (err != 0)
                        storage_close(creation->fd);
        }
        if (err != -EOPNOTSUPP)
                return err;
        err = path_hidden_in(&creation->request, &creation->hidden);
        if (err != 0)
                return err;
        creation->request.path = creation->hidden;
        creation->request.must_create = true;
        file->publish.temporary = true;
        err = creation_take_name(creation);
        if (err != 0 && creation->made)
                path_remove(&creation->request);
        return err;
}

int creation_check_engine(const struct rmmap_file *file, const struct rmmap_options *options)
{
        bool may_reserve = file->os.file_system.reservation == RESERVES_BY_MAP ||
                           (file->os.file_system.reservation != RESERVES_NOTHING &&
                            !(options->flags & RMMAP_NO_PREALLOCATE));
        struct engine engine;

        return file_choose_engine(file, options, may_reserve, &engine);
}

/*
 * Truncates to nothing and extends to the size. Tries to enlarge first, because that may fail while
 * the old content is still there. Windows refuses to truncate a file that another program maps. A
 * shared state starts anew while the file is empty: if this call gets no further, KEEP does that.
 */
static int resize(struct rmmap_file *file, struct creation *creation)
{
        bool sparse = (creation->options->flags & RMMAP_NO_PREALLOCATE) != 0;
        uint64_t before;
        int err = storage_size(file->os.fd, &before);

        if (err == 0 && before == 0)
                storage_set_sparse(file->os.fd, sparse);
        if (err == 0 && file_size(file) > before)
                err = storage_resize(file->os.fd, file_size(file));
        if (err != 0)
                return err;
        err = storage_resize(file->os.fd, 0);
        if (err != 0) {
                if (file_size(file) > before)
                        (void)storage_resize(file->os.fd, before);
                return err;
        }
        creation->emptied = true;
        storage_set_sparse(file->os.fd, sparse);
        err = allocator_shared_restart(&file->allocator, file->os.fd);
        return err != 0 ? err : storage_resize(file->os.fd, file_size(file));
}

/* Gives the file its size and disk space. *reserved: every byte has its disk space now. */
static int fill(struct rmmap_file *file, struct creation *creation, bool *reserved)
{
        enum reservation reservation = file->os.file_system.reservation;
        int err = creation_check_engine(file, creation->options);

        if (err == 0)
                err = resize(file, creation);
        *reserved = reservation == RESERVES_BY_MAP;
        if (err != 0 || (creation->options->flags & RMMAP_NO_PREALLOCATE))
                return err;
        err = storage_reserve(file->os.fd, &file->os.file_system, file_size(file), reserved);
        return err == -EOPNOTSUPP ? 0 : err;
}

int creation_share_lock(struct rmmap_file *file, struct creation *creation)
{
        uint64_t size;
        int err;

        if (!creation_is_alone(creation) || options_want_lock(creation->options))
                return 0;
        creation->locked = false;
        /* Between the two locks another process may test whether this file is locked. */
        err = file_lock_downgrade(file->os.fd, creation_keeps(creation) ? LOCK_TRIES
                                               : creation->made         ? LOCK_TRIES_SHORT
                                                                        : 0);
        if (err == 0)
                err = storage_size(file->os.fd, &size);
        if (err == 0 &&
            (creation_keeps(creation) ? size < file_size(file) : size != file_size(file)))
                err = -EBUSY;
        return err;
}

int creation_find_entry(struct rmmap_file *file, const struct creation *creation)
{
        bool named = !(creation->options->flags & RMMAP_UNNAMED) || creation->hidden != NULL;
        int err = named ? entry_find(&creation->request, file->os.fd, &file->os.entry) : 0;

        if (named && file->os.entry.directory < 0)
                atomic_store_explicit(&file->sync.entry_unsynced, true, memory_order_relaxed);
        atomic_store_explicit(&file->sync.entry_pending, true, memory_order_relaxed);
        return err;
}

static int make(struct rmmap_file *file, struct creation *creation)
{
        bool reserved;
        int err = creation->options->flags & RMMAP_UNNAMED ? open_unnamed(file, creation)
                                                           : creation_take_name(creation);

        if (err != 0)
                return err;
        file->config.created = file->config.blank = true;
        file->config.made = creation->made || (creation->options->flags & RMMAP_UNNAMED);
        err = file_attach(file, creation->fd, creation->locked, creation_is_alone(creation));
        if (err == 0)
                err = checkpoint_open(file, creation->options, 0);
        if (err == 0)
                err = fill(file, creation, &reserved);
        if (err == 0)
                err = file_map(file, creation->options, reserved);
        if (err == 0)
                err = creation_find_entry(file, creation);
        if (err == 0)
                err = creation_share_lock(file, creation);
        if (err == 0)
                return 0;
        checkpoint_undo(file);
        mapping_free(&file->os.mapping); /* Windows neither cuts nor removes a mapped file */
        if (creation->emptied && !creation->made && creation->locked)
                (void)storage_resize(file->os.fd, 0); /* free the reserved space */
        /* Nobody else is to have the file, or the name was this call's to make. */
        if (creation->locked || creation->hidden != NULL ||
            (creation->options->flags & RMMAP_MUST_CREATE)) {
                allocator_shared_undo(&file->allocator);
                creation_remove_made(creation);
        }
        return err;
}

static int create(struct creation *creation, struct rmmap_file **file)
{
        struct rmmap_file *fresh;
        int err = file_new(creation->options, creation->size, 0, &fresh);

        if (err != 0)
                return err;
        err = make(fresh, creation);
        if (err == 0)
                *file = fresh;
        else
                file_free(fresh);
        return err;
}

int rmmap_create(const char *path, uint64_t size, const struct rmmap_options *given,
                 struct rmmap_file **file)
{
        struct rmmap_options options;
        struct creation creation = {.options = &options, .size = size, .fd = -1};
        int before, err;

        if (path == NULL || file == NULL)
                return -EINVAL;
        err = options_read(&options, given, OPTIONS_CREATE);
        if (err != 0)
                return err;
        if (size == 0 || ((options.flags & RMMAP_REWRITE) && !(options.flags & RMMAP_KEEP)))
                return -EINVAL;
        err = storage_check_limit(size);
        if (err != 0)
                return err;
        before = cancellation_off();
        creation.request.path = path;
        creation.request.mode = options.mode;
        creation.request.must_create = (options.flags & RMMAP_MUST_CREATE) != 0;
        creation.request.no_follow = (options.flags & RMMAP_NO_FOLLOW) != 0;
        err = (options.flags & RMMAP_KEEP) ? keep(&creation, file) : create(&creation, file);
        memory_free(creation.hidden);
        PROBE4(create, err == 0 ? *file : NULL, path, size, err);
        cancellation_restore(before);
        return err;
}
