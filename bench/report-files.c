/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* CSV and JSON. Times are in seconds, sizes in bytes. */
#include "report.h"

#include <rmmap.h>

static const char *const phase_names[PHASES] = {[PHASE_CREATE] = "create",
                                                [PHASE_MOVE] = "move",
                                                [PHASE_SYNC] = "sync",
                                                [PHASE_CLOSE] = "close"};

void report_csv_begin(FILE *file, const struct machine *machine, const struct options *options)
{
        fprintf(file, "# rmmap-bench " RMMAP_VERSION_STRING ", %s\n", machine->date);
        fprintf(file, "# %s; %s; %ld processors; %.0f GiB; %s; read-ahead %s\n", machine->kernel,
                machine->processor, machine->processors,
                (double)machine->memory / (double)MIB(1024), machine->file_system,
                machine->read_ahead);
        fprintf(file,
                "# %u rounds%s; seconds; ahead: time divided by rmmap's, with its %.1f %% "
                "interval;\n"
                "# regret: rmmap's time divided by that of best, the fastest peer\n",
                options->rounds, options->quick ? ", quick" : "",
                interval_confidence(options->rounds) * 100);
        fprintf(file,
                "scenario,threads,durable,engine,size,block,operations,bytes,median,min,max,"
                "gib_per_second,each,create,move,sync,close,cpu,faults,disk_bytes,"
                "ahead,ahead_low,ahead_high,regret,regret_low,regret_high,best,"
                "latency_p50_us,latency_p99_us,latency_p99_9_us,latency_max_us,"
                "memory_peak,cached_left,neighbour_p50_us,neighbour_p99_us,neighbour_max_us\n");
}

/* In the line of the library without hints. */
static void csv_regret(FILE *file, const struct regret *regret)
{
        fprintf(file, ",%.4f,%.4f,%.4f,%s", regret->ratio.median, regret->ratio.low,
                regret->ratio.high, regret->best->engine->name);
}

static void csv_watched(FILE *file, const struct watched *watched)
{
        const struct quantiles *latencies = &watched->latencies;

        fprintf(file, ",%.4g,%.4g,%.4g,%.4g,%llu,%llu", latencies->half, latencies->p99,
                latencies->p99_9, latencies->most, (unsigned long long)watched->memory,
                (unsigned long long)watched->cached);
}

static void csv_waits(FILE *file, const struct results *results, const struct outcome *outcome)
{
        struct quantiles waits = histogram_quantiles(&outcome->waits);

        if (results->job->scenario->neighbour == NEIGHBOUR_SYNCS)
                fprintf(file, ",%.4g,%.4g,%.4g", waits.half, waits.p99, waits.most);
        else
                fputs(",,,", file);
}

static void csv_line(FILE *file, const struct results *results, const struct outcome *outcome)
{
        const struct job *job = results->job;
        double median = outcome->seconds.median;

        fprintf(file, "%s,%u,%d,%s,%llu,%zu,%llu,%llu,%.9f,%.9f,%.9f,%.4f,%.4g,",
                job->scenario->name, job->threads, job->durable, outcome->engine->name,
                (unsigned long long)job->size, job->block, (unsigned long long)job_operations(job),
                (unsigned long long)job_bytes(job), median, outcome->seconds.least,
                outcome->seconds.most, (double)job_bytes(job) / median / (double)MIB(1024),
                median / (double)job_operations(job));
        for (int phase = 0; phase < PHASES; phase++)
                fprintf(file, "%.9f,", outcome->phases[phase]);
        fprintf(file, "%.6f,%.0f,%.0f,%.4f,%.4f,%.4f", outcome->cpu, outcome->faults,
                outcome->disk_bytes, outcome->ahead[0].median, outcome->ahead[0].low,
                outcome->ahead[0].high);
        if (outcome == results->regret.ours)
                csv_regret(file, &results->regret);
        else
                fputs(",,,,", file);
        csv_watched(file, &outcome->watched);
        csv_waits(file, results, outcome);
        putc('\n', file);
}

void report_csv(FILE *file, const struct results *results)
{
        for (size_t i = 0; i < results->count; i++)
                if (results->outcomes[i].error == 0)
                        csv_line(file, results, &results->outcomes[i]);
        fflush(file);
}

static void json_text(FILE *file, const char *name, const char *text)
{
        fprintf(file, "\"%s\": \"", name);
        for (; *text != '\0'; text++) {
                if (*text == '"' || *text == '\\')
                        putc('\\', file);
                if ((unsigned char)*text >= ' ')
                        putc(*text, file);
        }
        fputs("\", ", file);
}

