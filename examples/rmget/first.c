/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * first.c - the first request
 *
 * It asks for all of the file, as the simplest client would. The headers of its answer have the
 * file's length and identity; the body then waits until the file is created. This answer continues
 * however a server handles requests for parts, and a link that is valid for one use is used once.
 */
#include "rmget.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t take_body(char *data, size_t one, size_t length, void *argument)
{
        struct first *first = argument;

        if (first->take)
                return first->take(data, one, length, first->argument);
        first->waits = first->response.status == 200 || first->response.status == 206;
        first->stopped = !first->waits;
        return first->waits ? CURL_WRITEFUNC_PAUSE : 0;
}

/* Called when libcurl has made a connection. */
static int note_socket(void *argument, curl_socket_t socket, curlsocktype purpose)
{
        struct first *first = argument;

        (void)purpose;
        first->socket = socket;
        first->sockets++;
        return CURL_SOCKOPT_OK;
}

void first_close(struct job *job)
{
        if (!job->first.easy)
                return;
        curl_multi_remove_handle(job->multi, job->first.easy);
        curl_easy_cleanup(job->first.easy);
        job->first = (struct first){0};
}

void first_give(struct job *job, body_taker *take, void *argument)
{
        job->first.take = take;
        job->first.argument = argument;
        if (job->first.waits)
                curl_easy_pause(job->first.easy, CURLPAUSE_CONT);
        job->first.waits = false;
}

static const char *suffix_of(const char *coding)
{
        static const char *const codings[][2] = {
                {"gzip", ".gz"},  {"x-gzip", ".gz"},  {"br", ".br"},
                {"zstd", ".zst"}, {"compress", ".Z"}, {"x-compress", ".Z"},
        };

        for (size_t i = 0; i < sizeof(codings) / sizeof(*codings); i++)
                if (!strcasecmp(coding, codings[i][0]))
                        return codings[i][1];
        return NULL;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
        size_t least = strlen(end);

        return length >= least && !strncasecmp(text + length - least, end, least);
}

/* Does a name or a URL say that the file has this compression? */
static bool says(const char *name, size_t length, const char *suffix)
{
        return ends_with(name, length, suffix) ||
               (!strcmp(suffix, ".gz") && ends_with(name, length, ".tgz"));
}

/* After a redirect to another host curl drops the caller's secrets, so it must decide each time. */
static bool keeps_first_url(const struct options *options)
{
        CURLU *parts = curl_url();
        char *user = NULL;
        bool has_user = parts && !curl_url_set(parts, CURLUPART_URL, options->url, 0) &&
                        !curl_url_get(parts, CURLUPART_USER, &user, 0);

        curl_free(user);
        curl_url_cleanup(parts);
        return has_user || options->headers;
}

static enum status set_url(struct job *job, const char *url)
{
        char *copy = strdup(url);

        if (!copy)
                return fail(FAILED, "no memory");
        free(job->url);
        job->url = copy;
        return DONE;
}

static enum status keep_answer(struct job *job)
{
        char *url = NULL;

        job->facts = job->first.response;
        curl_easy_getinfo(job->first.easy, CURLINFO_EFFECTIVE_URL, &url);
        if (!url || keeps_first_url(job->options))
                return DONE;
        return set_url(job, url);
}

static enum status bad_server(const struct job *job, const char *text)
{
        return fail(BAD_SERVER, "%s: %s", job->options->url, text);
}

/*
 * rmget asks for the file without compression. If the answer is compressed nevertheless, it is kept
 * only under a name that says so. If the URL has such a name, the server usually means the file
 * itself; without a length it has compressed the file once more.
 */
static enum status decide_coded(struct job *job)
{
        const struct response *facts = &job->facts;
        const char *name = job->output.path, *url = job->options->url;
        const char *suffix = suffix_of(facts->coding);
        bool framed = facts->chunked || facts->has_length;

        if (suffix && says(name, strlen(name), suffix) && framed &&
            (facts->has_length || !says(url, strcspn(url, "?#"), suffix))) {
                note("%s: compressed with %s, as its name says; saved as it is sent", name,
                     facts->coding);
                job->alone = true;
                return DONE;
        }
        return fail(BAD_SERVER,
                    "%s: the server compresses the file (%s) although asked not to%s%s%s", url,
                    facts->coding, suffix && framed ? "; -o NAME" : "",
                    suffix && framed ? suffix : "", suffix && framed ? " saves it compressed" : "");
}

