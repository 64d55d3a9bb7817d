/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "options.h"

static const char help[] =
        "usage: rmmap-bench [OPTION]...\n"
        "Ways of writing and reading a file by many threads, side by side.\n"
        "\n"
        "  -s, --scenario PATTERNS  only these scenarios: names with * and ?, separated by commas\n"
        "                           (a job of 8 GiB runs only where it is named)\n"
        "  -e, --engine PATTERNS    only these engines\n"
        "  -d, --dir DIRECTORY      where the files are made (.)\n"
        "  -t, --threads LIST       instead of each scenario's own, such as 1,2,4,12; first: of\n"
        "                           its own only the first, for which its goal is\n"
        "      --durable CHOICE     end with a sync: yes, no or both\n"
        "      --size SIZE          of each file, instead of the scenario's own, such as 64M\n"
        "  -r, --rounds N           measured rounds, after one for warming up (7; --quick 3)\n"
        "      --settle MS          pause after each run, when all is on the disk (10)\n"
        "      --touch SIZE         memory to touch and give back first (at most 8G)\n"
        "      --verify             read back every byte of every run\n"
        "      --csv FILE           a line per scenario and engine; bench/table reads it\n"
        "      --json FILE          everything, each sample too\n"
        "  -q, --quick              under a minute: few rows, small files, few engines\n"
        "  -m, --more               how long single operations took, and the memory taken\n"
        "  -l, --list               the scenarios and the engines\n"
        "  -h, --help               this\n"
        "\n"
        "In each round all engines take their turn, in an order that changes from round to\n"
        "round; a scenario's first round isn't counted. Before each run rmmap-bench touches and\n"
        "frees as much memory as the file takes; after it, it unlinks the file, syncs the file\n"
        "system, and pauses. A table shows medians with minimum and maximum.\n"
        "\"rmmap ahead\" is the median of the rounds' ratios of the engine's time to rmmap's,\n"
        "with a confidence interval by the sign test. Above 1 rmmap is faster.\n"
        "rmmap gives the library no hint; rmmap-hint gives it the pattern, RMMAP_WRITE_BEHIND\n"
        "for a job that ends with a sync, RMMAP_UNCACHED for files larger than memory, and a\n"
        "dirty limit of 64 MiB beside another program that syncs. \"written\" is what the\n"
        "device wrote, for all processes, per byte of payload. \"regret\" is the time of rmmap\n"
        "divided by that of the fastest other method.\n"
        "A last round isn't timed: single operations are there, and the memory taken (-m).\n"
        "\n"
        "For reliable figures: nothing else running, --rounds 15 or more, a directory on the\n"
        "disk in question, and ratios rather than times; below 1.2 most are noise.\n";

enum {
        OPTION_DURABLE = 256,
        OPTION_SIZE,
        OPTION_SETTLE,
        OPTION_TOUCH,
        OPTION_VERIFY,
        OPTION_CSV,
        OPTION_JSON
};

