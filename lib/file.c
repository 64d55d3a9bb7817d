/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The life of a handle, for every kind of create and open. */
#include <errno.h>
#include <string.h>

#include "allocator-shared.h"
#include "base/checked.h"
#include "base/sync-annotations.h"
#include "checkpoint.h"
#include "file.h"
#include "memcpy-nt.h"
#include "os/os.h"
#include "punch.h"

static struct rmmap_file *allocate_blank(void)
{
        struct rmmap_file *file = memory_aligned(CACHE_LINE, sizeof(*file));

        if (file == NULL)
                return NULL;
        memset(file, 0, sizeof(*file));
        file->os.fd = -1;
        file->os.entry = NO_ENTRY;
        return file;
}

static void init_counters(struct rmmap_file *file)
{
        refcount_init(&file->references);
        atomic_init(&file->sync.entry_unsynced, false);
        atomic_init(&file->sync.entry_pending, false);
        atomic_init(&file->io.pwrite_bytes, 0);
        atomic_init(&file->sync.flush_calls, 0);
        atomic_init(&file->io.faults_caught, 0);
        atomic_init(&file->io.faults_avoided, 0);
        atomic_init(&file->io.huge_pages, false);
        atomic_init(&file->sync.writes_then_syncs, false);
        populate_threshold_init(&file->io.populate);
        mapped_ring_init(&file->io.mapped);
        atomic_init(&file->io.first_look, 0);
        atomic_init(&file->publish.busy, false);
        wb_error_init(&file->sync.error);
        NOTE_ATOMIC(&file->io.populate);
        NOTE_ATOMIC(&file->io.mapped);
        NOTE_ATOMIC(&file->io.first_look);
        NOTE_ATOMIC(&file->publish.busy);
        NOTE_ATOMIC(&file->sync.entry_pending);
        NOTE_ATOMIC(&file->io.pwrite_bytes);
        NOTE_ATOMIC(&file->sync.flush_calls);
        NOTE_ATOMIC(&file->io.faults_caught);
        NOTE_ATOMIC(&file->io.faults_avoided);
        NOTE_ATOMIC(&file->io.huge_pages);
        NOTE_ATOMIC(&file->sync.writes_then_syncs);
        NOTE_ATOMIC(&file->io.stats);
}

static void init_growth(struct rmmap_file *file, const struct rmmap_options *options, uint64_t size,
                        uint64_t max_size)
{
        atomic_init(&file->growth.size, size);
        NOTE_ATOMIC(&file->growth.size);
        file->growth.max_size = max_size;
        file->growth.step = rmmap_align_up(options->grow_step);
        mutex_init(&file->growth.lock);
}

/*
 * Existing content is handed out only if allocate_from or RMMAP_REWRITE asks for it, or a
 * checkpoint says which of it is complete.
 */
static int make_allocator(struct rmmap_file *file, const struct rmmap_options *options,
                          uint64_t content)
{
        bool recorded = options->checkpoint != NULL;
        bool at_end = content != 0 && options->allocate_from == 0 && !recorded &&
                      !(options->flags & (RMMAP_READ_ONLY | RMMAP_REWRITE));
        const struct rmmap_allocator_ops *ops = options->allocator == NULL && recorded
                                                        ? rmmap_reusing_allocator()
                                                        : options->allocator;
        int err =
                allocator_create(&file->allocator, ops, options->allocator_config,
                                 at_end ? content : options->allocate_from, file_size(file),
                                 file->growth.max_size, at_end ? RMMAP_ALLOCATOR_START_AT_END : 0);

        if (err == 0 && (options->flags & RMMAP_PUNCH_HOLES) &&
            file->allocator.ops.give_back == NULL)
                return -EOPNOTSUPP;
        if (err == 0 && recorded && file->allocator.ops.allocate != allocator_reusing_allocate)
                return -EOPNOTSUPP;
        if (err == 0 && file->allocator.ops.allocate == allocator_concurrent_allocate)
                file->bump = file->allocator.state;
        return err;
}

/* From this step on file_free undoes everything. */
static int prepare(struct rmmap_file *file, const struct rmmap_options *options, uint64_t content)
{
        int err = random_word(&file->config.owner);

        group_commit_init(&file->sync.group_commit);
        if (err != 0)
                return err;
        err = dirty_budget_create(&file->dirty, options->dirty_limit,
                                  (options->flags & RMMAP_UNCACHED) != 0);
        if (err != 0)
                return err;
        err = mapping_reserve(&file->os.mapping, file->growth.max_size, mapping_page_size());
        if (err != 0)
                return err;
        return make_allocator(file, options, content);
}

