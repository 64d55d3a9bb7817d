/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-space.c - space, and the engines */
#include "rmmap.h"

enum { SMALL_FILE = 4 << 20 };

static void tell_file_system(struct doctor *doctor, const struct rmmap_info *info)
{
        bool coherent = info->facts & RMMAP_FACT_COHERENT;

        doctor->in_memory = lives_in_memory(info);
        if (doctor->in_memory)
                report_row(&doctor->report, "file_system", NOTE,
                           "After a power loss or a reboot nothing is there, whatever was synced. "
                           "Mapping and file I/O see the same bytes.",
                           "%s, which lives in memory", info->file_system);
        else if (coherent)
                report_row(&doctor->report, "file_system", GOOD,
                           "Mapping and file I/O see the same bytes, so each can be used where it "
                           "is faster.",
                           "%s", info->file_system);
        else
                report_row(&doctor->report, "file_system", NOTE,
                           "Mapping and file I/O may see different bytes, so they are never mixed: "
                           "calls that copy go by pwrite, and there are no pointers into the file "
                           "(rmmap_range_data).",
                           "%s", info->file_system);
        fact_text(&doctor->report, "file_system", info->file_system);
        fact_number(&doctor->report, "file_system_magic", info->file_system_magic);
        fact_flag(&doctor->report, "coherent", coherent);
        fact_flag(&doctor->report, "lives_in_memory", doctor->in_memory);
}

void examine_preallocation(struct doctor *doctor)
{
        struct rmmap_file *file = NULL;
        struct rmmap_info info;
        double begun = now(), passed;
        int error = doctor_create(doctor, "file", SMALL_FILE, NULL, &file);

        passed = (now() - begun) * 1000;
        if (error || !doctor_describe(file, &info)) {
                report_row(&doctor->report, "preallocation", UNKNOWN, NULL, "rmmap_create: %s",
                           error_text(error));
        } else {
                bool reserved = info.facts & RMMAP_FACT_RESERVED;

                tell_file_system(doctor, &info);
                if (reserved)
                        report_row(&doctor->report, "preallocation", GOOD,
                                   "If the disk is full, rmmap_create returns ENOSPC; no write "
                                   "fails later.",
                                   "space is reserved; a file of 4 MiB took %.1f ms to make",
                                   passed);
                else
                        report_row(&doctor->report, "preallocation", NOTE,
                                   "If the disk is full, a write returns an error instead of "
                                   "raising a signal: so calls that copy use pwrite here.",
                                   "space isn't reserved: %s", why_not_reserved(doctor));
                fact_flag(&doctor->report, "reserved", reserved);
        }
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

static void examine_engine(struct doctor *doctor, const char *name, const char *fact,
                           uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        struct rmmap_info info;
        int error;

        options.flags = flags;
        error = doctor_create(doctor, "file", SMALL_FILE, &options, &file);
        if (error || !doctor_describe(file, &info)) {
                report_row(&doctor->report, name, UNKNOWN, NULL, "rmmap_create: %s",
                           error_text(error));
        } else {
                report_row(&doctor->report, name, PLAIN, NULL, "%s (%s)", engine_name(info.engine),
                           info.engine_reason);
                fact_text(&doctor->report, fact, engine_word(info.engine));
        }
        rmmap_release(file);
        doctor_remove(doctor, "file");
}

void examine_engines(struct doctor *doctor)
{
        examine_engine(doctor, "created_file", "engine", 0);
        examine_engine(doctor, "sparse_file", "engine_sparse", RMMAP_NO_PREALLOCATE);
        examine_engine(doctor, "faults_caught", "engine_catching_faults",
                       RMMAP_NO_PREALLOCATE | RMMAP_CATCH_FAULTS);
}
