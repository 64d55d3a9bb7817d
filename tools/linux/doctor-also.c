/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * doctor-also.c - what another mount of the same directory sees
 *
 * Two mounts stand for two machines: each may have its own page cache and its own locks.
 */
#include "rmmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = RMMAP_ALIGNMENT };
enum write_path { BY_MAPPING, BY_FILE_IO };

/* Exit statuses of a child; ERROR_BASE and above: an errno is added to it. */
enum { SEEN = 1, KEPT = 2, ERROR_BASE = 4 };

struct view {
        int fd;
        volatile unsigned char *map; /* NULL: access by file I/O */
};

static int open_view(struct view *view, const char *path, enum write_path mode)
{
        struct stat facts;
        void *map;

        view->map = NULL;
        view->fd = open(path, O_RDWR | O_CLOEXEC);
        if (view->fd < 0 || fstat(view->fd, &facts))
                return errno;
        if (facts.st_size < PAGE)
                return ESTALE;
        if (mode == BY_FILE_IO)
                return 0;
        map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, view->fd, 0);
        if (map == MAP_FAILED)
                return errno;
        view->map = map;
        return 0;
}

static void close_view(const struct view *view)
{
        if (view->map)
                munmap((void *)view->map, PAGE);
        close(view->fd);
}

/* When this returns 0, the byte has reached the disk or the server. */
static int put(const struct view *view, int at, unsigned char byte)
{
        if (view->map) {
                view->map[at] = byte;
                return msync((void *)view->map, PAGE, MS_SYNC) ? errno : 0;
        }
        return pwrite(view->fd, &byte, 1, at) != 1 || fsync(view->fd) ? errno : 0;
}

static bool has(const struct view *view, int at, unsigned char byte)
{
        unsigned char there;

        if (view->map)
                return view->map[at] == byte;
        return pread(view->fd, &there, 1, at) == 1 && there == byte;
}

static int make_page(const char *path)
{
        static const unsigned char zeros[PAGE];
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int error = fd < 0 || pwrite(fd, zeros, PAGE, 0) != PAGE || fsync(fd) ? errno : 0;

        if (fd >= 0)
                close(fd);
        return error;
}

/* Each side has the page in its cache when the other side writes to it. */
static int try_both(char *const paths[2], enum write_path mode)
{
        struct view views[2];
        int result = 0, error = make_page(paths[0]);

        for (int i = 0; !error && i < 2; i++)
                error = open_view(&views[i], paths[i], mode);
        if (!error && (!has(&views[0], 1, 0) || !has(&views[1], 0, 0)))
                error = EIO;
        if (!error)
                error = put(&views[0], 0, 'a');
        if (!error && has(&views[1], 0, 'a'))
                result = SEEN;
        if (!error)
                error = put(&views[1], 1, 'b');
        if (error)
                return ERROR_BASE + error;
        if (!has(&views[0], 1, 'b'))
                result = 0;
        close_view(&views[0]);
        close_view(&views[1]);
        for (int i = 0; i < 2; i++) {
                error = open_view(&views[i], paths[i], BY_FILE_IO);
                if (error)
                        return ERROR_BASE + error;
                if (!has(&views[i], 0, 'a') || !has(&views[i], 1, 'b'))
                        return result;
        }
        return result | KEPT;
}

/* Runs in a child, because a page that the kernel can't supply ends the process by SIGBUS. */
static int try_in_child(const struct doctor *doctor, char *const paths[2], enum write_path mode)
{
        int status = 0;
        pid_t child;

        fflush(NULL); /* otherwise the child prints it again */
        child = fork();
        if (child == 0)
                _exit(try_both(paths, mode));
        while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        doctor_remove(doctor, "also");
        if (child < 0)
                return ERROR_BASE + EAGAIN;
        return WIFEXITED(status) ? WEXITSTATUS(status) : ERROR_BASE + EFAULT;
}

