/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap_publish. The steps, in this order: look at everything that can be wrong; with the exclusive
 * lock, seal the handle and cut the file; make it durable; give it its name; make the directories
 * durable. Until it has its name, path leads to what it led to before. RMMAP_PUBLISH_NO_SYNC leaves
 * out the two steps that make something durable; sealing still gives the file what its mapping has.
 */
#include <errno.h>

#include "alone.h"
#include "checkpoint.h"
#include "file.h"
#include "os/os.h"
#include "sync-exec.h"

struct publication {
        struct entry target;
        bool replace, durable;
        bool there; /* path leads to the file already */
};

/* ---- what can be wrong */

static int check(const struct rmmap_file *file, uint64_t size, uint32_t flags)
{
        if (file_forked(file))
                return -EPERM;
        if (file->publish.published || (file->config.read_only && !file->publish.sealed))
                return -EROFS;
        if (flags & ~(RMMAP_PUBLISH_NO_REPLACE | RMMAP_PUBLISH_NO_SYNC))
                return -EOPNOTSUPP;
        /* The side file must not go before the new name is durable. */
        if (!file->config.created || ((flags & RMMAP_PUBLISH_NO_SYNC) && file->checkpoint != NULL))
                return -EINVAL;
        if (size > file_size(file))
                return -ERANGE;
        if (sync_error(file) == 0 && file->checkpoint != NULL &&
            !checkpoint_covers(file->checkpoint, size))
                return -ENODATA;
        return sync_error(file);
}

/* Does the name that the file got at its creation still lead to it? */
static int check_own_name(const struct rmmap_file *file)
{
        int err = file->os.entry.name == NULL ? 0 : entry_check(&file->os.entry, file->os.fd);

        return err == -ENOENT || err == -ENOTDIR || err == -EISDIR ? -ESTALE : err;
}

static int look(const struct rmmap_file *file, struct publication *publication)
{
        int err = check_own_name(file);

        if (err != 0)
                return err;
        err = entry_check(&publication->target, file->os.fd);
        publication->there = err == 0;
        if (err == -ESTALE)
                return publication->replace ? 0 : -EEXIST;
        return err == -ENOENT ? 0 : err;
}

/* ---- cutting it */

void file_seal(struct rmmap_file *file)
{
        file->publish.sealed = true;
        file->config.read_only = true;
        file->config.populated = false;
        file->bump = NULL;
        mapping_free(&file->os.mapping);
        page_state_destroy(&file->io.page_state);
        page_state_destroy(&file->io.read_state);
        unwritten_destroy(&file->sync.unwritten);
        atomic_store_explicit(&file->io.huge_pages, false, memory_order_relaxed);
        file->config.engine =
                (struct engine){.chosen = RMMAP_ENGINE_PWRITE, .reason = "sealed by rmmap_publish"};
}

static int seal_and_cut(struct rmmap_file *file, uint64_t size)
{
        uint64_t before;
        int err = storage_size(file->os.fd, &before);

        if (err == 0 && before != file_size(file))
                err = -ESTALE;
        if (err == 0 && !file->publish.sealed)
                err = sync_settle(file);
        if (err != 0)
                return err;
        if (!file->publish.sealed)
                file_seal(file);
        if (size != before)
                err = storage_resize(file->os.fd, size);
        if (err == 0)
                atomic_store_explicit(&file->growth.size, size, memory_order_release);
        return err;
}

/* The exclusive lock shows that no other handle has the file; nobody else then loses its pages. */
static int cut(struct rmmap_file *file, uint64_t size)
{
        int err = alone_lock(file);

        if (err == 0)
                err = seal_and_cut(file, size);
        /* Readers of the new name may open it: it must not be locked then. */
        return alone_unlock(file, err, false);
}

/* ---- naming it */

/* The file has this entry now, which isn't the one that it was asked to have. */
static void take_hidden(struct rmmap_file *file, struct publication *publication, char *name)
{
        file->os.entry.name = name;
        file->os.entry.directory = publication->target.directory;
        file->publish.temporary = true;
}

/* Its first name. One that replaces another needs a hidden one before, in the same directory. */
static int link_first(struct rmmap_file *file, struct publication *publication)
{
        struct entry hidden = publication->target;
        int err = unnamed_link(file->os.fd, &publication->target);

        if (err != -EEXIST || !publication->replace)
                return err;
        err = entry_hidden_name(&publication->target, &hidden.name);
        if (err != 0)
                return err;
        err = unnamed_link(file->os.fd, &hidden);
        if (err != 0) {
                memory_free(hidden.name);
                return err;
        }
        take_hidden(file, publication, hidden.name);
        return entry_rename(&hidden, &publication->target, true);
}