static const struct option long_options[] = {
        {"scenario", required_argument, NULL, 's'},
        {"engine", required_argument, NULL, 'e'},
        {"dir", required_argument, NULL, 'd'},
        {"threads", required_argument, NULL, 't'},
        {"durable", required_argument, NULL, OPTION_DURABLE},
        {"size", required_argument, NULL, OPTION_SIZE},
        {"rounds", required_argument, NULL, 'r'},
        {"settle", required_argument, NULL, OPTION_SETTLE},
        {"touch", required_argument, NULL, OPTION_TOUCH},
        {"verify", no_argument, NULL, OPTION_VERIFY},
        {"csv", required_argument, NULL, OPTION_CSV},
        {"json", required_argument, NULL, OPTION_JSON},
        {"quick", no_argument, NULL, 'q'},
        {"more", no_argument, NULL, 'm'},
        {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

static bool read_number(const char *text, unsigned long least, unsigned long most,
                        unsigned long *number, char **end)
{
        errno = 0;
        *number = strtoul(text, end, 10);
        return errno == 0 && *end != text && *number >= least && *number <= most;
}

static bool read_size(const char *text, uint64_t *size)
{
        static const char units[] = "KMGT";
        const char *unit;
        unsigned long number;
        char *end;

        if (!read_number(text, 0, 1ul << 30, &number, &end))
                return false;
        unit = *end != '\0' ? strchr(units, *end) : NULL;
        if (*end != '\0' && (unit == NULL || end[1] != '\0'))
                return false;
        *size = (uint64_t)number << (unit != NULL ? 10 * (unit - units + 1) : 0);
        return *size >> (unit != NULL ? 10 * (unit - units + 1) : 0) == number;
}

static bool read_threads(const char *text, unsigned int *threads)
{
        unsigned long number;
        char *end;

        for (size_t i = 0; i < MOST_VARIANTS; i++) {
                if (!read_number(text, 1, MOST_THREADS, &number, &end))
                        return false;
                threads[i] = (unsigned int)number;
                if (*end == '\0')
                        return true;
                if (*end != ',')
                        return false;
                text = end + 1;
        }
        return false;
}

static bool read_durable(const char *text, enum durable_choice *choice)
{
        static const char *const names[] = {
                [DURABLE_NO] = "no", [DURABLE_YES] = "yes", [DURABLE_BOTH] = "both"};

        for (int i = DURABLE_NO; i <= DURABLE_BOTH; i++)
                if (strcmp(text, names[i]) == 0)
                        return *choice = (enum durable_choice)i, true;
        return false;
}

static bool take_value(struct options *options, int option)
{
        unsigned long number;
        char *end = NULL;

        switch (option) {
        case 't':
                options->first_only = strcmp(optarg, "first") == 0;
                return options->first_only || read_threads(optarg, options->threads);
        case OPTION_DURABLE:
                return read_durable(optarg, &options->durable);
        case OPTION_SIZE:
                return read_size(optarg, &options->size) && options->size % PAGE == 0;
        case OPTION_TOUCH:
                return read_size(optarg, &options->touch);
        case 'r':
                if (!read_number(optarg, 1, MOST_ROUNDS, &number, &end) || *end != '\0')
                        return false;
                options->rounds = (unsigned int)number;
                return true;
        case OPTION_SETTLE:
                if (!read_number(optarg, 0, 100000, &number, &end) || *end != '\0')
                        return false;
                options->settle = (long)number;
                return true;
        default:
                return false;
        }
}

static bool take_word(struct options *options, int option)
{
        switch (option) {
        case 's':
                options->scenario_patterns = optarg;
                return true;
        case 'e':
                options->engine_patterns = optarg;
                return true;
        case 'd':
                options->directory = optarg;
                return true;
        case OPTION_CSV:
                options->csv = optarg;
                return true;
        case OPTION_JSON:
                options->json = optarg;
                return true;
        case 'q':
                return options->quick = true;
        case 'm':
                return options->more = true;
        case 'l':
                return options->list = true;
        case OPTION_VERIFY:
                return options->verify = true;
        default:
                return take_value(options, option);
        }
}

bool options_read(struct options *options, int argc, char **argv, int *status)
{
        int option;

        *options = (struct options){.directory = ".", .settle = 10, .touch = UINT64_MAX};
        while ((option = getopt_long(argc, argv, "s:e:d:t:r:qmlh", long_options, NULL)) != -1) {
                if (option == 'h')
                        return fputs(help, stdout), *status = EXIT_SUCCESS, false;
                if (option == '?' || !take_word(options, option)) {
                        if (option != '?')
                                fprintf(stderr, "rmmap-bench: not possible: %s\n", optarg);
                        return *status = 2, false;
                }
        }
        if (optind != argc) {
                fprintf(stderr, "rmmap-bench: not understood: %s\n", argv[optind]);
                return *status = 2, false;
        }
        if (options->rounds == 0)
                options->rounds = options->quick ? 3 : 7;
        if (options->touch == UINT64_MAX)
                options->touch =
                        smaller(options->quick ? MIB(1024) : TIB(1) / 128,
                                machine_kilobytes("/proc/meminfo", "MemAvailable") / 4 * 3);
        return true;
}

/* Whether one of the patterns, separated by commas, is the name. */
static bool matches(const char *patterns, const char *name)
{
        char pattern[128];

        while (*patterns != '\0') {
                size_t length = strcspn(patterns, ",");

                snprintf(pattern, sizeof(pattern), "%.*s", (int)length, patterns);
                if (fnmatch(pattern, name, 0) == 0)
                        return true;
                patterns += length;
                patterns += *patterns == ',';
        }
        return false;
}

bool options_take_scenario(const struct options *options, const struct scenario *scenario)
{
        if (options->scenario_patterns != NULL)
                return matches(options->scenario_patterns, scenario->name);
        return options->quick ? scenario->quick : !scenario->long_run;
}

bool options_take_engine(const struct options *options, const struct engine *engine)
{
        if (options->engine_patterns != NULL)
                return matches(options->engine_patterns, engine->name);
        return !options->quick || (engine->flags & ENGINE_CORE);
}
