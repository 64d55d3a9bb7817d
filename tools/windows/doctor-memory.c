/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-memory.c - faults and fork, as Windows has them */
#include "rmmap.h"

#include "windows/inside.h"

#include <errno.h>
#include <psapi.h>

enum { SMALL_FILE = 1 << 20 };

const char no_huge_pages[] = "Windows has none for files.";
const char no_populate[] = "RMMAP_POPULATE does nothing on Windows.";

size_t page_size(void)
{
        SYSTEM_INFO info;

        GetSystemInfo(&info);
        return info.dwPageSize;
}

long faults_so_far(void)
{
        PROCESS_MEMORY_COUNTERS counters;

        return K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters))
                       ? (long)counters.PageFaultCount
                       : 0;
}

/* 0: another opener has cut the file while it was mapped. */
static int cut_mapped_file(const struct doctor *doctor)
{
        FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = 0};
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        int error;

        options.flags = RMMAP_CATCH_FAULTS; /* so that it is mapped, reserved or not */
        error = doctor_create(doctor, "file", SMALL_FILE, &options, &file);
        if (error)
                return error;
        if (!SetFileInformationByHandle(rmmap_handle(file), FileEndOfFileInfo, &end, sizeof(end)))
                error = GetLastError() == ERROR_USER_MAPPED_FILE ? -EBUSY : last_error();
        rmmap_release(file);
        return error;
}

void examine_faults(struct doctor *doctor)
{
        int error = cut_mapped_file(doctor);

        doctor_remove(doctor, "file");
        if (error == -EBUSY)
                report_row(&doctor->report, "faults", GOOD, NULL,
                           "no program can truncate a file that is mapped");
        else if (!error)
                report_row(&doctor->report, "faults", NOTE,
                           "With RMMAP_CATCH_FAULTS reading it is an error; without, it ends the "
                           "process.",
                           "another program can truncate a file that is mapped");
        else
                report_row(&doctor->report, "faults", UNKNOWN, NULL, "%s", error_text(error));
        fact_flag(&doctor->report, "faults_caught", error == -EBUSY);
}

void examine_fork(struct doctor *doctor)
{
        report_row(&doctor->report, "fork", GOOD, NULL, "Windows has no fork");
}