int file_new(const struct rmmap_options *options, uint64_t size, uint64_t content,
             struct rmmap_file **made)
{
        struct rmmap_file *file;
        uint64_t max_size = max_u64(size, options->max_size);
        int err = mapping_check_size(max_size);

        if (err != 0)
                return err;
        if (options->max_size != 0 && options->max_size < size)
                return -EINVAL;
        file = allocate_blank();
        if (file == NULL)
                return -ENOMEM;
        err = seal_key_draw();
        if (err == 0)
                err = fork_generation(&file->config.generation);
        if (err != 0) {
                memory_free(file);
                return err;
        }
        init_growth(file, options, size, max_size);
        file->config.pattern = options->pattern;
        file->config.read_only = (options->flags & RMMAP_READ_ONLY) != 0;
        file->config.catch_faults = (options->flags & RMMAP_CATCH_FAULTS) != 0;
        file->config.write_behind = (options->flags & RMMAP_WRITE_BEHIND) != 0;
        file->config.lock_file = options_want_lock(options);
        file->config.bypass_caches = memcpy_nt_suits(max_size);
        init_counters(file);
        claims_init(&file->claims, &file->allocator, (options->flags & RMMAP_SHARED_CLAIMS) != 0);
        err = prepare(file, options, content);
        if (err != 0) {
                file_free(file);
                return err;
        }
        *made = file;
        return 0;
}

int file_attach(struct rmmap_file *file, int fd, bool locked, bool alone)
{
        int err;

        file->os.fd = fd;
        file->os.locked = locked;
        err = file_system_of(fd, &file->os.file_system);
        if (err == 0)
                err = allocator_shared_attach(
                        &file->allocator, fd,
                        (struct shared_use){file->config.read_only, file->config.created, alone});
        if (err != 0 || file->os.file_system.page == 0)
                return err;
        /* The file system has larger pages than the machine: reserve by those. */
        mapping_free(&file->os.mapping);
        return mapping_reserve(&file->os.mapping, file->growth.max_size, file->os.file_system.page);
}

void file_want_huge_pages(struct rmmap_file *file)
{
        if (!atomic_load_explicit(&file->io.huge_pages, memory_order_relaxed) &&
            mapping_want_huge_pages(&file->os.mapping))
                atomic_store_explicit(&file->io.huge_pages, true, memory_order_relaxed);
}

/* With SCATTERED only what was written goes to the disk, so nothing is converted. */
static bool keeps_unwritten(const struct rmmap_file *file)
{
        return file->config.reserved && !file->config.read_only &&
               (file->os.file_system.reservation == RESERVES_EXTENTS ||
                file->os.file_system.reservation == RESERVES_AS_UPPER) &&
               file->config.pattern != RMMAP_PATTERN_SCATTERED;
}

/* Where the kernel can't populate, pages are mapped as they are touched. */
static int populate(struct rmmap_file *file)
{
        int err = mapping_populate(&file->os.mapping, file_size(file), file->config.read_only);

        if (err != 0)
                return err == -EOPNOTSUPP ? 0 : err;
        file->config.populated = true;
        if (file->io.page_state.state != NULL)
                page_state_set_mapped(&file->io.page_state);
        if (file->io.read_state.state != NULL)
                page_state_set_mapped(&file->io.read_state);
        return 0;
}

/* After mapping: makes the page states and what else belongs to the mapping. */
static int use_mapping(struct rmmap_file *file, uint32_t flags)
{
        int err = 0;

        if (file->config.engine.chosen == RMMAP_ENGINE_AUTO)
                err = page_state_create(&file->io.page_state, file_size(file),
                                        file->growth.max_size);
        if (err == 0 && file->config.engine.reads_both_ways)
                err = page_state_create(&file->io.read_state, file_size(file),
                                        file->growth.max_size);
        if (err == 0 && keeps_unwritten(file))
                err = unwritten_create(&file->sync.unwritten, file->growth.max_size);
        if (err != 0)
                return err;
        if (flags & RMMAP_HUGE_PAGES)
                file_want_huge_pages(file);
        return flags & RMMAP_POPULATE ? populate(file) : 0;
}

/*
 * Does pread return the same bytes as the mapping, into any memory? Not from a lower layer of
 * overlayfs: when another process writes, the file is copied up, and only the mapping stays with
 * the old file.
 */
static bool reads_agree(const struct rmmap_file *file)
{
        return !(file->config.read_only && file->os.file_system.layered);
}

