/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * stream.c - a file of unknown length
 *
 * What has no length can be neither reserved nor mapped, and has no ranges: it is written as it
 * comes. The digest is taken on the way.
 */
#include "rmget.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct sink {
        struct job *job;
        EVP_MD_CTX *context;
        struct response response;
        char error[CURL_ERROR_SIZE];
        uint64_t came;
        int write_error;
        bool changed;
};

static int write_all(int fd, const char *data, size_t length)
{
        while (length) {
                ssize_t written = write(fd, data, length);

                if (written < 0 && errno != EINTR)
                        return -errno;
                if (written > 0) {
                        data += written;
                        length -= (size_t)written;
                }
        }
        return 0;
}

static size_t take_body(char *data, size_t one, size_t length, void *argument)
{
        struct sink *sink = argument;

        (void)one;
        if (sink->response.status != 200)
                return length;
        sink->changed = !response_is_same_file(&sink->job->facts, &sink->response);
        if (sink->changed)
                return 0;
        sink->write_error = write_all(sink->job->output.fd, data, length);
        if (sink->write_error || EVP_DigestUpdate(sink->context, data, length) != 1)
                return 0;
        sink->came += length;
        progress_add((int64_t)length);
        return length;
}

static enum status begin_anew(struct sink *sink)
{
        int fd = sink->job->output.fd;

        progress_add(-(int64_t)sink->came);
        sink->came = 0;
        sink->error[0] = '\0';
        if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0)
                return output_failed(&sink->job->output, -errno);
        if (EVP_DigestInit_ex(sink->context, EVP_sha256(), NULL) != 1)
                return fail(FAILED, "can't compute a SHA-256 digest");
        return DONE;
}

static enum status judge(struct sink *sink, CURL *easy, CURLcode code, struct verdict *verdict)
{
        memset(verdict, 0, sizeof(*verdict));
        if (sink->write_error)
                return output_failed(&sink->job->output, sink->write_error);
        if (sink->changed)
                return fail(CHANGED, "%s: the file changed on the server meanwhile",
                            sink->job->options->url);
        if (code || sink->response.status != 200)
                request_judge(verdict, easy, code, sink->error);
        return DONE;
}

static enum status run(struct sink *sink, CURL *easy)
{
        const struct job *job = sink->job;
        struct verdict verdict;
        CURLcode code = CURLE_OK;

        for (unsigned failures = 1;; failures++) {
                enum status status = begin_anew(sink);
                double wait;

                if (!status)
                        status = request_perform(job->multi, easy, &code);
                if (!status)
                        status = judge(sink, easy, code, &verdict);
                if (status || !verdict.status)
                        return status;
                wait = request_back_off(&verdict, failures);
                if (!verdict.again || failures > job->options->retries || wait > 600)
                        return fail(verdict.status, "%s: %s", job->options->url, verdict.text);
                note("%s; again in %.1f s (%u of %u)", verdict.text, wait, failures,
                     job->options->retries);
                status = request_sleep(job->multi, wait);
                if (status)
                        return status;
        }
}

static enum status download(struct sink *sink)
{
        CURL *easy = request_new(sink->job, sink->error);
        enum status status;

        sink->context = EVP_MD_CTX_new();
        if (easy && sink->context) {
                curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, response_header);
                curl_easy_setopt(easy, CURLOPT_HEADERDATA, &sink->response);
                curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
                curl_easy_setopt(easy, CURLOPT_WRITEDATA, sink);
                curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
                                 (curl_off_t)sink->job->options->limit_rate);
                status = run(sink, easy);
        } else {
                status = fail(FAILED, "no memory");
        }
        curl_easy_cleanup(easy);
        return status;
}

/* An empty file comes here too: there is nothing to ask for. */
enum status stream(struct job *job)
{
        struct sink sink = {.job = job};
        enum status status = DONE;

        progress_begin(wants_progress(job->options), "", 0);
        if (job->source == SOURCE_UNKNOWN) {
                status = download(&sink);
        } else {
                sink.context = EVP_MD_CTX_new();
                if (!sink.context)
                        status = fail(FAILED, "no memory");
                else
                        status = begin_anew(&sink);
        }
        progress_end();
        if (!status)
                status = verify_digest(job, sink.context);
        job->size = sink.came;
        EVP_MD_CTX_free(sink.context);
        if (!status && fsync(job->output.fd))
                status = output_failed(&job->output, -errno);
        return status;
}
