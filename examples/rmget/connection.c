/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * connection.c - one request for one piece, which is written into the file as it arrives
 *
 * Before it writes the first byte, it checks that the answer has the part that was requested, of
 * the same file as the first answer. Bytes of any other answer aren't written.
 */
#include "rmget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_PAGE = 65536 };

static uint64_t next_byte(const struct connection *connection)
{
        return rmmap_range_start(connection->piece.range) + connection->piece.done;
}

/* A server may send more than was requested, up to the end of the file: the rest is dropped. */
static enum answer inspect_part(struct connection *connection)
{
        const struct response *response = &connection->response;

        if (!response->has_range || response->multipart || response->bad_length)
                return ANSWER_OTHER_PART;
        if (response->has_length && response->length != response->last - response->first + 1)
                return ANSWER_OTHER_PART;
        if (response->first != next_byte(connection))
                return response->first == 0 ? ANSWER_WHOLE_FILE : ANSWER_OTHER_PART;
        connection->end = response->last + 1;
        connection->transfer->proven = true;
        return ANSWER_GOOD;
}

static enum answer inspect(struct connection *connection)
{
        const struct response *response = &connection->response;

        if (response->status != 200 && response->status != 206)
                return ANSWER_ERROR_PAGE;
        if (*response->coding)
                return ANSWER_CODED;
        if (!response_is_same_file(&connection->job->facts, response))
                return ANSWER_OTHER_FILE;
        return response->status == 200 ? ANSWER_WHOLE_FILE : inspect_part(connection);
}