int file_choose_engine(const struct rmmap_file *file, const struct rmmap_options *options,
                       bool reserved, struct engine *engine)
{
        bool mappable = file->growth.max_size == file_size(file) ||
                        mapping_reaches_beyond(&file->os.file_system);
        struct engine_facts facts = {
                .asked = options->engine,
                .reserved = reserved,
                .guarded = file->config.catch_faults,
                .coherent = file->os.file_system.coherent && mappable,
                .has_file_io = file_has_calls(file),
                .reads_agree = reads_agree(file),
                .writable = !file->config.read_only,
        };
        int err = engine_select(&facts, engine);

        if (err == 0 && !mappable)
                engine->reason = "a file that grows can't be mapped here";
        if (err == 0 && !engine->mapped && (options->flags & RMMAP_POPULATE))
                err = -EOPNOTSUPP; /* there is nothing to populate */
        /* RMMAP_ENGINE_PWRITE without CATCH_FAULTS leaves the program's signals alone. */
        if (err == 0 && (engine->chosen != RMMAP_ENGINE_PWRITE || file->config.catch_faults))
                err = fault_guard_install();
        return err;
}

/* Some file systems can't map files although they can cache them: FUSE with direct I/O. */
static int attach(struct rmmap_file *file, uint32_t flags)
{
        int err = mapping_attach(&file->os.mapping, file->os.fd, file->config.read_only);

        if (err != -ENODEV || !file_has_calls(file) || file->config.engine.never_calls)
                return err;
        file->config.engine = (struct engine){.chosen = RMMAP_ENGINE_PWRITE,
                                              .never_maps = file->config.engine.never_maps,
                                              .reason = "the file system has no mapping"};
        return flags & RMMAP_POPULATE ? -EOPNOTSUPP : 0;
}

int file_map(struct rmmap_file *file, const struct rmmap_options *options, bool reserved)
{
        int err = file_choose_engine(file, options, reserved, &file->config.engine);

        if (err == 0 && file->config.engine.mapped)
                err = attach(file, options->flags);
        if (err != 0)
                return err;
        file->config.reserved = reserved;
        file->config.preallocates =
                reserved || (file->config.blank && !(options->flags & RMMAP_NO_PREALLOCATE));
        err = punch_create(file, options);
        if (err != 0)
                return err;
        if (!file->config.engine.mapped)
                mapping_free(&file->os.mapping);
        else
                err = use_mapping(file, options->flags);
        if (err == 0 && file->config.pattern == RMMAP_PATTERN_SEQUENTIAL)
                mapping_advise(&file->os.mapping, file->os.fd, MAPPING_IN_ORDER);
        if (err == 0 && file->config.pattern == RMMAP_PATTERN_RANDOM)
                mapping_advise(&file->os.mapping, file->os.fd, MAPPING_AT_RANDOM);
        return err;
}

void file_free(struct rmmap_file *file)
{
        int before = cancellation_off();

        mapping_free(&file->os.mapping);
        checkpoint_close(file); /* whoever gets the file's lock next finds the side file free */
        /* A forked child must leave its parent's lock alone. */
        if (file->os.locked && !file_forked(file))
                file_lock_drop(file->os.fd);
        if (file->publish.temporary && !file_forked(file))
                file_remove_temporary(file);
        storage_close(file->os.fd);
        entry_free(&file->os.entry);
        claims_destroy(&file->claims);
        punch_destroy(file);
        allocator_destroy(&file->allocator);
        page_state_destroy(&file->io.page_state);
        page_state_destroy(&file->io.read_state);
        unwritten_destroy(&file->sync.unwritten);
        dirty_budget_destroy(&file->dirty);
        /* In a forked child, threads that don't exist there may hold the mutex. */
        if (!file_forked(file)) {
                group_commit_destroy(&file->sync.group_commit);
                if (file->growth.used) /* as there */
                        mutex_destroy(&file->growth.lock);
        }
        memory_free(file);
        cancellation_restore(before);
}

struct rmmap_file *rmmap_clone(struct rmmap_file *file)
{
        if (file != NULL)
                refcount_get(&file->references);
        return file;
}

struct rmmap_file *rmmap_release(struct rmmap_file *file)
{
        if (file != NULL && refcount_put(&file->references)) {
                PROBE2(release, file, file_size(file));
                file_free(file);
        }
        return NULL;
}

int rmmap_close(struct rmmap_file *file)
{
        int err = 0;

        if (file == NULL)
                return 0;
        if (file_forked(file))
                err = -EPERM;
        else if (!file->config.read_only || file->publish.sealed)
                err = rmmap_sync_all(file);
        rmmap_release(file);
        return err;
}

uint64_t rmmap_size(const struct rmmap_file *file)
{
        return file == NULL ? 0 : file_size(file);
}
