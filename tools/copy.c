/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* copy.c - the command "copy", from its arguments to the final name */
#include "rmmap.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 256, USUAL_THREADS = 4 };

static const char help[] =
        "Usage: rmmap copy [option ...] SRC DST\n"
        "Copy the file SRC to DST, or into DST if it is a directory, by several threads at once.\n"
        "\n"
        "  -j, --threads=N       by N threads (1 to 256; as many as processors, 4 at most)\n"
        "  -f, --force           replace an existing DST, once the copy is complete\n"
        "  -p, --preserve        give DST the permissions, owner and times of SRC\n"
        "      --sync            return when the copy is durable (the default)\n"
        "      --no-sync         leave that to the system\n"
        "      --sparse=WHEN     auto: holes of SRC stay holes (the default); never: reserve\n"
        "                        space for all of DST\n"
        "  -q, --quiet           print errors only\n"
        "      --no-progress     no bar and no progress lines\n"
        "  -h, --help            print this and exit\n"
        "\n"
        "Until the copy is complete it is called DST.rmmap-part, or .rmmap-part-XXXXXXXX.\n";

enum { SYNC = 256, NO_SYNC, SPARSE, NO_PROGRESS };

static const struct option long_options[] = {
        {"threads", required_argument, NULL, 'j'}, {"force", no_argument, NULL, 'f'},
        {"preserve", no_argument, NULL, 'p'},      {"sync", no_argument, NULL, SYNC},
        {"no-sync", no_argument, NULL, NO_SYNC},   {"sparse", required_argument, NULL, SPARSE},
        {"quiet", no_argument, NULL, 'q'},         {"no-progress", no_argument, NULL, NO_PROGRESS},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
};

static enum status parse_threads(const char *text, unsigned *threads)
{
        char *end;
        unsigned long value;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > MOST_THREADS)
                return fail(USAGE, "--threads: '%s' is not a number from 1 to %d", text,
                            MOST_THREADS);
        *threads = (unsigned)value;
        return DONE;
}

static enum status parse_sparse(const char *text, bool *sparse)
{
        if (strcmp(text, "auto") && strcmp(text, "never"))
                return fail(USAGE, "--sparse: '%s' is neither auto nor never", text);
        *sparse = !strcmp(text, "auto");
        return DONE;
}

static enum status parse_one(struct copy *copy, int option)
{
        switch (option) {
        case 'j':
                return parse_threads(optarg, &copy->threads);
        case SPARSE:
                return parse_sparse(optarg, &copy->sparse);
        case 'f':
                copy->force = true;
                return DONE;
        case 'p':
                copy->preserve = true;
                return DONE;
        case SYNC:
        case NO_SYNC:
                copy->sync = option == SYNC;
                return DONE;
        case 'q':
                copy->quiet = true;
                copy->shown = false;
                return DONE;
        case NO_PROGRESS:
                copy->shown = false;
                return DONE;
        default:
                return usage_failed("copy");
        }
}

static unsigned usual_threads(void)
{
        return processors() < USUAL_THREADS ? processors() : USUAL_THREADS;
}

/* *asked: the user asked for --help only. */
static enum status parse(struct copy *copy, int argc, char **argv, bool *asked)
{
        enum status status = DONE;
        int option;

        *asked = false;
        while (!status && (option = getopt_long(argc, argv, "j:fpqh", long_options, NULL)) >= 0) {
                if (option == 'h') {
                        *asked = true;
                        return fputs(help, stdout) < 0 ? FAILED : DONE;
                }
                status = parse_one(copy, option);
        }
        if (!status && argc - optind != 2) {
                fail(USAGE, "copy takes two names, SRC and DST");
                status = usage_failed("copy");
        }
        return status;
}

static enum status open_source(struct copy *copy)
{
        struct page_cache cache;
        int error = copy->fd = file_open(copy->source, 0);

        if (error >= 0)
                error = file_facts(copy->fd, &copy->before);
        if (error < 0)
                return fail(SOURCE_ERROR, "%s: %s", copy->source, error_text(error));
        if (copy->before.kind != FILE_REGULAR)
                return fail(SOURCE_ERROR, "%s: not a regular file", copy->source);
        copy->forgets = page_cache_of(copy->fd, &cache) && cache.cached == 0;
        copy->sparse = copy->sparse && has_hole(copy->fd, copy->before.size) > 0;
        return DONE;
}