/* Some servers send even a whole file as a part of itself. */
static enum status decide_part(struct job *job)
{
        struct response *facts = &job->facts;

        if (!facts->has_range || !facts->has_total || facts->first != 0 ||
            facts->last + 1 != facts->total || facts->multipart ||
            (facts->has_length && facts->length != facts->total))
                return bad_server(
                        job, "the server sent a part of the file, but all of it was requested");
        facts->length = facts->total;
        facts->has_length = true;
        return DONE;
}

static enum status decide(struct job *job, bool ended)
{
        struct response *facts = &job->facts;
        enum status status = DONE;

        if (facts->bad_length)
                return bad_server(job,
                                  "the server sent two lengths of the file, or one that is not a "
                                  "number");
        if (facts->status == 206)
                status = decide_part(job);
        job->source = facts->has_length ? SOURCE_LENGTH_KNOWN : SOURCE_LENGTH_UNKNOWN;
        if (!status && *facts->coding)
                status = decide_coded(job);
        if (status || job->source == SOURCE_LENGTH_UNKNOWN)
                return status;
        job->size = facts->total = facts->length;
        facts->has_total = true; /* each part must have the same total */
        if (ended) {
                job->source = SOURCE_EMPTY;
                return job->size ? bad_server(job,
                                              "the server closed the connection without any data")
                                 : DONE;
        }
        return job->size ? DONE : bad_server(job, "the server sent more than it announced");
}

static enum status start(struct job *job)
{
        struct first *first = &job->first;

        first_close(job);
        job->url_expired = false;
        job->anew = false;
        if (set_url(job, job->options->url))
                return FAILED;
        first->easy = request_new(job, first->error);
        if (!first->easy)
                return fail(FAILED, "no memory");
        curl_easy_setopt(first->easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(first->easy, CURLOPT_SOCKOPTFUNCTION, note_socket);
        curl_easy_setopt(first->easy, CURLOPT_SOCKOPTDATA, first);
        curl_easy_setopt(first->easy, CURLOPT_HEADERFUNCTION, response_header);
        curl_easy_setopt(first->easy, CURLOPT_HEADERDATA, &first->response);
        curl_easy_setopt(first->easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(first->easy, CURLOPT_WRITEDATA, first);
        return curl_multi_add_handle(job->multi, first->easy)
                       ? fail(FAILED, "can't start a request")
                       : DONE;
}

enum status first_once_more(struct job *job, const struct verdict *verdict)
{
        const struct options *options = job->options;
        double wait;

        if (!verdict->again && job->had_parts && verdict->status == HTTP_ERROR)
                return fail(
                        HTTP_ERROR,
                        "%s: %s, after it had sent parts of the file; -n 1 sends one request only",
                        options->url, verdict->text);
        if (!verdict->again)
                return fail(verdict->status, "%s: %s", options->url, verdict->text);
        if (++job->failures > options->retries)
                return fail(verdict->status, "%s: %s (after %u retries)", options->url,
                            verdict->text, options->retries);
        wait = request_back_off(verdict, job->failures);
        if (wait > LONGEST_REST)
                return fail(verdict->status, "%s: %s; the server asks to retry after %.0f seconds",
                            options->url, verdict->text, wait);
        note("%s: %s; retrying in %.1f s (%u of %u)", options->url, verdict->text, wait,
             job->failures, options->retries);
        job->anew = true;
        return request_sleep(job->multi, wait);
}

static bool is_good(const struct first *first, CURLcode code)
{
        return (first->waits || code == CURLE_OK) &&
               (first->response.status == 200 || first->response.status == 206);
}

enum status first_ask(struct job *job)
{
        for (;;) {
                struct first *first = &job->first;
                struct verdict verdict;
                CURLcode code = CURLE_OK;
                enum status status = start(job);

                if (!status)
                        status = request_perform(job->multi, &first->waits, &code);
                if (status)
                        return status;
                if (is_good(first, code)) {
                        status = keep_answer(job);
                        return status ? status : decide(job, !first->waits);
                }
                if (first->stopped)
                        code = CURLE_OK;
                request_judge(&verdict, first->easy, code, first->error);
                if (code == CURLE_COULDNT_RESOLVE_HOST) /* probably a typing error in the URL */
                        verdict.again = false;
                status = first_once_more(job, &verdict);
                if (status)
                        return status;
        }
}
