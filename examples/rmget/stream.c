/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * stream.c - a file of unknown length
 *
 * Its file grows as the bytes arrive, and the digest is computed meanwhile.
 */
#include "rmget.h"

#include <string.h>

struct sink {
        struct job *job;
        EVP_MD_CTX *context;
        uint64_t came;
        int write_error;
};

static size_t take_body(char *data, size_t one, size_t length, void *argument)
{
        struct sink *sink = argument;

        (void)one;
        sink->write_error = output_append(&sink->job->output, data, length, sink->came);
        if (sink->write_error || EVP_DigestUpdate(sink->context, data, length) != 1)
                return 0;
        sink->came += length;
        progress_add((int64_t)length);
        return length;
}

static enum status download(struct sink *sink)
{
        struct job *job = sink->job;
        const bool never = false;
        struct verdict verdict;
        CURLcode code = CURLE_OK;
        enum status status;

        curl_easy_setopt(job->first.easy, CURLOPT_MAX_RECV_SPEED_LARGE,
                         (curl_off_t)job->options->limit_rate);
        first_give(job, take_body, sink);
        status = request_perform(job->multi, &never, &code);
        if (status)
                return status;
        if (sink->write_error)
                return output_failed(&job->output, sink->write_error);
        if (code == CURLE_OK)
                return DONE;
        request_judge(&verdict, job->first.easy, code, job->first.error);
        return first_once_more(job, &verdict);
}

/* Also for an empty file, which has no body. DONE with job->anew: the caller must ask again. */
enum status stream(struct job *job)
{
        struct sink sink = {.job = job, .context = EVP_MD_CTX_new()};
        enum status status = DONE;

        if (!sink.context || EVP_DigestInit_ex(sink.context, EVP_sha256(), NULL) != 1)
                status = fail(FAILED, "can't compute a SHA-256 digest");
        progress_begin(wants_progress(job->options), "", 0);
        if (!status && job->source == SOURCE_LENGTH_UNKNOWN)
                status = download(&sink);
        progress_end();
        if (!status && !job->anew)
                status = verify_digest(job, sink.context);
        job->size = sink.came;
        EVP_MD_CTX_free(sink.context);
        return status;
}
