/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* main.c - ask, reserve space, fetch, verify, make durable, and then publish */
#include "rmget.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool append(struct curl_slist **list, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*list, line);

        if (longer)
                *list = longer;
        return longer;
}

static bool copy_headers(struct curl_slist **list, const struct options *options)
{
        const struct curl_slist *header = options->headers;

        if (!append(list, "Accept-Encoding: identity")) /* the file itself, not compressed */
                return false;
        while (header && append(list, header->data))
                header = header->next;
        return !header;
}

/* If-Range: if the file has changed, the server sends all of the new one, which rmget detects. */
static bool add_if_range(struct job *job)
{
        const char *validator = response_validator(&job->facts);
        char line[sizeof(job->facts.etag) + 16];

        curl_slist_free_all(job->range_headers);
        job->range_headers = NULL;
        if (!copy_headers(&job->range_headers, job->options))
                return false;
        if (!validator)
                return true;
        snprintf(line, sizeof(line), "If-Range: %s", validator);
        return append(&job->range_headers, line);
}

static bool job_open(struct job *job, const struct options *options)
{
        *job = (struct job){.options = options};
        job->multi = curl_multi_init();
        job->share = curl_share_init();
        if (!job->multi || !job->share || !copy_headers(&job->headers, options))
                return false;
        return !curl_share_setopt(job->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
}

static void job_close(struct job *job)
{
        first_close(job);
        curl_multi_cleanup(job->multi);
        curl_share_cleanup(job->share);
        curl_slist_free_all(job->headers);
        curl_slist_free_all(job->range_headers);
        output_close(&job->output);
        free(job->url);
}

/* The reason why there is only one connection, although the user allows more. */
static const char *reason_for_one(const struct job *job)
{
        if (job->options->connections == 1 || job->alone)
                return NULL; /* as the user asked, or reported already */
        if (job->facts.no_ranges)
                return "; using one connection: the server sends no parts";
        if (!response_validator(&job->facts))
                return "; using one connection: the server sends neither ETag nor date, so "
                       "parts of two versions of the file couldn't be told apart";
        return NULL;
}

static enum status fetch(struct job *job)
{
        struct output_needs needs = {.mode = 0666};
        const char *reason = reason_for_one(job);
        char size[SIZE_TEXT];
        enum status status;

        if (job->source == SOURCE_LENGTH_UNKNOWN || job->source == SOURCE_EMPTY) {
                if (job->source == SOURCE_LENGTH_UNKNOWN)
                        note("%s: unknown length; using one connection%s", job->output.path,
                             job->facts.chunked || *job->facts.coding
                                     ? ""
                                     : "; its end can't be told from a lost connection");
                status = output_make(&job->output, &needs);
                return status ? status : stream(job);
        }
        job->alone |= job->facts.no_ranges || !response_validator(&job->facts);
        needs.size = needs.space = job->size;
        status = output_make(&job->output, &needs);
        if (status)
                return status;
        if (!add_if_range(job))
                return fail(FAILED, "no memory");
        note("%s: %s%s", job->output.path, size_text(size, job->size), reason ? reason : "");
        return transfer(job);
}

static enum status ask_and_fetch(struct job *job)
{
        enum status status;

        do {
                output_discard(&job->output);
                status = first_ask(job);
                if (!status)
                        status = fetch(job);
        } while (!status && job->anew);
        return status;
}

/* Prints the digest as sha256sum does, so that sha256sum -c can read it. */
static enum status print_digest(const struct job *job)
{
        const char *name = job->output.path;

        if (job->options->quiet)
                return DONE;
        if (strpbrk(name, "\\\n\r"))
                putchar('\\');
        printf("%s  ", job->digest);
        for (; *name; name++) {
                if (strchr("\\\n\r", *name))
                        printf("\\%c", *name == '\n' ? 'n' : *name == '\r' ? 'r' : '\\');
                else
                        putchar(*name);
        }
        putchar('\n');
        if (fflush(stdout))
                return fail(FAILED, "standard output: %s", error_text(errno));
        return DONE;
}

static enum status run(struct job *job)
{
        char size[SIZE_TEXT], rate[SIZE_TEXT];
        enum status status = output_name(&job->output, job->options);
        double begun = now(), passed;

        if (!status)
                status = ask_and_fetch(job);
        if (!status && signals_caught())
                status = INTERRUPTED;
        if (!status)
                status = output_publish(&job->output, job->size,
                                        job->options->force ? 0 : RMMAP_PUBLISH_NO_REPLACE);
        if (status)
                return status;
        passed = now() - begun;
        note("%s: complete, %s in %.1f s, %s/s", job->output.path, size_text(size, job->size),
             passed, size_text(rate, (uint64_t)((double)job->size / (passed + 1e-6))));
        return print_digest(job);
}

static enum status download(const struct options *options)
{
        enum status status;
        struct job job;

        say_only_errors(options->quiet);
        if (!signals_open() || curl_global_init(CURL_GLOBAL_DEFAULT))
                return fail(FAILED, "can't start");
        if (job_open(&job, options))
                status = run(&job);
        else
                status = fail(FAILED, "no memory");
        progress_end();
        job_close(&job);
        curl_global_cleanup();
        return status;
}

int main(int argc, char **argv)
{
        struct options options;
        enum status status;

        if (!program_begin(&argc, &argv, false))
                return FAILED; /* there is no descriptor for a message */
        say_as("rmget");
        setlocale(LC_CTYPE, "");
        status = options_parse(&options, argc, argv);
        if (!status && options.url)
                status = download(&options);
        options_free(&options);
        if (status == INTERRUPTED) {
                fail(status, "interrupted; no incomplete file is left");
                signals_die(signals_caught());
                return INTERRUPTED + signals_caught();
        }
        return (int)status;
}
