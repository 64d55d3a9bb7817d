/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * schedule.c - which connection does what next
 *
 * Each connection takes a piece, fetches it, and takes the next. When none is left, an idle one
 * takes over half of what a slow one still has to do, or all of what one has that stalls or waits
 * to try again; so the slowest connection doesn't hold the end up.
 */
#include "rmget.h"

#include <errno.h>

static const double worth_taking = 1;   /* seconds that a connection still needs */
static const double patience = 5;       /* seconds without a byte, or more for too few of them */
static const double longest_rest = 600; /* seconds that a server may ask for */

/* Bytes that show that a server means to send the piece: a trickle of retries ends some day. */
enum { COUNTS = 4096 };

static bool is_active(const struct connection *connection)
{
        return connection->activity == RUNNING || connection->activity == WAITING;
}

bool schedule_is_done(const struct transfer *transfer)
{
        for (size_t i = 0; i < transfer->count; i++)
                if (is_active(&transfer->connections[i]))
                        return false;
        return now() >= transfer->not_before;
}

static enum status start(struct connection *connection)
{
        return connection_start(connection) ? DONE : fail(FAILED, "can't start a request");
}

/* Seconds, at the rate of this request so far. */
static double time_needed(const struct connection *connection, double time)
{
        double passed = time - connection->since;
        uint64_t came = connection->piece.done - connection->asked_from;

        if (connection->activity == WAITING)
                return connection->wake - time + worth_taking;
        if (!came)
                return passed;
        return passed * (double)piece_left(&connection->piece) / (double)came;
}

static struct connection *slowest(const struct transfer *transfer, double time)
{
        struct connection *slowest = NULL;
        double most = worth_taking;

        for (size_t i = 0; i < transfer->count; i++) {
                struct connection *connection = &transfer->connections[i];

                if (is_active(connection) && time_needed(connection, time) > most) {
                        most = time_needed(connection, time);
                        slowest = connection;
                }
        }
        return slowest;
}

/* 1: there is something to do for idle; 0: there isn't. */
static int take_over(struct transfer *transfer, struct connection *idle)
{
        double time = now();
        struct connection *victim = slowest(transfer, time);

        /* Under a limit all are slow, and none does better than another. */
        if (!victim || transfer->job->source != SOURCE_RANGES || victim->paused)
                return 0;
        if (victim->activity == RUNNING && time - victim->heard < patience) {
                int got = pieces_split(&victim->piece, &idle->piece);

                victim->cut |= got == 1;
                if (got || time_needed(victim, time) < patience)
                        return got;
        }
        /* The victim ends, lest two connections hand one piece to and fro. */
        if (victim->activity == RUNNING)
                curl_multi_remove_handle(transfer->job->multi, victim->easy);
        idle->piece = victim->piece;
        victim->activity = ENDED;
        return 1;
}

static enum status give_work(struct transfer *transfer, struct connection *idle)
{
        int error = -ENOSPC, got = 1;

        if (transfer->job->source == SOURCE_RANGES)
                error = pieces_next(&transfer->pieces, &idle->piece);
        if (error == -ENOSPC) {
                got = take_over(transfer, idle);
                error = got < 0 ? got : 0;
        }
        if (error)
                return output_failed(&transfer->job->output, error);
        return got ? start(idle) : DONE;
}

enum status schedule_start(struct transfer *transfer)
{
        enum status status = DONE;
        double time = now();

        if (time < transfer->not_before)
                return DONE;
        for (size_t i = 0; !status && i < transfer->count; i++) {
                struct connection *connection = &transfer->connections[i];

                if (connection->activity == IDLE)
                        status = give_work(transfer, connection);
                else if (connection->activity == WAITING && time >= connection->wake)
                        status = start(connection);
        }
        return status;
}

/* Whether there are others, which were let in before: then they do the work of this one. */
static bool can_do_without(const struct transfer *transfer, const struct connection *refused)
{
        for (size_t i = 0; i < transfer->count; i++) {
                const struct connection *other = &transfer->connections[i];

                if (other != refused && is_active(other) && other->let_in)
                        return true;
        }
        return false;
}

static enum status wait_a_while(struct transfer *transfer, struct connection *connection,
                                const struct verdict *verdict)
{
        unsigned failures = connection->piece.failures;
        double wait = request_back_off(verdict, failures);

        if (verdict->wait > longest_rest)
                return fail(verdict->status, "%s: %s, and asks to come back in %.0f seconds",
                            transfer->job->options->url, verdict->text, verdict->wait);
        note("%s; again in %.1f s (%u of %u)", verdict->text, wait, failures,
             transfer->job->options->retries);
        connection->activity = WAITING;
        connection->wake = now() + wait;
        if (verdict->wait > 0)
                transfer->not_before = connection->wake;
        return DONE;
}

static enum status try_again(struct transfer *transfer, struct connection *connection,
                             const struct verdict *verdict)
{
        const struct options *options = transfer->job->options;
        struct piece *piece = &connection->piece;

        if (transfer->job->source == SOURCE_RANGES &&
            piece->done - connection->asked_from >= COUNTS)
                piece->failures = 0;
        if (++piece->failures <= options->retries)
                return wait_a_while(transfer, connection, verdict);
        if (!verdict->refused || !can_do_without(transfer, connection))
                return fail(verdict->status, "%s: %s (after %u retries)", options->url,
                            verdict->text, options->retries);
        note("%s; going on with one connection less", verdict->text);
        pieces_return(&transfer->pieces, piece);
        connection->activity = ENDED;
        return DONE;
}

enum status schedule_ended(struct transfer *transfer, struct connection *connection, CURLcode code)
{
        struct job *job = transfer->job;
        struct verdict verdict;
        int error;

        connection->activity = IDLE;
        connection_judge(connection, code, &verdict);
        if (connection->error)
                return output_failed(&job->output, connection->error);
        if (connection->answer == ANSWER_WHOLE_FILE) {
                transfer->one_stream = true;
                return DONE;
        }
        if (verdict.status == HTTP_ERROR && !verdict.again && connection->redirected) {
                job->url_expired = true; /* signed for a while only: the first URL has a new one */
                return start(connection);
        }
        if (verdict.status && verdict.again)
                return try_again(transfer, connection, &verdict);
        if (verdict.status)
                return fail(verdict.status, "%s: %s", job->options->url, verdict.text);
        error = pieces_complete(&transfer->pieces, &connection->piece);
        return error ? output_failed(&job->output, error) : DONE;
}
