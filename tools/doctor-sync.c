/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-sync.c - flushing, syncing, the directory entry, locks */
#include "rmmap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DIRTY_FILE = 4 << 20, PAGE = RMMAP_ALIGNMENT, TRIALS = 5 };

/* Makes a file whose bytes are all in memory and not yet on the disk. */
static int make_dirty(const struct doctor *doctor, struct rmmap_file **file)
{
        int error = doctor_create(doctor, "file", DIRTY_FILE, NULL, file);

        return error ? error : rmmap_raw_fill(*file, 1);
}

static void tell_flush(struct doctor *doctor, bool known, const struct page_cache *before,
                       const struct page_cache *after)
{
        static const char good[] = "rmmap_flush starts write-back and doesn't wait: a sync later "
                                   "has less to do.";

        if (doctor->in_memory)
                report_row(&doctor->report, "early_write-back", GOOD, NULL,
                           "there is nothing to write back: the file lives in memory");
        else if (known && before->dirty == 0)
                report_row(&doctor->report, "early_write-back", GOOD,
                           "The file system writes everything at once, or doesn't show which "
                           "pages are dirty.",
                           "there is nothing to write back: no page is dirty after a write");
        else if (known && after->dirty < before->dirty)
                report_row(&doctor->report, "early_write-back", GOOD, good,
                           "works: of %" PRIu64 " dirty pages %" PRIu64 " were left", before->dirty,
                           after->dirty);
        else if (known)
                report_row(&doctor->report, "early_write-back", NOTE,
                           "The call succeeds, but has no visible effect; only a sync does.",
                           "%" PRIu64 " dirty pages before, %" PRIu64 " after", before->dirty,
                           after->dirty);
        else
                report_row(&doctor->report, "early_write-back", GOOD,
                           "Whether it does start can't be seen: this kernel has no cachestat "
                           "(6.5).",
                           "the kernel accepts the call");
}

