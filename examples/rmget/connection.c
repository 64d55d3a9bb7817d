/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * connection.c - one request for one piece, written into the map as it arrives
 *
 * Before the first byte is written the answer must be for exactly what was asked, of exactly the
 * file that the first answer spoke of. Otherwise nothing of it gets into the map.
 */
#include "rmget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool by_ranges(const struct connection *connection)
{
        return connection->job->source == SOURCE_RANGES;
}

static uint64_t next_byte(const struct connection *connection)
{
        return rmmap_range_start(connection->piece.range) + connection->piece.done;
}

static enum answer inspect_part(struct connection *connection)
{
        const struct response *response = &connection->response;
        curl_off_t length = -1;

        if (!response->has_range || response->first != next_byte(connection))
                return ANSWER_NONSENSE;
        curl_easy_getinfo(connection->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length >= 0 && (uint64_t)length != response->last - response->first + 1)
                return ANSWER_NONSENSE;
        return ANSWER_GOOD;
}

static enum answer inspect_whole(struct connection *connection)
{
        curl_off_t length = -1;

        curl_easy_getinfo(connection->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length >= 0 && (uint64_t)length != connection->job->size)
                return ANSWER_CHANGED;
        return by_ranges(connection) ? ANSWER_WHOLE_FILE : ANSWER_GOOD;
}

static enum answer inspect(struct connection *connection)
{
        const struct response *response = &connection->response;

        if (response->status == 416 && by_ranges(connection))
                return ANSWER_CHANGED; /* what we ask for was there a moment ago */
        if (response->status != 200 && response->status != 206)
                return ANSWER_ERROR_PAGE;
        if (!response_is_same_file(&connection->job->facts, response))
                return ANSWER_CHANGED;
        if (response->status == 200)
                return inspect_whole(connection);
        return by_ranges(connection) ? inspect_part(connection) : ANSWER_NONSENSE;
}

/* Taking less than length ends the request; connection_judge sees why. */
static size_t take_body(char *data, size_t one, size_t length, void *argument)
{
        struct connection *connection = argument;
        struct piece *piece = &connection->piece;
        uint64_t left = piece_left(piece);
        size_t taken = length < left ? length : (size_t)left;

        (void)one;
        if (connection->answer == ANSWER_UNSEEN)
                connection->answer = inspect(connection);
        if (connection->answer == ANSWER_ERROR_PAGE)
                return length;
        if (connection->answer != ANSWER_GOOD)
                return 0;
        connection->paused = !limit_allows(connection->limit);
        if (connection->paused)
                return CURL_WRITEFUNC_PAUSE;
        connection->error = rmmap_write_within(connection->job->output.file, piece->range,
                                               piece->done, data, taken);
        if (connection->error)
                return 0;
        piece->done += taken;
        connection->heard = now();
        connection->let_in = true;
        limit_took(connection->limit, taken);
        progress_add((int64_t)taken);
        return connection->cut && !piece_left(piece) ? 0 : taken;
}

bool connection_open(struct connection *connection, struct job *job, struct limit *limit)
{
        CURL *easy = request_new(job, connection->curl_error);

        if (!easy)
                return false;
        connection->job = job;
        connection->limit = limit;
        connection->easy = easy;
        curl_easy_setopt(easy, CURLOPT_PRIVATE, connection);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, response_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, &connection->response);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, connection);
        return true;
}

void connection_close(struct connection *connection)
{
        curl_multi_remove_handle(connection->job->multi, connection->easy);
        curl_easy_cleanup(connection->easy);
        connection->easy = NULL;
}

/* A stream can't begin in the middle: what came of it before is fetched again. */
static void rewind_stream(struct connection *connection)
{
        progress_add(-(int64_t)connection->piece.done);
        connection->piece.done = 0;
}

bool connection_start(struct connection *connection)
{
        char range[48];

        if (!by_ranges(connection))
                rewind_stream(connection);
        connection->response = (struct response){0};
        connection->answer = ANSWER_UNSEEN;
        connection->asked_from = connection->piece.done;
        connection->since = connection->heard = now();
        connection->activity = RUNNING;
        connection->cut = connection->paused = false;
        connection->error = 0;
        connection->curl_error[0] = '\0';
        connection->redirected = !connection->job->url_expired;
        curl_easy_setopt(connection->easy, CURLOPT_URL,
                         connection->redirected ? connection->job->url
                                                : connection->job->options->url);
        snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, next_byte(connection),
                 rmmap_range_end(connection->piece.range) - 1);
        if (by_ranges(connection)) {
                curl_easy_setopt(connection->easy, CURLOPT_RANGE, range);
                curl_easy_setopt(connection->easy, CURLOPT_HTTPHEADER,
                                 connection->job->range_headers);
        }
        return !curl_multi_add_handle(connection->job->multi, connection->easy);
}

/* libcurl hands over at once what it has kept, so this may pause again. */
void connection_go_on(struct connection *connection)
{
        if (connection->activity != RUNNING || !connection->paused)
                return;
        connection->paused = false;
        curl_easy_pause(connection->easy, CURLPAUSE_CONT);
}

static void say_verdict(struct verdict *verdict, enum status status, const char *text)
{
        *verdict = (struct verdict){.status = status};
        snprintf(verdict->text, sizeof(verdict->text), "%s", text);
}

/* A piece that was cut during its request is complete although the server had more to send. */
static bool is_complete(const struct connection *connection, CURLcode code)
{
        return !piece_left(&connection->piece) && (code == CURLE_OK || connection->cut);
}

void connection_judge(struct connection *connection, CURLcode code, struct verdict *verdict)
{
        if (connection->answer == ANSWER_UNSEEN && code == CURLE_OK)
                connection->answer = inspect(connection);
        if (connection->error)
                say_verdict(verdict, OUTPUT_ERROR, strerror(-connection->error));
        else if (connection->answer == ANSWER_CHANGED)
                say_verdict(verdict, CHANGED, "the file changed on the server meanwhile");
        else if (connection->answer == ANSWER_NONSENSE)
                say_verdict(verdict, BAD_SERVER, "the server sends another part than it was asked");
        else if (connection->answer == ANSWER_GOOD && is_complete(connection, code))
                say_verdict(verdict, DONE, "");
        else if (connection->answer == ANSWER_GOOD && !piece_left(&connection->piece))
                say_verdict(verdict, BAD_SERVER, "the server sends more than it was asked");
        else
                request_judge(verdict, connection->easy, code, connection->curl_error);
        if (connection->answer == ANSWER_GOOD && verdict->status == NETWORK && code == CURLE_OK) {
                verdict->status = SHORT_BODY;
                snprintf(verdict->text, sizeof(verdict->text), "the answer was too short");
        }
}