/* The output is DST, or a file of the source's name in the directory DST. */
static enum status name_output(struct copy *copy, const char *given)
{
        struct file_facts there;
        char *path;

        if (!path_facts(given, true, &there) && there.kind == FILE_DIRECTORY)
                path = path_in(given, last_name(copy->source));
        else
                path = strdup(given);
        if (!path)
                return fail(FAILED, "no memory");
        if (!path_facts(path, true, &there) && same_facts(&there, &copy->before)) {
                enum status status = fail(USAGE, "%s and %s are the same file", copy->source, path);

                free(path);
                return status;
        }
        return output_begin(&copy->output, path, copy->force);
}

/* The file is private until it gets its final permissions. */
static enum status make_output(struct copy *copy)
{
        uint64_t size = copy->before.size;
        struct output_needs needs = {.mode = 0600};

        copy->sized = size > 0 && size_is_true(copy);
        if (copy->sized) {
                needs.size = size;
                needs.space = copy->sparse ? copy->before.space : size;
                needs.flags = (copy->sparse ? RMMAP_NO_PREALLOCATE : 0) |
                              (copy->sync ? RMMAP_UNCACHED : 0);
        }
        return output_make(&copy->output, &needs);
}

static enum status check_source(const struct copy *copy)
{
        const struct file_facts *before = &copy->before;
        struct file_facts now;
        int error = file_facts(copy->fd, &now);

        if (error)
                return fail(SOURCE_ERROR, "%s: %s", copy->source, error_text(error));
        if (now.modified.tv_sec != before->modified.tv_sec ||
            now.modified.tv_nsec != before->modified.tv_nsec ||
            (copy->sized && (now.size != before->size || !size_is_true(copy))))
                return fail(CHANGED, "%s: changed while it was copied", copy->source);
        return DONE;
}

static enum status run(struct copy *copy, const char *given)
{
        uint32_t flags = (copy->force ? 0 : RMMAP_PUBLISH_NO_REPLACE) |
                         (copy->sync ? 0 : RMMAP_PUBLISH_NO_SYNC);
        enum status status = open_source(copy);

        if (!status)
                status = name_output(copy, given);
        if (!status)
                status = make_output(copy);
        if (!status)
                status = copy->sized ? copy_with_team(copy) : copy_as_stream(copy);
        if (!status)
                status = check_source(copy);
        if (!status)
                status = give_attributes(copy);
        if (!status && signals_caught())
                status = INTERRUPTED;
        if (!status)
                status = output_publish(&copy->output, copy->bytes, flags);
        /* A file isn't empty before it is published, so that changed its time. */
        if (!status && copy->preserve && copy->bytes == 0)
                status = give_attributes(copy);
        return status;
}

static void sum_up(const struct copy *copy, double seconds)
{
        char size[SIZE_TEXT], rate[SIZE_TEXT];
        const char *durable = !copy->sync                 ? ""
                              : copy->output.name_durable ? ", durable"
                                                          : ", durable but for its name";

        note("%s: %s in %.1f s, %s/s%s", copy->output.path, size_text(size, copy->bytes), seconds,
             size_text(rate, (uint64_t)((double)copy->bytes / (seconds + 1e-6))), durable);
}

enum status copy_main(int argc, char **argv)
{
        struct copy copy = {
                .fd = -1, .threads = usual_threads(), .sync = true, .sparse = true, .shown = true};
        double begun = now();
        enum status status;
        bool asked;

        status = parse(&copy, argc, argv, &asked);
        if (status || asked)
                return status;
        say_only_errors(copy.quiet);
        if (!signals_open())
                return fail(FAILED, "can't begin");
        copy.source = argv[optind];
        status = run(&copy, argv[optind + 1]);
        progress_end();
        if (!status)
                sum_up(&copy, now() - begun);
        output_close(&copy.output);
        if (copy.fd >= 0)
                file_close(copy.fd);
        return status;
}