static void examine_mapping(struct doctor *doctor, char *const paths[2])
{
        static const char meaning[] =
                "Programs on both mounts, or on two machines, can't write one file by mappings. "
                "With RMMAP_ENGINE_PWRITE they can; the library chooses it by itself on network "
                "and FUSE file systems.";
        int result = try_in_child(doctor, paths, BY_MAPPING);

        if (result >= ERROR_BASE)
                report_row(&doctor->report, "also_mapping", UNKNOWN, NULL, "%s",
                           strerror(result - ERROR_BASE));
        else if (result == (SEEN | KEPT))
                report_row(&doctor->report, "also_mapping", GOOD, NULL,
                           "what is stored in a mapping on one mount is seen on the other");
        else if (result & KEPT)
                report_row(&doctor->report, "also_mapping", NOTE, meaning,
                           "what is stored in a mapping on one mount isn't seen at once on the "
                           "other");
        else
                report_row(&doctor->report, "also_mapping", NOTE, meaning,
                           "of two pieces of a page, one written on each mount, one is lost");
        if (result < ERROR_BASE)
                fact_flag(&doctor->report, "also_mapping", result == (SEEN | KEPT));
}

static void examine_file_io(struct doctor *doctor, char *const paths[2])
{
        int result = try_in_child(doctor, paths, BY_FILE_IO);

        if (result >= ERROR_BASE)
                report_row(&doctor->report, "also_file_io", UNKNOWN, NULL, "%s",
                           strerror(result - ERROR_BASE));
        else if (result == (SEEN | KEPT))
                report_row(&doctor->report, "also_file_io", GOOD, NULL,
                           "what pwrite writes on one mount is seen on the other");
        else if (result & KEPT)
                report_row(&doctor->report, "also_file_io", NOTE,
                           "Nothing is lost, but a program that has read the old bytes may read "
                           "them again until it opens the file anew.",
                           "what pwrite writes on one mount isn't seen at once on the other");
        else
                report_row(&doctor->report, "also_file_io", NOTE,
                           "Programs on both mounts, or on two machines, must not write to the "
                           "same page.",
                           "of two pieces of a page, one written on each mount, one is lost");
        if (result < ERROR_BASE)
                fact_flag(&doctor->report, "also_file_io", result == (SEEN | KEPT));
}

static void examine_also_locks(struct doctor *doctor, char *const paths[2])
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL, *second = NULL;
        int error = doctor_create(doctor, "also", PAGE, NULL, &file);

        options.flags = RMMAP_LOCK_FILE;
        if (!error)
                error = rmmap_open(paths[1], &options, &second);
        if (error == -EBUSY)
                report_row(&doctor->report, "also_locks", GOOD, NULL,
                           "a lock that is held on one mount is seen on the other");
        else if (!error || error == -EOPNOTSUPP)
                report_row(&doctor->report, "also_locks", NOTE,
                           "Programs on both mounts, or on two machines, don't notice each other: "
                           "one can create a file anew that the other has open.",
                           error ? "the file system has no locks"
                                 : "a lock that is held on one mount is given on the other");
        else
                report_row(&doctor->report, "also_locks", UNKNOWN, NULL, "%s", strerror(-error));
        if (!error || error == -EOPNOTSUPP || error == -EBUSY)
                fact_flag(&doctor->report, "also_locks", error == -EBUSY);
        rmmap_release(second);
        rmmap_release(file);
        doctor_remove(doctor, "also");
}

/* The path of a file of the scratch directory on the other mount. */
static char *path_there(const struct doctor *doctor, const char *name)
{
        char *path;

        return asprintf(&path, "%s%s%s", doctor->also, strrchr(doctor->scratch, '/'), name) < 0
                       ? NULL
                       : path;
}

enum status examine_also(struct doctor *doctor)
{
        char *scratch = path_there(doctor, "");
        char *paths[2] = {doctor_path(doctor, "also"), path_there(doctor, "/also")};
        enum status status = DONE;
        struct stat here, there;

        if (!scratch || !paths[0] || !paths[1]) {
                status = fail(FAILED, "no memory");
        } else if (stat(doctor->also, &there)) {
                status = fail(SOURCE_ERROR, "%s: %s", doctor->also, strerror(errno));
        } else if (stat(scratch, &there) || stat(doctor->scratch, &here)) {
                status = fail(USAGE, "%s: what is made in %s isn't seen there", doctor->also,
                              doctor->directory);
        } else {
                report_row(&doctor->report, "also", PLAIN, NULL, "%s",
                           here.st_dev == there.st_dev
                                   ? "the same device, so both share what is in memory"
                                   : "another device, as if on another machine");
                examine_also_locks(doctor, paths);
                examine_mapping(doctor, paths);
                examine_file_io(doctor, paths);
        }
        free(scratch);
        free(paths[0]);
        free(paths[1]);
        return status;
}
