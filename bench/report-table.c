/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report.h"

static void print_size(char *text, size_t capacity, uint64_t bytes)
{
        static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
        size_t unit = 0;

        while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
                bytes /= 1024;
                unit++;
        }
        snprintf(text, capacity, "%llu %s", (unsigned long long)bytes, units[unit]);
}

/* For small operations the time of one, otherwise bytes per second. */
static void print_rate(char *text, size_t capacity, const struct job *job, double seconds)
{
        double each = seconds / (double)job_operations(job);

        if (!job_is_small(job))
                snprintf(text, capacity, "%.2f GiB/s",
                         (double)job_bytes(job) / seconds / (double)MIB(1024));
        else if (each < 1e-6)
                snprintf(text, capacity, "%.1f ns", each * 1e9);
        else
                snprintf(text, capacity, each < 1e-3 ? "%.2f us" : "%.2f ms",
                         each < 1e-3 ? each * 1e6 : each * 1e3);
}

void report_number(char *text, size_t capacity, double value)
{
        snprintf(text, capacity, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
}

void report_interval(char *text, size_t capacity, const struct interval *interval)
{
        char median[16], low[16], high[16];

        report_number(median, sizeof(median), interval->median);
        report_number(low, sizeof(low), interval->low);
        report_number(high, sizeof(high), interval->high);
        snprintf(text, capacity, "%s [%s %s]", median, low, high);
}

void report_table_begin(const struct machine *machine, const struct options *options)
{
        printf("%s, %s, %ld processors, %.0f GiB, %s, read-ahead %s\n", machine->kernel,
               machine->processor, machine->processors, (double)machine->memory / (double)MIB(1024),
               machine->file_system, machine->read_ahead);
        printf("%u rounds; ratios with their %.1f %% interval%s%s\n", options->rounds,
               interval_confidence(options->rounds) * 100,
               options->quick ? "; quick: for a first look only" : "",
               options->verify ? "; every run verified" : "");
}

static void print_heading(const struct results *results)
{
        const struct job *job = results->job;
        char size[32];

        print_size(size, sizeof(size), job->size);
        printf("\n%s: %s (%s)\n", job->label, job->scenario->title, size);
        printf("%-12s %9s %9s %9s %11s %7s", "", "median ms", "min", "max",
               job_is_small(job) ? "each" : "rate", "written");
        for (size_t i = 0; i < results->references_count; i++) {
                char ahead[32];

                snprintf(ahead, sizeof(ahead), "%s ahead", results->references[i]->engine->name);
                printf(" %18s", ahead);
        }
        printf("  %s\n", results->regret.best != NULL ? "regret" : "");
}

static void print_outcome(const struct results *results, const struct outcome *outcome)
{
        const struct job *job = results->job;
        char rate[32], written[32] = "";

        print_rate(rate, sizeof(rate), job, outcome->seconds.median);
        if (job_writes(job) && !job->tmpfs &&
            (job->durable || job->scenario->operation == OP_WRITE_DURABLE))
                report_number(written, sizeof(written),
                              outcome->disk_bytes / (double)job_bytes(job));
        printf("%-12s %9.2f %9.2f %9.2f %11s %7s", outcome->engine->name,
               outcome->seconds.median * 1e3, outcome->seconds.least * 1e3,
               outcome->seconds.most * 1e3, rate, written);
        for (size_t i = 0; i < results->references_count; i++) {
                const struct interval *ahead = &outcome->ahead[i];
                char range[64] = "-";

                if (results->references[i] != outcome)
                        report_interval(range, sizeof(range), ahead);
                printf(" %18s", range);
        }
        if (outcome == results->regret.ours) {
                char regret[64];

                report_interval(regret, sizeof(regret), &results->regret.ratio);
                printf("  %s, %s", regret, results->regret.best->engine->name);
        }
        putchar('\n');
}

static void print_numbers(const double *numbers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                char text[32];

                report_number(text, sizeof(text), numbers[i]);
                printf(" %9s", text);
        }
}

static void print_watched_of(const struct outcome *outcome, bool syncs)
{
        const struct watched *watched = &outcome->watched;
        const struct quantiles *latencies = &watched->latencies;
        struct quantiles waits = histogram_quantiles(&outcome->waits);

        printf("%-12s", outcome->engine->name);
        print_numbers((const double[]){latencies->half, latencies->p99, latencies->p99_9,
                                       latencies->most},
                      4);
        printf(" %5.0f MiB %5.0f MiB", (double)watched->memory / (double)MIB(1),
               (double)watched->cached / (double)MIB(1));
        if (syncs)
                print_numbers((const double[]){waits.half / 1e3, waits.p99 / 1e3, waits.most / 1e3},
                              3);
        putchar('\n');
}

/* What the last round watched, and the neighbour's waits, in a second table. */
static void print_watched(const struct results *results)
{
        bool syncs = results->job->scenario->neighbour == NEIGHBOUR_SYNCS;

        printf("%-12s %9s %9s %9s %9s %9s %9s%s\n",
               job_writes(results->job) ? "one write" : "one read", "p50 us", "p99", "p99.9", "max",
               "memory", "cached", syncs ? "   neighbour's fsync, ms: p50, p99, max" : "");
        for (size_t i = 0; i < results->count; i++)
                if (results->outcomes[i].error == 0)
                        print_watched_of(&results->outcomes[i], syncs);
}

void report_table(const struct results *results, bool more)
{
        print_heading(results);
        for (size_t i = 0; i < results->count; i++)
                if (results->outcomes[i].error == 0)
                        print_outcome(results, &results->outcomes[i]);
        for (size_t i = 0; i < results->count; i++)
                if (results->outcomes[i].error != 0)
                        printf("%-12s %s: %s\n", results->outcomes[i].engine->name,
                               rounds_means_cannot(results->outcomes[i].error) ? "left out"
                                                                               : "FAILED",
                               rounds_error_text(results->outcomes[i].error));
        if (more || results->job->scenario->more)
                print_watched(results);
        fflush(stdout);
}