void report_json_begin(FILE *file, const struct machine *machine, const struct options *options)
{
        fputs("{", file);
        json_text(file, "program", "rmmap-bench");
        json_text(file, "version", RMMAP_VERSION_STRING);
        json_text(file, "date", machine->date);
        json_text(file, "kernel", machine->kernel);
        json_text(file, "processor", machine->processor);
        json_text(file, "file_system", machine->file_system);
        json_text(file, "read_ahead", machine->read_ahead);
        fprintf(file,
                "\"processors\": %ld, \"memory\": %llu, \"rounds\": %u, \"quick\": %s, "
                "\"verified\": %s, \"confidence\": %.4f,\n\"results\": [",
                machine->processors, (unsigned long long)machine->memory, options->rounds,
                options->quick ? "true" : "false", options->verify ? "true" : "false",
                interval_confidence(options->rounds));
}

static void json_sample(FILE *file, const struct sample *sample)
{
        fprintf(file, "{\"seconds\": %.9f", sample->seconds);
        for (int phase = 0; phase < PHASES; phase++)
                fprintf(file, ", \"%s\": %.9f", phase_names[phase], sample->phases[phase]);
        fprintf(file, ", \"cpu\": %.6f, \"faults\": %llu, \"disk_bytes\": %llu}", sample->cpu,
                (unsigned long long)sample->faults, (unsigned long long)sample->disk_bytes);
}

static void json_quantiles(FILE *file, const char *name, struct quantiles quantiles)
{
        fprintf(file, "%s: [%.4g, %.4g, %.4g, %.4g]", name, quantiles.half, quantiles.p99,
                quantiles.p99_9, quantiles.most);
}

static void json_watched(FILE *file, const struct watched *watched)
{
        json_quantiles(file, "\"latencies_us\"", watched->latencies);
        fprintf(file, ", \"memory_peak\": %llu, \"cached_left\": %llu",
                (unsigned long long)watched->memory, (unsigned long long)watched->cached);
}

static void json_outcome(FILE *file, const struct results *results, const struct outcome *outcome)
{
        fputs("{", file);
        json_text(file, "engine", outcome->engine->name);
        fprintf(file, "\"median\": %.9f, \"min\": %.9f, \"max\": %.9f, \"ahead\": {",
                outcome->seconds.median, outcome->seconds.least, outcome->seconds.most);
        for (size_t i = 0; i < results->references_count; i++)
                fprintf(file, "%s\"%s\": [%.4f, %.4f, %.4f]", i == 0 ? "" : ", ",
                        results->references[i]->engine->name, outcome->ahead[i].median,
                        outcome->ahead[i].low, outcome->ahead[i].high);
        fputs("},\n  ", file);
        json_watched(file, &outcome->watched);
        if (results->job->scenario->neighbour == NEIGHBOUR_SYNCS)
                json_quantiles(file, ", \"neighbour_us\"", histogram_quantiles(&outcome->waits));
        fputs(", \"samples\": [", file);
        for (size_t i = 0; i < results->rounds; i++) {
                fputs(i == 0 ? "" : ",\n    ", file);
                json_sample(file, &outcome->samples[i]);
        }
        fputs("]}", file);
}

void report_json(FILE *file, const struct results *results)
{
        const struct job *job = results->job;
        const char *separator = "";
        static bool more;

        fputs(more ? ",\n{" : "\n{", file);
        more = true;
        json_text(file, "scenario", job->scenario->name);
        json_text(file, "title", job->scenario->title);
        fprintf(file,
                "\"threads\": %u, \"durable\": %s, \"size\": %llu, \"block\": %zu, "
                "\"operations\": %llu, \"bytes\": %llu, \"timed\": [",
                job->threads, job->durable ? "true" : "false", (unsigned long long)job->size,
                job->block, (unsigned long long)job_operations(job),
                (unsigned long long)job_bytes(job));
        for (int phase = 0; phase < PHASES; phase++)
                if (job->scenario->timed & (1u << phase)) {
                        fprintf(file, "%s\"%s\"", separator, phase_names[phase]);
                        separator = ", ";
                }
        fputs("], \"engines\": [", file);
        separator = "\n ";
        for (size_t i = 0; i < results->count; i++)
                if (results->outcomes[i].error == 0) {
                        fputs(separator, file);
                        json_outcome(file, results, &results->outcomes[i]);
                        separator = ",\n ";
                }
        fputs("]}", file);
        fflush(file);
}

void report_json_end(FILE *file)
{
        fputs("\n]}\n", file);
}
