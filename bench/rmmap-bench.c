/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* rmmap-bench - compares this library with its alternatives; see --help */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "machine.h"
#include "neighbour.h"
#include "report.h"
#include "rounds.h"

struct outputs {
        FILE *csv, *json;
};

/* The files that an interrupted run must remove. */
static char leftover[4096], neighbours[4096];

static void interrupted(int signal)
{
        unlink(leftover);
        unlink(neighbours);
        _exit(128 + signal);
}

static void catch_signals(void)
{
        struct sigaction action = {.sa_handler = interrupted};

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
}

static void list(void)
{
        printf("scenarios\n");
        for (size_t i = 0; i < scenarios_count; i++) {
                printf("  %-18s %s; threads ", scenarios[i].name, scenarios[i].title);
                for (size_t j = 0; j < MOST_VARIANTS && scenarios[i].threads[j] != 0; j++)
                        printf("%s%u", j == 0 ? "" : ",", scenarios[i].threads[j]);
                putchar('\n');
        }
        printf("engines\n");
        for (size_t i = 0; i < engines_count; i++)
                printf("  %-18s %s\n", engines[i]->name, engines[i]->title);
}

static bool open_output(FILE **file, const char *name)
{
        if (name == NULL)
                return true;
        *file = fopen(name, "we");
        if (*file == NULL)
                fprintf(stderr, "rmmap-bench: %s: %s\n", name, strerror(errno));
        return *file != NULL;
}

static bool close_output(FILE *file)
{
        bool failed;

        if (file == NULL)
                return true;
        failed = ferror(file) != 0;
        return fclose(file) == 0 && !failed;
}

static int run_job(const struct job *job, const struct options *options,
                   const struct outputs *outputs)
{
        struct results results;
        int err;

        memcpy(leftover, job->path, sizeof(leftover));
        neighbour_path(neighbours, sizeof(neighbours), job);
        err = rounds_run(&results, job, options);
        if (results.references_count > 0) {
                report_table(&results, options->more);
                report_goals(&results);
                report_regret(&results);
                if (outputs->csv != NULL)
                        report_csv(outputs->csv, &results);
                if (outputs->json != NULL)
                        report_json(outputs->json, &results);
        }
        rounds_free(&results);
        return err;
}

static int run_variant(const struct scenario *scenario, unsigned int threads, bool durable,
                       const struct options *options, const struct outputs *outputs)
{
        static struct job job;
        const char *why;
        int err = job_make(&job, scenario, threads, durable, options, &why);

        if (err == 0 && scenario->memory != 0 && !machine_limit_memory(scenario->memory)) {
                why = "a memory group takes root, and the memory controller of cgroups";
                err = -EPERM;
        }
        if (err != 0)
                printf("\n%s: left out: %s\n", scenario->name, why);
        else
                err = run_job(&job, options, outputs);
        if (why == NULL && scenario->memory != 0 && !machine_limit_memory(0))
                fprintf(stderr, "rmmap-bench: the memory group is left behind\n");
        job_free(&job);
        return why != NULL ? 0 : err;
}

static int run_scenario(const struct scenario *scenario, const struct options *options,
                        const struct outputs *outputs)
{
        const unsigned int *threads =
                options->threads[0] != 0 ? options->threads : scenario->threads;
        bool first_only = options->first_only || (options->quick && options->threads[0] == 0);
        bool fixed = scenario->operation == OP_READ || options->durable == DURABLE_AS_IT_IS;
        int first = 0;

        for (size_t i = 0; i < MOST_VARIANTS && threads[i] != 0 && !(first_only && i > 0); i++) {
                for (int durable = 0; durable <= 1; durable++) {
                        int err;

                        if (fixed ? durable != scenario->durable
                                  : options->durable != DURABLE_BOTH &&
                                            durable != (options->durable == DURABLE_YES))
                                continue;
                        err = run_variant(scenario, threads[i], durable, options, outputs);
                        if (first == 0)
                                first = err;
                }
        }
        return first;
}

static int run_everything(const struct options *options, const struct outputs *outputs)
{
        int first = 0;

        for (size_t i = 0; i < scenarios_count; i++) {
                int err;

                if (!options_take_scenario(options, &scenarios[i]))
                        continue;
                err = run_scenario(&scenarios[i], options, outputs);
                if (first == 0)
                        first = err;
        }
        return first;
}

int main(int argc, char **argv)
{
        struct outputs outputs = {NULL, NULL};
        struct options options;
        struct machine machine;
        int status, err;

        if (!options_read(&options, argc, argv, &status))
                return status;
        if (options.list)
                return list(), EXIT_SUCCESS;
        if (!open_output(&outputs.csv, options.csv) || !open_output(&outputs.json, options.json))
                return EXIT_FAILURE;
        machine_describe(&machine, options.directory);
        report_table_begin(&machine, &options);
        if (outputs.csv != NULL)
                report_csv_begin(outputs.csv, &machine, &options);
        if (outputs.json != NULL)
                report_json_begin(outputs.json, &machine, &options);
        machine_touch_memory(options.touch);
        catch_signals();
        err = run_everything(&options, &outputs);
        report_goals_end();
        report_regret_end();
        if (outputs.json != NULL)
                report_json_end(outputs.json);
        if (!close_output(outputs.csv) || !close_output(outputs.json))
                return EXIT_FAILURE;
        return err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
