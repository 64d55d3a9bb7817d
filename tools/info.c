/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* info.c - how the library reads and writes a file, and why */
#include "rmmap.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>

static const char help[] = "Usage: rmmap info [option ...] FILE...\n"
                           "Show how librangedmmap reads and writes each FILE, and why.\n"
                           "\n"
                           "      --json   one line of JSON for each FILE\n"
                           "  -h, --help   print this and exit\n";

static const struct option long_options[] = {
        {"json", no_argument, NULL, 'J'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

const char *engine_name(uint32_t engine)
{
        switch (engine) {
        case RMMAP_ENGINE_AUTO:
                return "mapping or pwrite";
        case RMMAP_ENGINE_MAP:
                return "mapping";
        case RMMAP_ENGINE_PWRITE:
                return "pwrite and pread";
        default:
                return "a way that this program doesn't know";
        }
}

const char *engine_word(uint32_t engine)
{
        return engine == RMMAP_ENGINE_AUTO ? "auto" : engine == RMMAP_ENGINE_MAP ? "map" : "pwrite";
}

static const char *uncached_word(uint32_t uncached)
{
        switch (uncached) {
        case RMMAP_UNCACHED_DROPPED:
                return "dropped";
        case RMMAP_UNCACHED_ADVISED:
                return "advised";
        case RMMAP_UNCACHED_KEPT:
                return "kept";
        default:
                return "unavailable";
        }
}

static void tell_space(struct report *report, int fd, const struct file_facts *facts)
{
        char size[SIZE_TEXT], space[SIZE_TEXT], extents[40] = "";
        uint64_t bytes = facts->size, taken = facts->space;
        int sparse = has_hole(fd, bytes), count = extents_of(fd);

        report_row(report, "size", PLAIN, NULL, "%s (%" PRIu64 " bytes)", size_text(size, bytes),
                   bytes);
        if (count >= 0)
                snprintf(extents, sizeof(extents), " in %d extent%s", count, count == 1 ? "" : "s");
        report_row(report, "on_disk", PLAIN, NULL, "%s%s, %s", size_text(space, taken), extents,
                   sparse < 0 ? "holes not known"
                   : sparse   ? "with holes"
                              : "no holes");
        fact_number(report, "size", bytes);
        fact_number(report, "bytes_on_disk", taken);
        if (count >= 0)
                fact_number(report, "extents", (uint64_t)count);
        if (sparse >= 0)
                fact_flag(report, "holes", sparse);
}

static void tell_memory(struct report *report, int fd)
{
        uint64_t page = page_size();
        char cached[SIZE_TEXT], dirty[SIZE_TEXT], writing[SIZE_TEXT];
        struct page_cache cache;

        if (!page_cache_of(fd, &cache))
                return;
        report_row(report, "in_memory", PLAIN, NULL, "%s, %s of it dirty, %s on its way to disk",
                   size_text(cached, cache.cached * page), size_text(dirty, cache.dirty * page),
                   size_text(writing, cache.writing * page));
        fact_number(report, "bytes_cached", cache.cached * page);
        fact_number(report, "bytes_dirty", cache.dirty * page);
        fact_number(report, "bytes_writing", cache.writing * page);
}

static void tell_locks(struct report *report, const struct file_facts *facts)
{
        struct locks locks = locks_on(facts);

        if (!locks.known)
                return;
        if (locks.exclusive)
                report_row(report, "locks", PLAIN, NULL,
                           "held by one alone: every other open returns EBUSY");
        else if (locks.shared)
                report_row(report, "locks", PLAIN, NULL,
                           "shared by %u: it can't be created anew, or locked by one alone",
                           locks.shared);
        else
                report_row(report, "locks", PLAIN, NULL, "none that this process can see");
        fact_number(report, "shared_locks", locks.shared);
        fact_flag(report, "exclusive_lock", locks.exclusive);
}

static void tell_file_system(struct report *report, const struct rmmap_info *info)
{
        bool coherent = info->facts & RMMAP_FACT_COHERENT;

        report_row(report, "file_system", PLAIN, NULL, "%s (%#" PRIx64 "), mapping and file I/O %s",
                   info->file_system, info->file_system_magic,
                   coherent ? "see the same bytes" : "may differ");
        fact_text(report, "file_system", info->file_system);
        fact_number(report, "file_system_magic", info->file_system_magic);
        fact_flag(report, "coherent", coherent);
}

static void tell_writing(struct report *report, const struct rmmap_info *info)
{
        bool reserved = info->facts & RMMAP_FACT_RESERVED;

        report_row(report, "written_by", PLAIN, NULL, "%s (%s)", engine_name(info->engine),
                   info->engine_reason);
        report_row(report, "space", PLAIN, NULL, "%s",
                   reserved ? "reserved: writes work even if the disk is full"
                            : "not reserved: a write fails if the disk is full");
        fact_text(report, "write_engine", engine_word(info->engine));
        report_row(report, "uncached", PLAIN, NULL, "%s (%s)", uncached_word(info->uncached),
                   info->uncached_reason);
        fact_text(report, "write_reason", info->engine_reason);
        fact_flag(report, "reserved", reserved);
        fact_text(report, "uncached", uncached_word(info->uncached));
}

/* Opens the file as the library does: read-only, then for writing as well, and uncached. */
static int tell_engines(struct report *report, const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file = NULL;
        int error;

        options.flags = RMMAP_READ_ONLY;
        error = rmmap_open(path, &options, &file);
        if (error)
                return error;
        error = rmmap_describe(file, &info);
        if (!error) {
                tell_file_system(report, &info);
                report_row(report, "read_by", PLAIN, NULL, "%s (%s)",
                           info.engine == RMMAP_ENGINE_PWRITE ? "pread" : "mapping",
                           info.engine_reason);
                fact_text(report, "read_engine", engine_word(info.engine));
        }
        rmmap_release(file);
        if (error)
                return error;
        options.flags = RMMAP_UNCACHED;
        error = rmmap_open(path, &options, &file);
        if (error) {
                report_row(report, "written_by", PLAIN, NULL, "you can't write to it: %s",
                           error_text(error));
                return 0;
        }
        error = rmmap_describe(file, &info);
        if (!error)
                tell_writing(report, &info);
        rmmap_release(file);
        return error;
}

enum status info_of_file(struct report *report, const char *path)
{
        enum status status = DONE;
        struct file_facts facts;
        int fd = file_open(path, 0), error = fd;

        if (fd >= 0)
                error = file_facts(fd, &facts);
        if (error < 0) {
                status = fail(SOURCE_ERROR, "%s: %s", path, error_text(error));
        } else if (facts.kind != FILE_REGULAR) {
                status = fail(SOURCE_ERROR, "%s: not a regular file", path);
        } else {
                tell_space(report, fd, &facts);
                tell_memory(report, fd);
                tell_locks(report, &facts);
                tell_side_file(report, fd);
                tell_state_file(report, fd, facts.size);
                error = facts.size ? tell_engines(report, path) : -ENODATA;
                if (error == -ENODATA)
                        report_row(report, "opened", PLAIN, NULL,
                                   "not at all: there is nothing to map in an empty file");
                else if (error == -EBUSY)
                        report_row(report, "opened", PLAIN, NULL, "not now: it is locked");
                else if (error)
                        status = fail(SOURCE_ERROR, "%s: %s", path, error_text(error));
        }
        if (fd >= 0)
                file_close(fd);
        return status;
}

static enum status one_file(bool json, const char *path)
{
        struct report report;
        enum status status;

        if (!report_begin(&report, json, "info", path, 0))
                return fail(FAILED, "no memory");
        if (!json)
                report_row(&report, "file", PLAIN, NULL, "%s", path);
        status = info_of_file(&report, path);
        return report_end(&report) ? status : fail(FAILED, "no memory");
}

enum status info_main(int argc, char **argv)
{
        enum status status = DONE, worst = DONE;
        bool json = false;
        int option;

        while ((option = getopt_long(argc, argv, "h", long_options, NULL)) >= 0) {
                if (option == 'h')
                        return fputs(help, stdout) < 0 ? FAILED : DONE;
                if (option != 'J')
                        return usage_failed("info");
                json = true;
        }
        if (optind == argc) {
                fail(USAGE, "info of which file?");
                return usage_failed("info");
        }
        for (int i = optind; i < argc; i++) {
                if (i > optind && !json)
                        putchar('\n');
                status = one_file(json, argv[i]);
                if (status)
                        worst = status;
        }
        return worst;
}
