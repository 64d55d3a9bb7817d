/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The library returns exactly the errors that rmmap.h and the manual pages list for each function.
 * Each row of errors/rows.c causes one error, and every listed error has a row. Then every function
 * is called in every scene of the rows: any result is allowed that the function's list contains.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors/scene.h"
#include "support.h"

/* In place of a result: this machine doesn't have the scene. */
#define NO_SUCH_SCENE 1000

/* What a child found; sent through a pipe, because its limits may prevent writing a file. */
struct found {
        int call;
        int result;
};

#define ERROR(function, error) {#function, error, #error},
static const struct {
        const char *function;
        int error;
        const char *name;
} documented[] = {
#include "api.inc"
};
#define DOCUMENTED (sizeof(documented) / sizeof(documented[0]))

static const char *name_of(int error)
{
        static char other[32];

        for (size_t i = 0; i < DOCUMENTED; i++)
                if (documented[i].error == error)
                        return documented[i].name;
        snprintf(other, sizeof(other), "errno %d", error);
        return other;
}

static bool is_documented(const char *function, int error)
{
        for (size_t i = 0; i < DOCUMENTED; i++)
                if (strcmp(documented[i].function, function) == 0 && documented[i].error == error)
                        return true;
        return false;
}

static size_t find_call(const char *function)
{
        for (size_t i = 0; i < call_count; i++)
                if (strcmp(calls[i].function, function) == 0)
                        return i;
        ck_abort_msg("no call of %s", function);
        return 0;
}

/* In a child of its own where the scene needs that. */
static int make_call(struct scene *scene, const struct call *call)
{
        int status;
        pid_t child;

        if (!scene->in_child)
                return call->make(scene, scene->results);
        child = must(fork(), "fork");
        if (child == 0) {
                int result = call->make(scene, scene->results);

                _exit(result < 0 ? -result : 0);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
                must(-ECHILD, call->function);
        return -WEXITSTATUS(status);
}

static void play(const struct row *row, size_t call, int to)
{
        struct found found;
        struct scene scene;

        memset(&found, 0, sizeof(found)); /* its padding goes through the pipe, too */
        found = (struct found){(int)call, NO_SUCH_SCENE};
        row->spoil(&scene, row->parameter);
        if (scene.impossible == NULL)
                found.result = make_call(&scene, &calls[call]);
        if (write(to, &found, sizeof(found)) != sizeof(found))
                _exit(98);
        scene_end(&scene);
}

/* Plays the row's scene with calls [first, last) in a child; gives where to read what it found. */
static int play_in_child(const struct row *row, size_t first, size_t last, pid_t *child)
{
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        fflush(NULL);
        *child = fork();
        ck_assert_int_ge(*child, 0);
        if (*child == 0) {
                close(ends[0]);
                for (size_t i = first; i < last; i++)
                        play(row, i, ends[1]);
                _exit(0);
        }
        close(ends[1]);
        return ends[0];
}

static void end_child(pid_t child, int from, const struct row *row, size_t call)
{
        int status;

        close(from);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                      "%s in %s: the process ended by %s %d", calls[call].function, row->scene,
                      WIFSIGNALED(status) ? "signal" : "exit",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static bool has_row(const char *function, int error)
{
        for (size_t i = 0; i < row_count; i++)
                if (strcmp(rows[i].function, function) == 0 && rows[i].error == error)
                        return true;
        return false;
}

START_TEST(every_documented_error_has_a_row)
{
        int missing = 0;

        for (size_t i = 0; i < DOCUMENTED; i++) {
                if (has_row(documented[i].function, documented[i].error))
                        continue;
                printf("no row gives %s of %s\n", documented[i].name, documented[i].function);
                missing++;
        }
        fflush(stdout);
        ck_assert_int_eq(missing, 0);
}
END_TEST

/* Scenes that the floor build sees nothing of, or something else. */
static bool is_beyond_floor(const struct row *row)
{
        static const char *const scenes[] = {"held(", "names_only(", "incoherent(", "page_fault(",
                                             "full_disk("};

        for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
                if (strncmp(row->scene, scenes[i], strlen(scenes[i])) == 0)
                        return ON_FLOOR;
        return false;
}

START_TEST(a_row_gives_its_error)
{
        const struct row *row = &rows[_i];
        size_t call = find_call(row->function);
        struct found found = {0, 0};
        pid_t child;
        int from = play_in_child(row, call, call + 1, &child);
        ssize_t got = read(from, &found, sizeof(found));

        end_child(child, from, row, call);
        ck_assert_int_eq(got, sizeof(found));
        ck_assert_msg(is_documented(row->function, row->error), "%s: no page lists %s",
                      row->function, name_of(row->error));
        if (found.result == NO_SUCH_SCENE) {
                printf("SKIP: %s %s in %s: not on this machine\n", row->function,
                       name_of(row->error), row->scene);
                return;
        }
        if (is_beyond_floor(row) && found.result != -row->error) {
                printf("SKIP: the floor build has no %s of %s in %s\n", name_of(row->error),
                       row->function, row->scene);
                return;
        }
        ck_assert_msg(found.result == -row->error, "%s in %s: %d (%s), not %s", row->function,
                      row->scene, found.result, name_of(-found.result), name_of(row->error));
}
END_TEST

static bool seen_before(size_t index)
{
        for (size_t i = 0; i < index; i++)
                if (strcmp(rows[i].scene, rows[index].scene) == 0)
                        return true;
        return false;
}

/* Errors of the kernel itself are passed through. */
static bool kernel_answers(const struct row *row)
{
        return row->spoil == page_fault || row->spoil == full_disk;
}

/* Nothing is expected but a documented error and a living process. */
START_TEST(every_scene_meets_every_function)
{
        int undocumented = 0;

        for (size_t i = 0; i < row_count; i++) {
                struct found found;
                size_t call = 0;
                pid_t child;
                int from;

                if (seen_before(i) || kernel_answers(&rows[i]))
                        continue;
                from = play_in_child(&rows[i], 0, call_count, &child);
                while (read(from, &found, sizeof(found)) == sizeof(found)) {
                        const char *function = calls[found.call].function;

                        call = (size_t)found.call + 1;
                        if (found.result >= 0 || is_documented(function, -found.result))
                                continue;
                        printf("%s gives %s in %s, and no page lists it\n", function,
                               name_of(-found.result), rows[i].scene);
                        undocumented++;
                }
                end_child(child, from, &rows[i], call < call_count ? call : call - 1);
        }
        fflush(stdout);
        ck_assert_int_eq(undocumented, 0);
}
END_TEST

/* valgrind can't make the stack grow while it delivers a signal. */
static void make_stack_grow(void)
{
        volatile unsigned char deep[256 << 10];

        for (size_t i = 0; i < sizeof(deep); i += 1024)
                deep[i] = 0;
}

int main(void)
{
        Suite *suite = suite_create("errors");
        TCase *alone = tcase_create("rows");
        TCase *sweep = tcase_create("sweep");

        make_stack_grow();
        tcase_set_timeout(alone, 60);
        tcase_add_test(alone, every_documented_error_has_a_row);
        tcase_add_loop_test(alone, a_row_gives_its_error, 0, (int)row_count);
        suite_add_tcase(suite, alone);
        tcase_set_timeout(sweep, 300);
        tcase_add_test(sweep, every_scene_meets_every_function);
        suite_add_tcase(suite, sweep);
        return test_run(suite);
}
