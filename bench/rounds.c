/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rounds.h"

bool rounds_means_cannot(int error)
{
        return error == -EOPNOTSUPP || error == -ENOSYS || error == -EPERM || error == -EINVAL;
}

const char *rounds_error_text(int error)
{
        return error == -EILSEQ ? "wrong data" : strerror(-error);
}

static void choose_engines(struct results *results, const struct options *options)
{
        for (size_t i = 0; i < engines_count && results->count < MOST_ENGINES; i++) {
                const struct engine *engine = engines[i];

                if (options_take_engine(options, engine) &&
                    (engine->suits == NULL || engine->suits(engine, results->job)))
                        results->outcomes[results->count++].engine = engine;
        }
}

static void say_progress(const struct results *results, int round, const char *engine)
{
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\033[K%s, round %d of %u, %s", results->job->label, round,
                        results->rounds + 1, engine);
}

/*
 * Round 0 warms up, and shows which engines can't do the job. The one after the counted rounds
 * isn't timed: there all that takes time to look at is watched.
 */
static int run_one(struct results *results, struct outcome *outcome, unsigned int round,
                   struct team *team, const struct options *options)
{
        const struct engine *engine = outcome->engine;
        bool counted = round >= 1 && round <= results->rounds;
        struct sample other;
        struct histogram other_waits = {.most = 0};
        struct sample *sample = counted ? &outcome->samples[round - 1] : &other;
        int err;

        if (outcome->error != 0)
                return 0;
        say_progress(results, (int)round, engine->name);
        err = run_once(results->job, engine, team, options, sample,
                       counted ? &outcome->waits : &other_waits,
                       round > results->rounds ? &outcome->watched : NULL);
        if (err == 0)
                return 0;
        outcome->error = err;
        if (round == 0 && rounds_means_cannot(err))
                return 0;
        fprintf(stderr, "%srmmap-bench: %s: %s: %s\n", isatty(STDERR_FILENO) ? "\n" : "",
                results->job->label, engine->name, rounds_error_text(err));
        return err;
}

/*
 * Each engine is the first one of two rounds, in which the others follow in both directions. So
 * each is first equally often, and none always runs after the same other one.
 */
static size_t whose_turn(unsigned int round, size_t place, size_t count)
{
        size_t first = round / 2 % count;

        return (round % 2 ? first + count - place : first + place) % count;
}

static int run_all(struct results *results, struct team *team, const struct options *options)
{
        size_t count = results->count;
        int first = 0;

        for (unsigned int round = 0; round <= results->rounds + 1; round++) {
                for (size_t i = 0; i < count; i++) {
                        size_t which = whose_turn(round, i, count);
                        int err = run_one(results, &results->outcomes[which], round, team, options);

                        if (first == 0)
                                first = err;
                }
        }
        if (isatty(STDERR_FILENO))
                fputs("\r\033[K", stderr);
        return first;
}

/* The time of one divided by that of the other, round by round. */
static struct interval ratio_of(const struct results *results, const struct outcome *one,
                                const struct outcome *other)
{
        double ratios[MOST_ROUNDS];

        for (size_t i = 0; i < results->rounds; i++)
                ratios[i] = one->samples[i].seconds / other->samples[i].seconds;
        return interval_of(ratios, results->rounds);
}

static double median_of(const struct results *results, const struct outcome *outcome,
                        double (*value)(const struct sample *sample, int phase), int phase)
{
        double values[MOST_ROUNDS];

        for (size_t i = 0; i < results->rounds; i++)
                values[i] = value(&outcome->samples[i], phase);
        return spread_of(values, results->rounds).median;
}

static double phase_value(const struct sample *sample, int phase)
{
        return sample->phases[phase];
}

static double cpu_value(const struct sample *sample, int phase)
{
        return (void)phase, sample->cpu;
}

static double faults_value(const struct sample *sample, int phase)
{
        return (void)phase, (double)sample->faults;
}

static double disk_value(const struct sample *sample, int phase)
{
        return (void)phase, (double)sample->disk_bytes;
}

static void evaluate(struct results *results, struct outcome *outcome)
{
        double seconds[MOST_ROUNDS];

        for (size_t i = 0; i < results->rounds; i++)
                seconds[i] = outcome->samples[i].seconds;
        outcome->seconds = spread_of(seconds, results->rounds);
        for (int phase = 0; phase < PHASES; phase++)
                outcome->phases[phase] = median_of(results, outcome, phase_value, phase);
        outcome->cpu = median_of(results, outcome, cpu_value, 0);
        outcome->faults = median_of(results, outcome, faults_value, 0);
        outcome->disk_bytes = median_of(results, outcome, disk_value, 0);
        for (size_t i = 0; i < results->references_count; i++)
                outcome->ahead[i] = ratio_of(results, outcome, results->references[i]);
}

static void find_regret(struct results *results)
{
        struct regret *regret = &results->regret;

        for (size_t i = 0; i < results->count; i++) {
                const struct outcome *outcome = &results->outcomes[i];
                unsigned int flags = outcome->engine->flags;

                if (outcome->error != 0)
                        continue;
                if ((flags & ENGINE_OURS) && !(flags & ENGINE_HINT))
                        regret->ours = outcome;
                if ((flags & ENGINE_PEER) &&
                    (regret->best == NULL ||
                     outcome->seconds.median < regret->best->seconds.median))
                        regret->best = outcome;
        }
        if (regret->ours != NULL && regret->best != NULL)
                regret->ratio = ratio_of(results, regret->ours, regret->best);
        else
                *regret = (struct regret){.ours = NULL};
}

/* The engines of this library; or, where none of them ran, the first one that ran. */
static void choose_references(struct results *results)
{
        for (size_t i = 0; i < results->count; i++) {
                const struct outcome *outcome = &results->outcomes[i];

                if ((outcome->engine->flags & ENGINE_OURS) && outcome->error == 0 &&
                    results->references_count < MOST_REFERENCES)
                        results->references[results->references_count++] = outcome;
        }
        for (size_t i = 0; i < results->count && results->references_count == 0; i++)
                if (results->outcomes[i].error == 0)
                        results->references[results->references_count++] = &results->outcomes[i];
}

int rounds_run(struct results *results, const struct job *job, const struct options *options)
{
        struct team *team;
        int err;

        memset(results, 0, sizeof(*results));
        results->job = job;
        results->rounds = options->rounds;
        choose_engines(results, options);
        for (size_t i = 0; i < results->count; i++) {
                results->outcomes[i].samples = calloc(options->rounds, sizeof(struct sample));
                if (results->outcomes[i].samples == NULL)
                        return -ENOMEM;
        }
        err = team_start(&team, job);
        if (err != 0)
                return err;
        run_settle(job, options);
        err = run_all(results, team, options);
        team_stop(team);
        choose_references(results);
        for (size_t i = 0; i < results->count; i++)
                if (results->outcomes[i].error == 0)
                        evaluate(results, &results->outcomes[i]);
        find_regret(results);
        return err;
}

void rounds_free(struct results *results)
{
        for (size_t i = 0; i < results->count; i++)
                free(results->outcomes[i].samples);
        results->count = 0;
}
