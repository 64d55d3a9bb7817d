/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * doctor.c - the order of the examinations, and the scratch directory
 *
 * Everything is tried on small files in a scratch directory within the given directory, through the
 * calls that a user's program would make.
 */
#include "rmmap.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 100 };

static const char help[] =
        "Usage: rmmap doctor [option ...] [DIR | FILE]\n"
        "Examine what the file system of DIR (of this directory) and the kernel can do, on small\n"
        "files in a scratch directory there. For a FILE, examine its directory, and then show how\n"
        "the file itself is read and written.\n"
        "\n"
        "      --also=DIR   another mount of the same directory: are locks and writes seen there?\n"
        "      --json       one line of JSON\n"
        "  -h, --help       print this and exit\n";

static const struct option long_options[] = {
        {"also", required_argument, NULL, 'A'},
        {"json", no_argument, NULL, 'J'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

/* In an order in which each result helps to understand the next ones. */
static void (*const examinations[])(struct doctor *) = {
        examine_preallocation, examine_engines, examine_huge_pages,    examine_populate,
        examine_flush,         examine_sync,    examine_durable_write, examine_entry,
        examine_faults,        examine_fork,    examine_locks,
};

char *doctor_path(const struct doctor *doctor, const char *name)
{
        return path_in(doctor->scratch, name);
}

int doctor_create(const struct doctor *doctor, const char *name, uint64_t size,
                  const struct rmmap_options *options, struct rmmap_file **file)
{
        struct rmmap_options new = RMMAP_OPTIONS_INIT;
        char *path = doctor_path(doctor, name);
        int error;

        if (options)
                new = *options;
        new.flags |= RMMAP_MUST_CREATE;
        error = path ? rmmap_create(path, size, &new, file) : -ENOMEM;
        free(path);
        return error;
}

void doctor_remove(const struct doctor *doctor, const char *name)
{
        char *path = doctor_path(doctor, name);

        if (path)
                (void)name_remove(path);
        free(path);
}

bool doctor_describe(const struct rmmap_file *file, struct rmmap_info *info)
{
        *info = (struct rmmap_info)RMMAP_INFO_INIT;
        return rmmap_describe(file, info) == 0;
}

static enum status make_scratch(struct doctor *doctor)
{
        int error = -EEXIST;

        for (unsigned turn = 0; error == -EEXIST && turn < NAMES; turn++) {
                char name[32];

                snprintf(name, sizeof(name), ".rmmap-doctor-%08x",
                         (unsigned)random_number() ^ turn);
                doctor->scratch = path_in(doctor->directory, name);
                if (!doctor->scratch)
                        return fail(FAILED, "no memory");
                error = directory_make(doctor->scratch);
                if (!error)
                        return DONE;
                free(doctor->scratch);
                doctor->scratch = NULL;
        }
        report_row(&doctor->report, "scratch", BAD,
                   "Nothing else can be examined without files to examine it on.",
                   "no file can be made here: %s", error_text(error));
        return fail(OUTPUT_ERROR, "%s: %s", doctor->directory, error_text(error));
}

static enum status examine_all(struct doctor *doctor)
{
        enum status status;
        int error;

        examine_kernel(doctor);
        examine_file_system(doctor);
        examine_limits(doctor);
        status = make_scratch(doctor);
        for (size_t i = 0; !status && i < sizeof(examinations) / sizeof(*examinations); i++) {
                if (signals_caught())
                        status = INTERRUPTED;
                else
                        examinations[i](doctor);
        }
        if (!status && doctor->also)
                status = examine_also(doctor);
        error = doctor->scratch ? directory_remove(doctor->scratch) : 0;
        if (error && !status)
                status = fail(OUTPUT_ERROR, "%s: %s", doctor->scratch, error_text(error));
        free(doctor->scratch);
        doctor->scratch = NULL;
        return status;
}

static enum status run(struct doctor *doctor, const char *path, bool json)
{
        enum status status = DONE;
        bool is_file = false;
        struct file_facts facts;
        char *above = directory_of(path);
        int error = path_facts(path, true, &facts);

        if (!above)
                return fail(FAILED, "no memory");
        if (error)
                status = fail(SOURCE_ERROR, "%s: %s", path, error_text(error));
        else
                is_file = facts.kind != FILE_DIRECTORY;
        doctor->directory = is_file ? above : path;
        if (!status && !report_begin(&doctor->report, json, "doctor", path, REPORT_COLUMNS))
                status = fail(FAILED, "no memory");
        if (!status) {
                status = examine_all(doctor);
                if (is_file && status != INTERRUPTED) {
                        enum status of_file;

                        report_heading(&doctor->report, path);
                        facts_of_file(&doctor->report);
                        of_file = info_of_file(&doctor->report, path);
                        status = status ? status : of_file;
                }
                if (!report_end(&doctor->report))
                        status = fail(FAILED, "no memory");
        }
        free(above);
        return status;
}

enum status doctor_main(int argc, char **argv)
{
        struct doctor doctor = {.scratch = NULL};
        bool json = false;
        int option;

        while ((option = getopt_long(argc, argv, "h", long_options, NULL)) >= 0) {
                if (option == 'h')
                        return fputs(help, stdout) < 0 ? FAILED : DONE;
                if (option == 'J')
                        json = true;
                else if (option == 'A')
                        doctor.also = optarg;
                else
                        return usage_failed("doctor");
        }
        if (argc - optind > 1) {
                fail(USAGE, "doctor takes one name, of a directory or a file");
                return usage_failed("doctor");
        }
        if (!signals_open())
                return fail(FAILED, "can't begin");
        return run(&doctor, optind < argc ? argv[optind] : ".", json);
}
