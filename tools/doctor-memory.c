/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-memory.c - huge pages, populating, faults, fork */
#include "rmmap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HUGE_FILE = 8 << 20, SMALL_FILE = 1 << 20 };

struct touch {
        unsigned char *data;
        size_t page;
        long faults;
};

/* Is it an error of the library or the kernel for a file that can't be mapped? */
static bool not_mapped(int error)
{
        return error == EOPNOTSUPP || error == ENODEV;
}

static long faults_so_far(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_minflt + usage.ru_majflt;
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
        struct touch touch = {.page = (size_t)sysconf(_SC_PAGESIZE)};
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
                           strerror((int)(without < 0 ? -without : -with)));
                return;
        }
        if (!taken)
                report_row(&doctor->report, "huge_pages", NOTE,
                           "The kernel is built without them, or they are switched off in "
                           "/sys/kernel/mm/transparent_hugepage.",
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

        if (works)
                report_row(&doctor->report, "populate", GOOD,
                           "RMMAP_POPULATE faults everything in at once, and returns an error if "
                           "the disk is full.",
                           "works");
        else if (without >= 0 && with >= 0)
                report_row(&doctor->report, "populate", NOTE,
                           "RMMAP_POPULATE does nothing: the kernel is older than 5.14, or this is "
                           "a sandbox.",
                           "isn't to be had");
        else if (not_mapped((int)-without) || not_mapped((int)-with))
                report_row(&doctor->report, "populate", NOTE, "RMMAP_POPULATE is refused.",
                           "files aren't mapped here");
        else
                report_row(&doctor->report, "populate", UNKNOWN, NULL, "%s",
                           strerror((int)(without < 0 ? -without : -with)));
        fact_flag(&doctor->report, "populate", works);
}

/* In a child, which dies if the guard fails: reads past the new end of a cut file. An errno. */
static int read_what_was_cut(const struct doctor *doctor)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;
        unsigned char byte;
        int error;

        options.flags = RMMAP_CATCH_FAULTS;
        options.engine = RMMAP_ENGINE_MAP;
        error = doctor_create(doctor, "file", SMALL_FILE, &options, &file);
        if (error)
                return -error;
        if (ftruncate(rmmap_fd(file), 0))
                return EINVAL;
        return -rmmap_raw_read(file, SMALL_FILE / 2, &byte, 1, NULL);
}

void examine_faults(struct doctor *doctor)
{
        int status = 0, error;
        pid_t child;

        fflush(NULL); /* otherwise the child prints it again */
        child = fork();
        if (child == 0)
                _exit(read_what_was_cut(doctor));
        while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        doctor_remove(doctor, "file");
        error = child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        if (error == ESTALE)
                report_row(&doctor->report, "faults", GOOD,
                           "With RMMAP_CATCH_FAULTS it is ESTALE; without, a mapping that is read "
                           "then ends the process by SIGBUS.",
                           "reading a file that another program truncates returns an error");
        else if (not_mapped(error))
                report_row(&doctor->report, "faults", GOOD, NULL,
                           "files aren't mapped here, so reading a file that another program "
                           "truncates returns an error");
        else if (child > 0 && WIFSIGNALED(status))
                report_row(&doctor->report, "faults", BAD,
                           "RMMAP_CATCH_FAULTS doesn't work here; please report it.",
                           "reading a file that another program truncates raises signal %d",
                           WTERMSIG(status));
        else
                report_row(&doctor->report, "faults", UNKNOWN, NULL, "the test failed%s%s",
                           error ? ": " : "", error ? strerror(error) : "");
        fact_flag(&doctor->report, "faults_caught", error == ESTALE || not_mapped(error));
}

void examine_fork(struct doctor *doctor)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        bool wiped = memory != MAP_FAILED && !madvise(memory, page, MADV_WIPEONFORK);

        if (memory != MAP_FAILED)
                munmap(memory, page);
        if (wiped)
                report_row(&doctor->report, "fork", GOOD, NULL,
                           "a word in memory identifies a forked child, at no cost");
        else
                report_row(&doctor->report, "fork", NOTE,
                           "The kernel has no MADV_WIPEONFORK (4.14). A pthread_atfork handler is "
                           "used instead; a bare clone doesn't call it.",
                           "no word in memory identifies a forked child");
        fact_flag(&doctor->report, "wipe_on_fork", wiped);
}
