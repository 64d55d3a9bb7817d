/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * probe.c - the first request: size, identity, ranges or not
 *
 * It asks for the first byte. What the answer *does* counts, not what it says it could do: a 206
 * with a proper Content-Range is the only proof of ranges, and 200 with a Content-Length is the
 * whole file in one stream. Servers without ranges begin to send it; the request ends there.
 */
#include "rmget.h"

#include <stdlib.h>
#include <string.h>

struct question {
        struct response response;
        char error[CURL_ERROR_SIZE];
        uint64_t length; /* Content-Length */
        bool has_length;
        bool stopped; /* by this file, at the first byte of a body that it doesn't want */
};

static size_t take_body(char *data, size_t one, size_t length, void *argument)
{
        struct question *question = argument;

        (void)data;
        (void)one;
        if (question->response.status == 206 && length == 1)
                return length;
        question->stopped = true;
        return 0;
}

/* curl answers a redirect to another host without the caller's secrets, so let it decide anew. */
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

static enum status keep_answer(struct job *job, CURL *easy, struct question *question)
{
        curl_off_t length = -1;
        char *url = NULL;

        curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        question->has_length = length >= 0;
        question->length = length < 0 ? 0 : (uint64_t)length;
        job->facts = question->response;
        curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
        if (!url || keeps_first_url(job->options) || !strcmp(url, job->url))
                return DONE;
        url = strdup(url);
        if (!url)
                return fail(FAILED, "no memory");
        free(job->url);
        job->url = url;
        return DONE;
}

static enum status ask(struct job *job, bool for_range, struct question *question, CURLcode *code,
                       struct verdict *verdict)
{
        CURL *easy = request_new(job, question->error);
        enum status status;

        if (!easy)
                return fail(FAILED, "no memory");
        curl_easy_setopt(easy, CURLOPT_RANGE, for_range ? "0-0" : NULL);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, response_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, &question->response);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, question);
        status = request_perform(job->multi, easy, code);
        if (!status && question->stopped)
                *code = CURLE_OK;
        if (!status)
                request_judge(verdict, easy, *code, question->error);
        if (!status && *code == CURLE_OK)
                status = keep_answer(job, easy, question);
        curl_easy_cleanup(easy);
        return status;
}

/* True: the answer says what to do. False: ask again without a range. */
static bool decide(struct job *job, const struct question *question)
{
        const struct response *response = &question->response;

        switch (response->status) {
        case 206:
                job->source = SOURCE_RANGES;
                job->size = response->total;
                return response->has_range && response->has_total && response->first == 0;
        case 416: /* no byte 0: the file is empty, if the server says so */
                job->source = SOURCE_EMPTY;
                return response->has_total && response->total == 0;
        case 200:
                job->source = !question->has_length  ? SOURCE_UNKNOWN
                              : question->length > 0 ? SOURCE_STREAM
                                                     : SOURCE_EMPTY;
                job->size = question->length;
                return true;
        default:
                return false;
        }
}

static bool is_wanted(long status)
{
        return status == 200 || status == 206 || status == 416;
}

static enum status give_up_or_wait(struct job *job, struct verdict *verdict, CURLcode code,
                                   unsigned *failures)
{
        double wait;

        if (code == CURLE_COULDNT_RESOLVE_HOST) /* rather a slip of the pen than a failure */
                verdict->again = false;
        if (!verdict->again || ++*failures > job->options->retries)
                return fail(verdict->status, "%s: %s", job->options->url, verdict->text);
        wait = request_back_off(verdict, *failures);
        if (wait > 600)
                return fail(verdict->status, "%s: %s, and asks to come back in %.0f seconds",
                            job->options->url, verdict->text, wait);
        note("%s: %s; again in %.1f s (%u of %u)", job->options->url, verdict->text, wait,
             *failures, job->options->retries);
        return request_sleep(job->multi, wait);
}

enum status probe(struct job *job)
{
        bool for_range = true;
        unsigned failures = 0;

        for (;;) {
                struct question question = {0};
                struct verdict verdict;
                CURLcode code = CURLE_OK;
                enum status status = ask(job, for_range, &question, &code, &verdict);

                if (status)
                        return status;
                if (code == CURLE_OK && is_wanted(question.response.status)) {
                        if (decide(job, &question))
                                return DONE;
                        if (!for_range)
                                return fail(BAD_SERVER,
                                            "%s: the server answers with a part that "
                                            "nobody asked for",
                                            job->options->url);
                        for_range = false;
                        continue;
                }
                status = give_up_or_wait(job, &verdict, code, &failures);
                if (status)
                        return status;
        }
}