/* Writes bytes into the piece, and drops those that are there already. */
static int put(struct connection *connection, const char *data, size_t length)
{
        struct piece *piece = &connection->piece;
        int error;

        if (connection->skip) {
                connection->skip -= length;
                return 0;
        }
        error = rmmap_write_within(connection->job->output.file, piece->range, piece->done, data,
                                   length);
        if (error)
                return error;
        piece->done += length;
        progress_add((int64_t)length);
        return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/*
 * libcurl reads only as many bytes as the headers say, so this looks whether there are more. An
 * empty line, which old servers add, doesn't count. With TLS the bytes can't be examined.
 */
static bool has_more(const struct first *first)
{
        char *scheme = NULL, bytes[3];
        int64_t got;

        if (first->sockets != 1 || curl_easy_getinfo(first->easy, CURLINFO_SCHEME, &scheme) ||
            !scheme || strcasecmp(scheme, "http"))
                return false;
        got = socket_peek((uintptr_t)first->socket, bytes, sizeof(bytes));
        return got > 2 || (got == 2 && memcmp(bytes, "\r\n", 2)) || (got == 1 && *bytes != '\n');
}

/* Is this answer's length the only information so far about where the file ends? */
static bool is_the_only_witness(const struct connection *connection)
{
        return connection->is_first && !connection->transfer->proven &&
               !connection->job->facts.chunked;
}

/* Returns how many bytes it took; 0 ends the request, and connection_judge finds the reason. */
static size_t take_some(struct connection *connection, const char *data, size_t length)
{
        uint64_t room = connection->skip ? connection->skip : piece_left(&connection->piece);

        room = least(room, connection->end - connection->position);
        connection->more = !room;
        length = (size_t)least(length, room);
        connection->error = length ? put(connection, data, length) : 0;
        if (connection->error)
                return 0;
        connection->position += length;
        if (connection->position == connection->end && is_the_only_witness(connection))
                connection->more = has_more(&connection->job->first);
        return connection->more ? 0 : length;
}

/* Finds a place for the next byte: in the piece, or as schedule_continue decides. */
static enum next find_place(struct connection *connection)
{
        if (connection->skip || piece_left(&connection->piece) ||
            connection->position == connection->end)
                return NEXT_GO_ON;
        return schedule_continue(connection->transfer, connection);
}

/* After a pause libcurl passes the same bytes again: skip those that were taken before. */
static size_t take_all(struct connection *connection, const char *data, size_t length)
{
        size_t taken = connection->taken;
        enum next next;

        connection->taken = 0;
        while ((next = find_place(connection)) == NEXT_GO_ON && taken < length) {
                size_t some = take_some(connection, data + taken, length - taken);

                if (!some)
                        return 0;
                limit_took(&connection->transfer->limit, some);
                taken += some;
        }
        connection->stopped = next == NEXT_STOP;
        connection->paused = next == NEXT_WAIT;
        if (connection->paused)
                connection->taken = taken;
        return connection->stopped ? 0 : connection->paused ? CURL_WRITEFUNC_PAUSE : taken;
}

/* Taking less than length ends the request. */
static size_t take_body(char *data, size_t one, size_t length, void *argument)
{
        struct connection *connection = argument;

        (void)one;
        if (connection->answer == ANSWER_UNSEEN)
                connection->answer = inspect(connection);
        if (connection->answer == ANSWER_ERROR_PAGE) { /* read it: the connection can be reused */
                connection->taken += length;
                return connection->taken < LONGEST_PAGE ? length : 0;
        }
        if (connection->answer != ANSWER_GOOD || connection->robbed)
                return 0;
        connection->paused = !limit_allows(&connection->transfer->limit);
        if (connection->paused)
                return CURL_WRITEFUNC_PAUSE;
        connection->heard = now();
        connection->let_in = true;
        if (length <= connection->taken) { /* it comes again, in smaller portions */
                connection->taken -= length;
                return length;
        }
        return take_all(connection, data, length);
}

bool connection_open(struct connection *connection, struct transfer *transfer)
{
        connection->job = transfer->job;
        connection->transfer = transfer;
        connection->easy = request_new(transfer->job, connection->curl_error);
        if (!connection->easy)
                return false;
        curl_easy_setopt(connection->easy, CURLOPT_PRIVATE, connection);
        curl_easy_setopt(connection->easy, CURLOPT_HEADERFUNCTION, response_header);
        curl_easy_setopt(connection->easy, CURLOPT_HEADERDATA, &connection->response);
        curl_easy_setopt(connection->easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(connection->easy, CURLOPT_WRITEDATA, connection);
        return true;
}

void connection_close(struct connection *connection)
{
        curl_multi_remove_handle(connection->job->multi, connection->easy);
        curl_easy_cleanup(connection->easy);
        connection->easy = NULL;
}

/* The connection's own handle is for later requests for parts. */
void connection_take_first(struct connection *connection)
{
        struct job *job = connection->job;

        connection->is_first = true;
        connection->answer = ANSWER_GOOD;
        connection->activity = RUNNING;
        connection->end = job->size;
        connection->since = connection->heard = now();
        curl_easy_setopt(job->first.easy, CURLOPT_PRIVATE, connection);
        first_give(job, take_body, connection);
}

void connection_stop(struct connection *connection)
{
        if (connection->activity == RUNNING && connection->is_first)
                first_close(connection->job);
        else if (connection->activity == RUNNING)
                curl_multi_remove_handle(connection->job->multi, connection->easy);
        connection->activity = ENDED;
}

static void prepare(struct connection *connection)
{
        connection->response = (struct response){0};
        connection->answer = ANSWER_UNSEEN;
        connection->asked_from = connection->piece.done;
        connection->position = next_byte(connection);
        connection->skip = 0;
        connection->taken = 0;
        connection->since = connection->heard = now();
        connection->activity = RUNNING;
        connection->is_first = connection->stopped = connection->robbed = false;
        connection->more = connection->paused = false;
        connection->error = 0;
        connection->curl_error[0] = '\0';
        connection->redirected = !connection->job->url_expired &&
                                 strcmp(connection->job->url, connection->job->options->url);
}

bool connection_start(struct connection *connection)
{
        const struct job *job = connection->job;
        char range[48];

        prepare(connection);
        snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, next_byte(connection),
                 rmmap_range_end(connection->piece.range) - 1);
        curl_easy_setopt(connection->easy, CURLOPT_URL,
                         connection->redirected ? job->url : job->options->url);
        curl_easy_setopt(connection->easy, CURLOPT_RANGE, range);
        curl_easy_setopt(connection->easy, CURLOPT_HTTPHEADER, job->range_headers);
        curl_easy_setopt(connection->easy, CURLOPT_FRESH_CONNECT, job->strays ? 1L : 0L);
        curl_easy_setopt(connection->easy, CURLOPT_FORBID_REUSE, job->strays ? 1L : 0L);
        return !curl_multi_add_handle(job->multi, connection->easy);
}

/* libcurl passes the bytes that it kept during this call, so the connection may pause again. */
void connection_go_on(struct connection *connection)
{
        struct job *job = connection->job;

        if (connection->activity != RUNNING || !connection->paused)
                return;
        connection->paused = false;
        curl_easy_pause(connection->is_first ? job->first.easy : connection->easy, CURLPAUSE_CONT);
}

static const char *text_of(const struct connection *connection)
{
        switch (connection->answer) {
        case ANSWER_WHOLE_FILE:
                return connection->transfer->proven ? "the server no longer sends parts of the file"
                                                    : "the server doesn't send parts of the file";
        case ANSWER_OTHER_FILE:
                return "the server sent a part of another version of the file";
        case ANSWER_OTHER_PART:
                return "the server sent another part than requested";
        case ANSWER_CODED:
                return "the server compresses parts although asked not to";
        default:
                return "";
        }
}

/*
 * Did the body end where it should? A connection that breaks after the last byte of a part has done
 * its work. A whole file is complete only if the request ends without an error.
 */
static bool is_complete(const struct connection *connection, CURLcode code)
{
        if (connection->stopped)
                return true;
        if (connection->more || connection->skip || piece_left(&connection->piece))
                return false;
        return code == CURLE_OK || !(connection->is_first && connection->job->alone);
}

/* Did bytes that aren't HTTP come on a reused connection, after an earlier answer? */
static bool is_stray(const struct connection *connection, CURLcode code)
{
        long made = 1;

        if (code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_WEIRD_SERVER_REPLY)
                return false;
        curl_easy_getinfo(connection->easy, CURLINFO_NUM_CONNECTS, &made);
        return !connection->is_first && !made;
}

static enum status status_of(enum answer answer)
{
        return answer == ANSWER_OTHER_FILE ? CHANGED : BAD_SERVER;
}

void connection_judge(struct connection *connection, CURLcode code, struct verdict *verdict)
{
        struct job *job = connection->job;
        const char *error = connection->is_first ? job->first.error : connection->curl_error;
        CURL *easy = connection->is_first ? job->first.easy : connection->easy;

        *verdict = (struct verdict){.status = DONE};
        if (connection->answer == ANSWER_UNSEEN && connection->response.status &&
            (code == CURLE_OK || *connection->response.coding))
                connection->answer = inspect(connection);
        if (connection->answer == ANSWER_GOOD && is_complete(connection, code))
                return;
        if (connection->answer > ANSWER_ERROR_PAGE) {
                verdict->status = status_of(connection->answer);
                snprintf(verdict->text, sizeof(verdict->text), "%s", text_of(connection));
                return;
        }
        request_judge(verdict, easy, code, error);
        if (connection->more) {
                verdict->status = BAD_SERVER;
                verdict->again = false;
                snprintf(verdict->text, sizeof(verdict->text),
                         "the server sent more than it announced");
        } else if (connection->answer == ANSWER_GOOD && code == CURLE_OK) {
                verdict->status = SHORT_BODY;
                verdict->again = true;
                snprintf(verdict->text, sizeof(verdict->text), "the response was too short");
        } else if (is_stray(connection, code)) {
                job->strays = verdict->again = true;
        }
}
