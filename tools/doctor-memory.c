/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-memory.c - huge pages, populating */
#include "rmmap.h"

#include <errno.h>

enum { HUGE_FILE = 8 << 20 };

struct touch {
        unsigned char *data;
        size_t page;
        long faults;
};

bool not_mapped(int error)
{
        return error == EOPNOTSUPP || error == ENODEV;
}

/* From the end to the start: no kernel treats that as sequential access. */
static int touch_all(void *arg)
{
        struct touch *touch = arg;
        long before = faults_so_far();

        for (size_t at = HUGE_FILE; at > 0; at -= touch->page)
                ((volatile unsigned char *)touch->data)[at - touch->page] = 1;
        touch->faults = faults_so_far() - before;
        return 0;
}

/* The number of faults when every page of a new file is touched once; or a negative errno. */
static long count_faults(const struct doctor *doctor, uint32_t flags, bool *taken)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct touch touch = {.page = page_size()};
        struct rmmap_file *file = NULL;
        struct rmmap_info info;
        void *data;
        int error, ignored;

        /* Faults are caught, because the touched pages may have no space. */
        options.flags = flags | RMMAP_CATCH_FAULTS;
        error = doctor_create(doctor, "file", HUGE_FILE, &options, &file);
        if (!error)
                error = rmmap_raw_data(file, &data);
        if (!error) {
                touch.data = data;
                error = rmmap_guard_call(file, touch_all, &touch, &ignored);
        }
        *taken = !error && doctor_describe(file, &info) && (info.facts & RMMAP_FACT_HUGE_PAGES);
        rmmap_release(file);
        doctor_remove(doctor, "file");
        return error ? error : touch.faults;
}

void examine_huge_pages(struct doctor *doctor)
{
        static const char meaning[] =
                "Few faults mean that the kernel gives large pages; a new file written through "
                "its mapping is then filled several times faster.";
        bool taken;
        long without = count_faults(doctor, 0, &taken);
        long with = count_faults(doctor, RMMAP_HUGE_PAGES, &taken);

        if (not_mapped((int)-without)) {
                report_row(&doctor->report, "huge_pages", NOTE, NULL, "files aren't mapped here");
                return;
        }
        if (without < 0 || with < 0) {
                report_row(&doctor->report, "huge_pages", UNKNOWN, NULL, "%s",
                           error_text((int)(without < 0 ? without : with)));
                return;
        }
        if (!taken)
                report_row(&doctor->report, "huge_pages", NOTE, no_huge_pages,
                           "the kernel refuses them; %ld faults for 8 MiB", without);
        else
                report_row(&doctor->report, "huge_pages", with < without / 2 ? GOOD : NOTE, meaning,
                           "8 MiB take %ld faults without RMMAP_HUGE_PAGES and %ld with it",
                           without, with);
        fact_flag(&doctor->report, "huge_pages_accepted", taken);
        fact_number(&doctor->report, "faults_without_huge_pages", (uint64_t)without);
        fact_number(&doctor->report, "faults_with_huge_pages", (uint64_t)with);
}

void examine_populate(struct doctor *doctor)
{
        bool ignored;
        long without = count_faults(doctor, 0, &ignored);
        long with = count_faults(doctor, RMMAP_POPULATE, &ignored);
        bool works = without > 0 && with >= 0 && with <= without / 2;

        if (without == 0)
                report_row(&doctor->report, "populate", UNKNOWN, NULL,
                           "this system counts no page faults");
        else if (works)
                report_row(&doctor->report, "populate", GOOD,
                           "RMMAP_POPULATE faults everything in at once, and returns an error if "
                           "the disk is full.",
                           "works");
        else if (without >= 0 && with >= 0)
                report_row(&doctor->report, "populate", NOTE, no_populate, "isn't to be had");
        else if (not_mapped((int)-without) || not_mapped((int)-with))
                report_row(&doctor->report, "populate", NOTE, "RMMAP_POPULATE is refused.",
                           "files aren't mapped here");
        else
                report_row(&doctor->report, "populate", UNKNOWN, NULL, "%s",
                           error_text((int)(without < 0 ? without : with)));
        fact_flag(&doctor->report, "populate", works);
}
