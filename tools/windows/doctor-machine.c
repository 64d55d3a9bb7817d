/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-machine.c - kernel, file system, limits */
#include "rmmap.h"

#include "windows/inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <winternl.h>

/* GetVersionEx answers what the program's manifest says; this one tells the truth. */
NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW version);

static const char *processor_kind(void)
{
        SYSTEM_INFO info;

        GetNativeSystemInfo(&info);
        switch (info.wProcessorArchitecture) {
        case PROCESSOR_ARCHITECTURE_AMD64:
                return "x86_64";
        case PROCESSOR_ARCHITECTURE_ARM64:
                return "arm64";
        case PROCESSOR_ARCHITECTURE_INTEL:
                return "i686";
        default:
                return "an unknown processor";
        }
}

void examine_kernel(struct doctor *doctor)
{
        RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
        char release[48];

        if (RtlGetVersion(&version) < 0)
                return;
        snprintf(release, sizeof(release), "%lu.%lu.%lu", version.dwMajorVersion,
                 version.dwMinorVersion, version.dwBuildNumber);
        report_row(&doctor->report, "kernel", PLAIN, NULL,
                   "Windows %s on %s, pages of %u bytes, %d-bit process", release, processor_kind(),
                   (unsigned)page_size(), (int)(8 * sizeof(void *)));
        fact_text(&doctor->report, "kernel", release);
        fact_number(&doctor->report, "page_size", page_size());
        fact_number(&doctor->report, "processors", processors());
}

void examine_file_system(struct doctor *doctor)
{
        char space[SIZE_TEXT], all[SIZE_TEXT];
        int error;
        WCHAR *wide = wide_path(doctor->directory, &error);
        ULARGE_INTEGER available, total;
        struct file_facts facts;

        if (wide && GetDiskFreeSpaceExW(wide, &available, &total, NULL) &&
            !path_facts(doctor->directory, true, &facts)) {
                report_row(&doctor->report, "room", PLAIN, NULL,
                           "%s free of %s, on volume %" PRIx64,
                           size_text(space, available.QuadPart), size_text(all, total.QuadPart),
                           facts.identity[0]);
                fact_number(&doctor->report, "bytes_free", available.QuadPart);
        }
        free(wide);
}

void examine_limits(struct doctor *doctor)
{
        report_row(&doctor->report, "largest_file", GOOD, NULL,
                   "no limit except the library's own, %s",
                   sizeof(void *) == 8 ? "128 TiB" : "what fits the address space");
}

bool lives_in_memory(const struct rmmap_info *info)
{
        (void)info;
        return false;
}

const char *why_not_reserved(const struct doctor *doctor)
{
        (void)doctor;
        return "this file system doesn't promise it";
}
