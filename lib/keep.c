/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * RMMAP_KEEP: opening a file, or creating it where there is none. A file that another handle has is
 * taken as it is; only that handle, or growth, makes it longer.
 */
#include <errno.h>

#include "allocator-shared.h"
#include "base/checked.h"
#include "checkpoint.h"
#include "create.h"

/*
 * The shared lock, of a file that is long enough. The creator of a shorter one may have been killed
 * before it gave the file its size; whoever gets the exclusive lock then does that, so nobody keeps
 * the shared one while waiting for it.
 */
static int share_whole(struct creation *creation)
{
        int err = file_lock_take(creation->fd, FILE_LOCK_SHARED);
        uint64_t size;

        if (err != 0)
                return err;
        err = storage_size(creation->fd, &size);
        if (err == 0 && size < creation->size)
                err = -EBUSY;
        if (err != 0)
                file_lock_drop(creation->fd);
        return err;
}

int keep_lock(struct creation *creation)
{
        creation->others = false;
        for (unsigned int tries = 0;; tries++) {
                int err = file_lock_take(creation->fd, FILE_LOCK_EXCLUSIVE);

                if (err != -EBUSY || options_want_lock(creation->options))
                        return err;
                err = share_whole(creation);
                if (err != -EBUSY || tries == LOCK_TRIES) {
                        creation->others = err == 0;
                        return err;
                }
                backoff(tries);
        }
}

/* Lets the file have at least the handle's size, and space for all of it, and maps it. */
static int extend_and_map(struct rmmap_file *file, struct creation *creation, uint64_t content)
{
        const struct rmmap_options *options = creation->options;
        bool reserve = !creation->others && !(options->flags & RMMAP_NO_PREALLOCATE);
        uint64_t size = file_size(file);
        bool reserved = false;
        int err = creation_check_engine(file, options);

        file->config.preallocates = reserve;
        if (err == 0 && content == 0)
                storage_set_sparse(file->os.fd, !reserve);
        if (err == 0 && !creation->others)
                err = file_extend(file, 0, size, &creation->before, &creation->after);
        if (err == 0 && reserve)
                err = storage_reserve(file->os.fd, &file->os.file_system, size, &reserved);
        if (err != 0 && err != -EOPNOTSUPP)
                return err;
        return file_map(file, options,
                        reserved || storage_is_reserved(file->os.fd, &file->os.file_system, size));
}

static int finish_keeping(struct rmmap_file *file, struct creation *creation, uint64_t content)
{
        bool alone = creation_is_alone(creation);
        int err = file_attach(file, creation->fd, creation->locked, alone);

        file->config.made = !creation->others && content == 0;
        file->config.created = true;
        file->config.blank = content == 0;
        if (err == 0 && alone && content == 0)
                err = allocator_shared_restart(&file->allocator, file->os.fd);
        if (err == 0)
                err = checkpoint_open(file, creation->options, content);
        if (err == 0)
                err = extend_and_map(file, creation, content);
        if (err != 0)
                return err;
        err = creation_find_entry(file, creation);
        return err != 0 ? err : creation_share_lock(file, creation);
}

/*
 * On failure the file has its old size and content, as far as nobody else can have it. Space that
 * was reserved in its holes stays: nobody knows any more where they were.
 */
static void undo_keeping(const struct creation *creation, const struct rmmap_file *file,
                         uint64_t content)
{
        if (!creation_is_alone(creation))
                return;
        allocator_shared_undo(&file->allocator);
        if (creation->after > creation->before)
                file_cut_back(file, creation->after, creation->before);
        if (content == 0) /* else another call filled what this one had made */
                creation_remove_made(creation);
}

int keep(struct creation *creation, struct rmmap_file **file)
{
        struct rmmap_file *fresh;
        uint64_t content = UINT64_MAX; /* unknown */
        int err = creation_take_name(creation);

        if (err != 0)
                return err;
        err = storage_size(creation->fd, &content);
        if (err == 0)
                err = file_new(creation->options, max_u64(creation->size, content), content,
                               &fresh);
        if (err != 0) {
                if (creation_is_alone(creation) && content == 0)
                        creation_remove_made(creation);
                file_lock_close(creation->fd, creation->locked);
                return err;
        }
        err = finish_keeping(fresh, creation, content);
        if (err == 0) {
                *file = fresh;
                return 0;
        }
        checkpoint_undo(fresh);
        mapping_free(&fresh->os.mapping);
        undo_keeping(creation, fresh, content);
        file_free(fresh);
        return err;
}