/* from is a name that nobody will use again, even if a crash leaves it behind. */
static int link_and_remove(const struct entry *from, struct publication *publication, int fd)
{
        int err = entry_link(from, &publication->target);

        if (err == 0)
                entry_remove(from);
        if (err != -EOPNOTSUPP)
                return err;
        err = entry_check(&publication->target, fd);
        return err == -ENOENT               ? entry_rename(from, &publication->target, true)
               : err == 0 || err == -ESTALE ? -EEXIST
                                            : err;
}

/*
 * Where rename can't refuse to replace. The program's own temporary name is given up first: if a
 * crash left it beside the final one, the next run would create its file over the published one.
 */
static int rename_by_link(struct rmmap_file *file, struct publication *publication)
{
        struct entry hidden = publication->target;
        int err;

        if (file->publish.temporary)
                return link_and_remove(&file->os.entry, publication, file->os.fd);
        err = entry_hidden_name(&publication->target, &hidden.name);
        if (err != 0)
                return err;
        err = entry_rename(&file->os.entry, &hidden, true);
        if (err == 0) {
                err = link_and_remove(&hidden, publication, file->os.fd);
                if (err != 0)
                        (void)entry_rename(&hidden, &file->os.entry, true);
        }
        memory_free(hidden.name);
        return err;
}

static int give_name(struct rmmap_file *file, struct publication *publication)
{
        int err;

        if (publication->there)
                return 0;
        if (file->os.entry.name == NULL)
                return link_first(file, publication);
        err = entry_rename(&file->os.entry, &publication->target, publication->replace);
        return err == -EOPNOTSUPP && !publication->replace ? rename_by_link(file, publication)
                                                           : err;
}

/* The new name first: a file system without a journal might otherwise lose both. */
static int sync_names(struct rmmap_file *file, const struct publication *publication,
                      const struct entry *before)
{
        bool moved = before->name != NULL && !publication->there &&
                     !entry_is_beside(before, &file->os.entry);
        int err = sync_directory(file, &file->os.entry);

        if (err == 0 && moved)
                err = sync_directory(file, before);
        if (err == 0)
                atomic_store_explicit(&file->sync.entry_pending, false, memory_order_relaxed);
        return err;
}

/* The file has its new name. Without a sync here, the next one makes that name durable. */
static int take_name(struct rmmap_file *file, struct publication *publication)
{
        struct entry before = file->os.entry;
        int err = 0;

        file->os.entry = publication->target;
        file->publish.temporary = false;
        if (publication->durable)
                err = sync_names(file, publication, &before);
        else
                atomic_store_explicit(&file->sync.entry_pending, true, memory_order_relaxed);
        publication->target = before;
        return err;
}

static int publish(struct rmmap_file *file, struct publication *publication, uint64_t size)
{
        int err = look(file, publication);

        if (err == 0)
                err = cut(file, size);
        if (err == 0 && publication->durable)
                err = sync_content(file);
        if (err == 0)
                err = give_name(file, publication);
        if (err == 0)
                err = take_name(file, publication);
        if (err == 0 && file->checkpoint != NULL)
                err = checkpoint_finish(file);
        file->publish.published = err == 0;
        return err;
}

/* ---- the call */

static int publish_at(struct rmmap_file *file, const char *path, uint64_t size, uint32_t flags)
{
        struct publication publication = {
                .target = NO_ENTRY,
                .replace = !(flags & RMMAP_PUBLISH_NO_REPLACE),
                .durable = !(flags & RMMAP_PUBLISH_NO_SYNC),
        };
        int err = entry_at(path, &publication.target);

        if (err != 0)
                return err;
        err = publish(file, &publication, size);
        /* A hidden name that stays uses the same descriptor. */
        if (publication.target.directory == file->os.entry.directory)
                publication.target.directory = -1;
        entry_free(&publication.target);
        return err;
}

int rmmap_publish(struct rmmap_file *file, const char *path, uint64_t size, uint32_t flags)
{
        int before, err;

        if (file == NULL || path == NULL)
                return -EINVAL;
        err = check(file, size, flags);
        if (err != 0)
                return err;
        if (!alone_enter(file))
                return -EBUSY;
        before = cancellation_off();
        err = publish_at(file, path, size, flags);
        alone_leave(file);
        PROBE4(publish, file, path, size, err);
        cancellation_restore(before);
        return err;
}

void file_remove_temporary(const struct rmmap_file *file)
{
        if (file->os.entry.name != NULL && entry_check(&file->os.entry, file->os.fd) == 0)
                entry_remove(&file->os.entry);
}
