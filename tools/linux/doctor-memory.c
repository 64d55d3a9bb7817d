/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* doctor-memory.c - faults and fork, as Linux has them */
#include "rmmap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL_FILE = 1 << 20 };

const char no_huge_pages[] = "The kernel is built without them, or they are switched off in "
                             "/sys/kernel/mm/transparent_hugepage.";
const char no_populate[] =
        "RMMAP_POPULATE does nothing: the kernel is older than 5.14, or this is a sandbox.";

size_t page_size(void)
{
        return (size_t)sysconf(_SC_PAGESIZE);
}

long faults_so_far(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_minflt + usage.ru_majflt;
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
        size_t page = page_size();
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
