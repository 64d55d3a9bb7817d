/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The library returns exactly the errors that rmmap.h and the manual pages list for each function,
 * and a call that is refused does nothing. Each row of errors/rows.c causes one error, and every
 * listed error has a row. Then every function is called in every scene of the rows: any result is
 * allowed that the function's list contains. Holds B.3.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "errors/scene.h"
#include "support.h"

/* The exit status of a child whose call did something although it was refused. */
#define DID_SOMETHING 255

/* What a child found; sent through a pipe, because its limits may prevent writing a file. */
struct found {
        size_t row, call;
        const char *impossible; /* why there is no such scene here; a string of the program */
        const char *changed;    /* by a call that was refused; another one */
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

/* ---- one scene */

static int call_and_watch(struct scene *scene, const struct call *call, const char **changed)
{
        int result;

        scene_mark_results(scene);
        witness_before(scene);
        result = call->make(scene, scene->results);
        if (result < 0)
                *changed = witness_after(scene, call->function, result);
        return result;
}

/* In a child of its own where the scene needs that. */
static int make_call(struct scene *scene, const struct call *call, const char **changed)
{
        int status;
        pid_t child;

        if (!scene->in_child)
                return call_and_watch(scene, call, changed);
        child = made(fork(), "fork");
        if (child == 0) {
                int result = call_and_watch(scene, call, changed);

                _exit(*changed != NULL ? DID_SOMETHING : result < 0 ? -result : 0);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
                made(-ECHILD, call->function);
        if (WEXITSTATUS(status) == DID_SOMETHING)
                *changed = "did something";
        return -WEXITSTATUS(status);
}

static void spoil(struct scene *scene, const struct row *row)
{
        memset(scene, 0, sizeof(*scene));
        row->spoil(scene, row->parameter);
        if (row->then != NULL)
                row->then(scene, row->its);
}

static void play(size_t row, size_t call, int to)
{
        struct found found;
        struct scene scene;
        const char *left;

        memset(&found, 0, sizeof(found)); /* its padding goes through the pipe, too */
        found.row = row;
        found.call = call;
        spoil(&scene, &rows[row]);
        if (strncmp(calls[call].function, "rmmap_queue_", strlen("rmmap_queue_")) == 0)
                scene_make_queue(&scene);
        found.impossible = scene.impossible;
        if (found.impossible == NULL)
                found.result = make_call(&scene, &calls[call], &found.changed);
        scene_end(&scene);
        left = witness_leftovers();
        if (found.changed == NULL)
                found.changed = left;
        if (write(to, &found, sizeof(found)) != sizeof(found))
                _exit(98);
}

/* ---- many, in a child of this process */

struct part {
        size_t row, row_end, call, call_end;
        bool own_rows; /* those of the call */
};

/* libc keeps the stacks of threads that ended: from here on it has as many as a scene needs. */
static void leave_stacks(void)
{
        struct rmmap_queue_options two = {sizeof(two), 0, 1, 2};
        struct rmmap_queue *queue;

        made(rmmap_queue_create(&two, &queue), "a queue");
        rmmap_queue_release(queue);
}

static void play_part(const struct part *part, int to)
{
        for (size_t row = part->row; row < part->row_end; row++)
                for (size_t call = part->call; call < part->call_end; call++)
                        if (!part->own_rows ||
                            strcmp(rows[row].function, calls[call].function) == 0)
                                play(row, call, to);
}

/* Hands over what was found of each scene; gives how many are wrong. */
static int play_in_child(const struct part *part, int (*judge)(const struct found *found))
{
        struct found found = {part->row, part->call, NULL, NULL, 0};
        int ends[2], status, wrong = 0;
        pid_t child;

        ck_assert_int_eq(pipe(ends), 0);
        fflush(NULL);
        child = fork();
        if (child == 0) {
                close(ends[0]);
                leave_stacks();
                play_part(part, ends[1]);
                _exit(0);
        }
        ck_assert_int_gt(child, 0);
        close(ends[1]);
        while (read(ends[0], &found, sizeof(found)) == sizeof(found))
                wrong += judge(&found);
        close(ends[0]);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                      "after %s in %s the process ended by %s %d", calls[found.call].function,
                      rows[found.row].scene, WIFSIGNALED(status) ? "signal" : "exit",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        fflush(stdout);
        return wrong;
}

/* ---- rows */

static bool has_row(const char *function, int error)
{
        for (size_t i = 0; i < row_count; i++)
                if (strcmp(rows[i].function, function) == 0 && rows[i].error == error)
                        return true;
        return false;
}

static bool has_call(const char *function)
{
        for (size_t i = 0; i < call_count; i++)
                if (strcmp(calls[i].function, function) == 0)
                        return true;
        return false;
}

START_TEST(every_documented_error_has_a_row)
{
        int missing = 0;

        for (size_t i = 0; i < row_count; i++)
                ck_assert_msg(has_call(rows[i].function), "no call of %s", rows[i].function);
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

/* Errors of the kernel itself are passed through. */
static bool kernel_answers(const struct row *row)
{
        spoil_function *const spoils[] = {page_fault, full_disk, sticky, no_descriptor};

        for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++)
                if (row->spoil == spoils[i])
                        return true;
        return false;
}

/* Scenes that the floor build sees nothing of, or something else. */
static bool is_beyond_floor(const struct row *row)
{
        spoil_function *const spoils[] = {held, names_only, incoherent, page_fault, full_disk};

        for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++)
                if (row->spoil == spoils[i])
                        return ON_FLOOR;
        return false;
}

static int judge_by_row(const struct found *found)
{
        const struct row *row = &rows[found->row];

        if (found->impossible != NULL) {
                printf("SKIP: %s %s in %s: %s\n", row->function, name_of(row->error), row->scene,
                       found->impossible);
                return 0;
        }
        if (is_beyond_floor(row) && found->result != -row->error) {
                printf("SKIP: the floor build has no %s of %s in %s\n", name_of(row->error),
                       row->function, row->scene);
                return 0;
        }
        if (found->result == -row->error && found->changed == NULL &&
            (is_documented(row->function, row->error) || kernel_answers(row)))
                return 0;
        printf("%s in %s: %d (%s), expected %s; it %s\n", row->function, row->scene, found->result,
               name_of(-found->result), name_of(row->error),
               found->changed != NULL ? found->changed : "changed nothing");
        return 1;
}

START_TEST(a_row_gives_its_error_and_nothing_else)
{
        const struct part part = {0, row_count, (size_t)_i, (size_t)_i + 1, true};

        ck_assert_int_eq(play_in_child(&part, judge_by_row), 0);
}
END_TEST

static bool takes_a_seal(const char *function)
{
        for (size_t i = 0; i < row_count; i++)
                if (strcmp(rows[i].function, function) == 0 && rows[i].spoil == forged)
                        return true;
        return false;
}

static void flip(void *words, int bit)
{
        ((unsigned char *)words)[bit / 8] ^= (unsigned char)(1u << (bit % 8));
}

/* Holds F.1. */
START_TEST(every_bit_of_a_range_and_of_a_receipt_counts)
{
        struct scene scene;

        spoil(&scene, &(struct row){.spoil = good});
        scene_make_queue(&scene);
        for (size_t i = 0; i < call_count; i++) {
                const char *changed = NULL, *function = calls[i].function;

                if (!takes_a_seal(function))
                        continue;
                for (int bit = 0; bit < 256; bit++) {
                        flip(&scene.range, bit);
                        flip(&scene.receipt, bit);
                        ck_is(call_and_watch(&scene, &calls[i], &changed), -EINVAL);
                        ck_assert_msg(changed == NULL, "%s, bit %d: %s", function, bit, changed);
                        flip(&scene.range, bit);
                        flip(&scene.receipt, bit);
                }
        }
        scene_end(&scene);
}
END_TEST

/* ---- every function in every scene */

static bool is_spoilt_once(const struct row *row)
{
        return row->then == NULL;
}

static bool seen_before(size_t index)
{
        const struct row *row = &rows[index];

        for (size_t i = 0; i < index; i++)
                if (is_spoilt_once(&rows[i]) && rows[i].spoil == row->spoil &&
                    rows[i].parameter == row->parameter)
                        return true;
        return false;
}

/* Nothing is expected but a documented error, which changes nothing, and a living process. */
static int judge_any_result(const struct found *found)
{
        const char *function = calls[found->call].function;

        if ((found->result >= 0 || is_documented(function, -found->result)) &&
            found->changed == NULL)
                return 0;
        printf("%s gives %d (%s) in %s; %s\n", function, found->result, name_of(-found->result),
               rows[found->row].scene,
               found->changed != NULL ? found->changed : "no page lists it");
        return 1;
}

START_TEST(every_scene_meets_every_function)
{
        int wrong = 0;

        for (size_t i = 0; i < row_count; i++) {
                const struct part part = {i, i + 1, 0, call_count, false};

                if (is_spoilt_once(&rows[i]) && !seen_before(i) && !kernel_answers(&rows[i]))
                        wrong += play_in_child(&part, judge_any_result);
        }
        ck_assert_int_eq(wrong, 0);
}
END_TEST

/* What gives no errno has nothing to tell of no handle. */
START_TEST(of_no_handle_there_is_nothing_to_tell)
{
        ck_assert_ptr_null(rmmap_clone(NULL));
        ck_assert_ptr_null(rmmap_release(NULL));
        ck_assert_uint_eq(rmmap_size(NULL), 0);
        ck_assert_uint_eq(rmmap_remaining(NULL), 0);
        ck_assert_uint_eq(rmmap_allocated(NULL), 0);
}
END_TEST

/* A forked child, in which every call is made, too, may make a queue: its threads start there. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
        return "die_after_fork=0";
}

int main(void)
{
        Suite *suite = suite_create("errors");
        TCase *alone = tcase_create("rows");
        TCase *sweep = tcase_create("sweep");

        test_deepen_stack();
        tcase_set_timeout(alone, 120);
        tcase_add_test(alone, every_documented_error_has_a_row);
        tcase_add_loop_test(alone, a_row_gives_its_error_and_nothing_else, 0, (int)call_count);
        tcase_add_test(alone, every_bit_of_a_range_and_of_a_receipt_counts);
        tcase_add_test(alone, of_no_handle_there_is_nothing_to_tell);
        suite_add_tcase(suite, alone);
        tcase_set_timeout(sweep, 300);
        tcase_add_test(sweep, every_scene_meets_every_function);
        suite_add_tcase(suite, sweep);
        return test_run(suite);
}
