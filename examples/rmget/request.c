/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* request.c - the options of all requests, and what to do after a failed one */
#include "rmget.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Follows from https to http only with --sha256, which proves the bytes, or with --insecure. */
static const char *redirect_protocols(const struct options *options)
{
        bool free_to_go = options->has_sha256 || options->insecure;

        return strncasecmp(options->url, "https:", 6) || free_to_go ? "http,https" : "https";
}

static void restrict_protocols(CURL *easy, const struct options *options)
{
#if LIBCURL_VERSION_NUM >= 0x075500
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, redirect_protocols(options));
#else
        bool tls_only = !strcmp(redirect_protocols(options), "https");
        long both = CURLPROTO_HTTP | CURLPROTO_HTTPS;

        curl_easy_setopt(easy, CURLOPT_PROTOCOLS, both);
        curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, tls_only ? CURLPROTO_HTTPS : both);
#endif
}

/* Two lines of cookies would confuse servers: rmget adds none to a line of the user's. */
static bool has_cookies(const struct options *options)
{
        for (const struct curl_slist *line = options->headers; line; line = line->next)
                if (!strncasecmp(line->data, "Cookie:", 7))
                        return true;
        return false;
}

CURL *request_new(const struct job *job, char *error)
{
        const struct options *options = job->options;
        CURL *easy = curl_easy_init();

        if (!easy)
                return NULL;
        restrict_protocols(easy, options);
        curl_easy_setopt(easy, CURLOPT_URL, job->url);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L);
        /* HTTP/2 would put all requests on one connection. */
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "rmget/" RMMAP_VERSION_STRING);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, job->headers);
        curl_easy_setopt(easy, CURLOPT_SHARE, job->share);
        if (!has_cookies(options))
                curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""); /* kept in memory */
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, limit_buffer(options->limit_rate));
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)options->timeout);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)options->timeout);
        if (options->cacert)
                curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
        return easy;
}

static void judge_status(struct verdict *verdict, CURL *easy, long status)
{
        curl_off_t wait = 0;

        verdict->status = HTTP_ERROR;
        verdict->refused = status == 429 || status == 503;
        verdict->again = verdict->refused || status == 408 || status == 500 || status == 502 ||
                         status == 504;
        snprintf(verdict->text, sizeof(verdict->text), "the server answered %ld%s", status,
                 status == 204   ? " (no content)"
                 : status < 300  ? ": not a file"
                 : status == 404 ? " (not found)"
                 : status == 403 ? " (forbidden)"
                 : status == 401 ? " (unauthorized)"
                 : status == 410 ? " (gone)"
                 : status == 429 ? " (too many requests)"
                 : status == 503 ? " (unavailable)"
                                 : "");
        if (verdict->again && !curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait) && wait > 0)
                verdict->wait = (double)wait;
}

static void judge_code(struct verdict *verdict, CURLcode code)
{
        verdict->status = NETWORK;
        switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
                verdict->status = UNTRUSTED;
                return;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_TOO_MANY_REDIRECTS:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_URL_MALFORMAT:
        case CURLE_WRITE_ERROR: /* one of rmget's own callbacks ended the request */
                verdict->status = BAD_SERVER;
                return;
        case CURLE_OUT_OF_MEMORY:
                verdict->status = FAILED;
                return;
        case CURLE_PARTIAL_FILE:
                verdict->status = SHORT_BODY;
                break;
        case CURLE_COULDNT_CONNECT:
                verdict->refused = true;
                break;
        default:
                break;
        }
        verdict->again = true;
}

/* Sets verdict after a request that failed for a reason that the caller doesn't know. */
void request_judge(struct verdict *verdict, CURL *easy, CURLcode code, const char *error)
{
        long status = 0;

        memset(verdict, 0, sizeof(*verdict));
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200 && status != 200 && status != 206 &&
            (code == CURLE_OK || code == CURLE_WRITE_ERROR)) {
                judge_status(verdict, easy, status);
                return;
        }
        snprintf(verdict->text, sizeof(verdict->text), "%s",
                 *error ? error : curl_easy_strerror(code));
        judge_code(verdict, code);
}

static double random_part(void)
{
        return (double)(uint32_t)random_number() / UINT32_MAX;
}

/*
 * Half a second, doubled with each failure, up to half a minute, and a random addition of up to
 * half of that, so that connections that failed together don't retry together. If a server sends a
 * time after which to retry, it is at least that.
 */
double request_back_off(const struct verdict *verdict, unsigned failures)
{
        double wait = 0.5;

        while (failures-- > 1 && wait < 30)
                wait *= 2;
        if (wait > 30)
                wait = 30;
        wait *= 1 + random_part() / 2;
        return wait > verdict->wait ? wait : verdict->wait + random_part() / 2;
}

enum status request_wait(CURLM *multi, int milliseconds)
{
        int fd = signals_fd(); /* none on Windows: a signal is noticed when the wait ends */
        struct curl_waitfd signals = {.fd = (curl_socket_t)fd, .events = CURL_WAIT_POLLIN};

        if (signals_caught())
                return INTERRUPTED;
        if (curl_multi_poll(multi, &signals, fd >= 0, milliseconds, NULL))
                return fail(FAILED, "can't wait for the network");
        return signals_caught() ? INTERRUPTED : DONE;
}

enum status request_sleep(CURLM *multi, double seconds)
{
        double end = now() + seconds, left;
        enum status status = DONE;

        while (!status && (left = end - now()) > 0)
                status = request_wait(multi, left > 0.2 ? 200 : (int)(left * 1000) + 1);
        return status;
}

enum status request_perform(CURLM *multi, const bool *done, CURLcode *code)
{
        enum status status = DONE;
        CURLMsg *message;
        int running = 1, queued;

        while (!status && running && !*done) {
                if (curl_multi_perform(multi, &running))
                        status = fail(FAILED, "can't continue a request");
                else if (running && !*done)
                        status = request_wait(multi, 200);
                progress_tick(NULL, 0);
        }
        while ((message = curl_multi_info_read(multi, &queued)))
                if (message->msg == CURLMSG_DONE)
                        *code = message->data.result;
        return status;
}