void examine_flush(struct doctor *doctor)
{
        struct rmmap_file *file = NULL;
        struct page_cache before = {0}, after = {0};
        bool known = false;
        int error = make_dirty(doctor, &file);

        if (!error) {
                known = page_cache_of(file_of(file), &before);
                error = rmmap_flush(file);
                known = known && page_cache_of(file_of(file), &after);
        }
        if (error == -EOPNOTSUPP)
                report_row(&doctor->report, "early_write-back", NOTE,
                           "The system can't start write-back: rmmap_flush returns EOPNOTSUPP.",
                           "not available");
        else if (error)
                report_row(&doctor->report, "early_write-back", UNKNOWN, NULL, "%s",
                           error_text(error));
        else
                tell_flush(doctor, known, &before, &after);
        fact_flag(&doctor->report, "early_write_back", !error);
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* The median time of several syncs of one page each, far apart, in microseconds. */
static int time_page_syncs(struct rmmap_file *file, double *microseconds)
{
        double passed[TRIALS];

        for (int i = 0; i < TRIALS; i++) {
                uint64_t offset = (uint64_t)i * 16 * PAGE;
                unsigned char byte = (unsigned char)i;
                double begun;
                int error = rmmap_raw_write(file, offset, &byte, 1);

                begun = now();
                if (!error)
                        error = rmmap_raw_sync(file, offset, 1);
                if (error)
                        return error;
                passed[i] = (now() - begun) * 1e6;
        }
        qsort(passed, TRIALS, sizeof(*passed), by_size);
        *microseconds = passed[TRIALS / 2];
        return 0;
}

static void tell_sync(struct doctor *doctor, double took, bool known, uint64_t dirty)
{
        if (doctor->in_memory)
                report_row(&doctor->report, "range_sync", NOTE,
                           "The file lives in memory: there is no disk to wait for.",
                           "done in %.0f us, and makes nothing durable", took);
        else if (known && dirty > 0)
                report_row(&doctor->report, "range_sync", GOOD,
                           "rmmap_sync_range waits for its own pages, however much else is dirty.",
                           "one page is durable in %.0f us; %" PRIu64 " other dirty pages stayed",
                           took, dirty);
        else if (known)
                report_row(&doctor->report, "range_sync", NOTE,
                           "The kernel or the file system makes all of a file durable at once, or "
                           "had nothing to do: one sync after many writes is better than many.",
                           "one page is durable in %.0f us, and nothing else is dirty then", took);
        else
                report_row(&doctor->report, "range_sync", GOOD, NULL,
                           "one page is durable in %.0f us", took);
        fact_number(&doctor->report, "sync_page_ns", (uint64_t)(took * 1000));
}

void examine_sync(struct doctor *doctor)
{
        struct rmmap_file *file = NULL;
        struct page_cache after;
        double took;
        bool known;
        int error = make_dirty(doctor, &file);

        if (!error)
                error = rmmap_sync_all(file); /* the first sync also saves size and name */
        if (!error)
                error = rmmap_raw_fill(file, 2);
        if (!error)
                error = time_page_syncs(file, &took);
        known = !error && page_cache_of(file_of(file), &after);
        if (error)
                report_row(&doctor->report, "range_sync", BAD, NULL, "%s", error_text(error));
        else
                tell_sync(doctor, took, known, known ? after.dirty : 0);
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

/*
 * *at_once: one system call writes and syncs. A plain write into pages that are mapped for writing
 * would go through the mapping, and would not count in pwrite_bytes.
 */
static int write_durably(struct rmmap_file *file, bool *at_once, double *microseconds)
{
        static const unsigned char page[PAGE] = {1};
        struct rmmap_info before, after;
        struct rmmap_range range;
        double begun;
        int error = rmmap_sync_all(file);

        if (!error)
                error = rmmap_raw_fill(file, 2);
        if (!error)
                error = rmmap_allocate(file, PAGE, &range);
        if (error || !doctor_describe(file, &before))
                return error;
        begun = now();
        error = rmmap_write_range_durable(file, range, page, PAGE, NULL);
        *microseconds = (now() - begun) * 1e6;
        if (!error && doctor_describe(file, &after))
                *at_once = before.engine == RMMAP_ENGINE_AUTO &&
                           after.pwrite_bytes == before.pwrite_bytes + PAGE;
        return error;
}

void examine_durable_write(struct doctor *doctor)
{
        struct rmmap_file *file = NULL;
        double took = 0;
        bool at_once = false;
        int error = make_dirty(doctor, &file);

        if (!error)
                error = write_durably(file, &at_once, &took);
        if (error)
                report_row(&doctor->report, "durable_write", BAD, NULL, "%s", error_text(error));
        else if (doctor->in_memory)
                report_row(&doctor->report, "durable_write", NOTE,
                           "The file lives in memory: there is no disk to wait for.",
                           "done in %.0f us, and makes nothing durable", took);
        else if (at_once)
                report_row(&doctor->report, "durable_write", GOOD, NULL,
                           "one system call writes and syncs a page, in %.0f us", took);
        else
                report_row(&doctor->report, "durable_write", NOTE,
                           "One system call would need reserved space, to distinguish a failed "
                           "write from a failed sync, and RWF_DSYNC (Linux 4.7).",
                           "a write and a sync, in %.0f us", took);
        fact_flag(&doctor->report, "durable_write_at_once", at_once);
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

void examine_entry(struct doctor *doctor)
{
        struct rmmap_file *file = NULL;
        struct rmmap_info info;
        int error = make_dirty(doctor, &file);
        bool synced = false;

        if (!error)
                error = rmmap_sync_all(file);
        if (!error && doctor_describe(file, &info))
                synced = !(info.facts & RMMAP_FACT_ENTRY_UNSYNCED);
        if (error)
                report_row(&doctor->report, "name", BAD, NULL, "%s", error_text(error));
        else if (doctor->in_memory)
                report_row(&doctor->report, "name", NOTE, NULL,
                           "the directory lives in memory, too");
        else if (synced)
                report_row(&doctor->report, "name", GOOD,
                           "After a power loss the file is there under its name.",
                           "the first sync makes a created file's name durable as well");
        else
                report_row(&doctor->report, "name", NOTE,
                           "After a power loss a created file may be missing, whatever was synced.",
                           "the directory can't be synced");
        fact_flag(&doctor->report, "name_durable", synced);
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

void examine_locks(struct doctor *doctor)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL, *second = NULL;
        char *path = doctor_path(doctor, "file");
        int error = doctor_create(doctor, "file", DIRTY_FILE, NULL, &file);

        options.flags = RMMAP_LOCK_FILE;
        if (!error)
                error = path ? rmmap_open(path, &options, &second) : -ENOMEM;
        if (error == -EBUSY)
                report_row(&doctor->report, "locks", GOOD,
                           "While a handle has a file open, no other one, in any process, can "
                           "create it anew.",
                           "handles see each other");
        else if (!error || error == -EOPNOTSUPP)
                report_row(&doctor->report, "locks", NOTE,
                           "A program that creates an open file anew empties it while others read "
                           "it; see RMMAP_CATCH_FAULTS.",
                           "handles don't see each other: %s",
                           error ? "files can't be locked here" : "a second lock was granted");
        else
                report_row(&doctor->report, "locks", UNKNOWN, NULL, "%s", error_text(error));
        if (!error || error == -EOPNOTSUPP || error == -EBUSY)
                fact_flag(&doctor->report, "locks", error == -EBUSY);
        rmmap_release(second);
        rmmap_release(file);
        doctor_remove(doctor, "file");
        free(path);
}
