/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The first process of a virtual machine: runs every program in /tests, says how each ended, and
 * turns the machine off. For large-pages-test.sh; static, since there is nothing else there.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_program(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static int run(const char *path, const char *log)
{
        int status = -1;
        pid_t child = fork();

        if (child == 0) {
                int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

                dup2(fd, STDOUT_FILENO);
                dup2(fd, STDERR_FILENO);
                alarm(300);
                execl(path, path, (char *)NULL);
                _exit(127);
        }
        while (waitpid(child, &status, 0) != child)
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What it skipped; all of it when it failed. */
static void show(const char *log, int status)
{
        FILE *file = fopen(log, "r");
        char line[512];

        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
                if (status != 0 || line[0] == 'S')
                        printf("    %s", line);
        if (file != NULL)
                fclose(file);
}

int main(void)
{
        struct dirent **programs;
        char path[512];
        int count;

        mkdir("/proc", 0755);
        mkdir("/sys", 0755);
        mkdir("/dev", 0755);
        mkdir("/tmp", 01777);
        if (mount("none", "/proc", "proc", 0, NULL) != 0 ||
            mount("none", "/sys", "sysfs", 0, NULL) != 0 ||
            mount("none", "/dev", "devtmpfs", 0, NULL) != 0 ||
            mount("none", "/tmp", "tmpfs", 0, "size=70%") != 0)
                perror("mount");
        setenv("CK_TIMEOUT_MULTIPLIER", "20", 1);
        setenv("TEST_TMPDIR", "/tmp", 1);
        count = scandir("/tests", &programs, is_program, alphasort);
        printf("PAGE %ld\n", sysconf(_SC_PAGESIZE));
        for (int i = 0; i < count; i++) {
                int status;

                snprintf(path, sizeof(path), "/tests/%s", programs[i]->d_name);
                status = run(path, "/log");
                printf("RESULT %s %d\n", programs[i]->d_name, status);
                show("/log", status);
        }
        printf("DONE %d\n", count);
        fflush(stdout);
        sync();
        reboot(RB_POWER_OFF);
        return 0;
}
