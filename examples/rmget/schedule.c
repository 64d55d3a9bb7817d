/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * schedule.c - what each connection does next
 *
 * The answer to the first request starts at the beginning of the file. One more connection asks for
 * a part; once a correct part has arrived, all other connections ask for parts. Where the server
 * sends no parts, the first answer continues to the end of the file. If it has ended already, rmget
 * asks for the whole file again, over one connection.
 *
 * Each connection takes a piece, fetches it, and takes the next. When no piece is left, an idle
 * connection takes half of the rest of a slow one, or the whole piece of one that stalls or waits
 * to retry; so the slowest connection doesn't delay the end.
 */
#include "rmget.h"

#include <errno.h>

static const double worth_taking = 1; /* seconds; a piece that needs more can be taken over */
static const double patience = 5;     /* seconds without a byte, or to complete a tiny piece */

/* A retry that brings this many bytes resets the count of failures; smaller gains don't. */
enum { COUNTS = 4096 };

static bool is_active(const struct connection *connection)
{
        return connection->activity == RUNNING || connection->activity == WAITING;
}

static enum status start(struct connection *connection)
{
        return connection_start(connection) ? DONE : fail(FAILED, "can't start a request");
}

/* Seconds until the piece is complete, at the rate of this request so far. */
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

                if (is_active(connection) && rmmap_range_length(connection->piece.range) &&
                    time_needed(connection, time) > most) {
                        most = time_needed(connection, time);
                        slowest = connection;
                }
        }
        return slowest;
}

/* 1: idle has a piece, or half of one, of another connection; 0: there is nothing to take. */
static int take_over(struct transfer *transfer, struct connection *idle)
{
        double time = now();
        struct connection *victim = slowest(transfer, time);

        /* Paused by --limit-rate: then all are slow, and taking over wouldn't help. */
        if (!victim || victim->paused)
                return 0;
        if (victim->activity == RUNNING && time - victim->heard < patience) {
                int got = pieces_split(&victim->piece, &idle->piece);

                if (got || time_needed(victim, time) < patience)
                        return got;
        }
        /* The victim ends for good: otherwise two connections could exchange one piece forever. */
        connection_stop(victim);
        idle->piece = victim->piece;
        return 1;
}

static enum status give_work(struct transfer *transfer, struct connection *idle)
{
        int error = pieces_next(&transfer->pieces, &idle->piece), got = 1;

        if (error == -ENOSPC) {
                got = take_over(transfer, idle);
                error = got < 0 ? got : 0;
        }
        if (error)
                return output_failed(&transfer->job->output, error);
        return got ? start(idle) : DONE;
}

/* Until a first part has come, only one connection may ask for a part. */
static bool may_ask(const struct transfer *transfer)
{
        if (transfer->job->alone || transfer->proven)
                return !transfer->job->alone;
        for (size_t i = 0; i < transfer->count; i++)
                if (is_active(&transfer->connections[i]) && !transfer->connections[i].is_first)
                        return false;
        return true;
}

enum status schedule_start(struct transfer *transfer)
{
        enum status status = DONE;
        double time = now();

        if (time < transfer->not_before)
                return DONE;
        for (size_t i = 0; !status && i < transfer->count; i++) {
                struct connection *connection = &transfer->connections[i];

                if (connection->activity == IDLE && may_ask(transfer))
                        status = give_work(transfer, connection);
                else if (connection->activity == WAITING && time >= connection->wake)
                        status = start(connection);
        }
        return status;
}

/* The connection whose piece begins at position, and that has none of its bytes yet. */
static struct connection *find_empty_handed(const struct transfer *transfer, uint64_t position)
{
        for (size_t i = 0; i < transfer->count; i++) {
                struct connection *other = &transfer->connections[i];

                if (is_active(other) && !other->piece.done && other->answer != ANSWER_GOOD &&
                    rmmap_range_length(other->piece.range) &&
                    rmmap_range_start(other->piece.range) == position)
                        return other;
        }
        return NULL;
}

/*
 * Takes the piece at the answer's position from another connection that has got no bytes yet; waits
 * a while before, because its answer may show that the server sends parts.
 */
static enum next rob(const struct transfer *transfer, struct connection *connection)
{
        struct connection *other = find_empty_handed(transfer, connection->position);

        if (!other)
                return NEXT_STOP;
        if (other->activity == RUNNING && now() - other->since < worth_taking)
                return NEXT_WAIT;
        connection->piece = other->piece;
        other->piece = (struct piece){0};
        other->robbed = other->activity == RUNNING;
        if (!other->robbed)
                other->activity = IDLE;
        return NEXT_GO_ON;
}

enum next schedule_continue(struct transfer *transfer, struct connection *connection)
{
        struct pieces *pieces = &transfer->pieces;
        int error = 0;

        if (rmmap_range_length(connection->piece.range))
                error = pieces_complete(pieces, &connection->piece);
        if (!error)
                error = pieces_at(pieces, connection->position, &connection->piece);
        if (error == -ENOSPC && !transfer->job->alone)
                return rob(transfer, connection);
        if (error == -ENOSPC) { /* the bytes up to the next piece are written already */
                connection->skip =
                        pieces_after(pieces, connection->position) - connection->position;
                return NEXT_GO_ON;
        }
        connection->error = error;
        connection->asked_from = 0;
        connection->since = connection->heard;
        return error ? NEXT_STOP : NEXT_GO_ON;
}

/* Has the server accepted other connections? Then they can do the work of this one. */
static bool can_do_without(const struct transfer *transfer, const struct connection *refused)
{
        for (size_t i = 0; i < transfer->count; i++) {
                const struct connection *other = &transfer->connections[i];

                if (other != refused && is_active(other) && other->let_in)
                        return true;
        }
        return false;
}

static bool first_goes_on(const struct transfer *transfer)
{
        for (size_t i = 0; i < transfer->count; i++)
                if (transfer->connections[i].is_first &&
                    transfer->connections[i].activity == RUNNING)
                        return true;
        return false;
}

/* The server sends no parts, or no more of them. */
static enum status do_without_parts(struct transfer *transfer, const char *why)
{
        struct job *job = transfer->job;

        job->alone = true;
        job->had_parts = transfer->proven;
        if (!first_goes_on(transfer)) {
                note("%s: starting again with one connection", why);
                job->anew = true;
                return DONE;
        }
        note("%s: continuing with one connection", why);
        for (size_t i = 0; i < transfer->count; i++) {
                struct connection *connection = &transfer->connections[i];

                if (connection->is_first && connection->activity == RUNNING)
                        continue;
                connection_stop(connection);
                if (rmmap_range_length(connection->piece.range))
                        pieces_return(&transfer->pieces, &connection->piece);
                connection->piece = (struct piece){0};
        }
        return DONE;
}

static enum status wait_a_while(struct transfer *transfer, struct connection *connection,
                                const struct verdict *verdict)
{
        unsigned failures = connection->piece.failures;
        double wait = request_back_off(verdict, failures);

        note("%s; retrying in %.1f s (%u of %u)", verdict->text, wait, failures,
             transfer->job->options->retries);
        connection->activity = WAITING;
        connection->wake = now() + wait;
        if (verdict->wait > 0)
                transfer->not_before = connection->wake;
        return DONE;
}

static enum status give_up(struct transfer *transfer, struct connection *connection,
                           const struct verdict *verdict)
{
        if (can_do_without(transfer, connection) && (verdict->refused || first_goes_on(transfer))) {
                note("%s; continuing with one connection fewer", verdict->text);
                pieces_return(&transfer->pieces, &connection->piece);
                connection->piece = (struct piece){0};
                connection->activity = ENDED;
                return DONE;
        }
        if (verdict->status != NETWORK)
                return do_without_parts(transfer, verdict->text);
        return fail(verdict->status, "%s: %s (after %u retries)", transfer->job->options->url,
                    verdict->text, transfer->job->options->retries);
}

static enum status try_again(struct transfer *transfer, struct connection *connection,
                             const struct verdict *verdict)
{
        const struct options *options = transfer->job->options;
        struct piece *piece = &connection->piece;

        if (piece->done - connection->asked_from >= COUNTS)
                piece->failures = 0;
        if (++piece->failures > options->retries || verdict->wait > LONGEST_REST)
                return give_up(transfer, connection, verdict);
        return wait_a_while(transfer, connection, verdict);
}

/* The result of a request for a part whose answer wasn't the part. */
static enum status part_failed(struct transfer *transfer, struct connection *connection,
                               const struct verdict *verdict)
{
        struct job *job = transfer->job;

        if (verdict->status == HTTP_ERROR && !verdict->again && connection->redirected) {
                job->url_expired = true; /* a signed URL, which the first URL makes anew */
                return start(connection);
        }
        if (verdict->again)
                return try_again(transfer, connection, verdict);
        if (verdict->status == UNTRUSTED || verdict->status == FAILED)
                return fail(verdict->status, "%s: %s", job->options->url, verdict->text);
        connection->activity = WAITING; /* so that do_without_parts returns its piece */
        return do_without_parts(transfer, verdict->text);
}

enum status schedule_ended(struct transfer *transfer, struct connection *connection, CURLcode code)
{
        struct job *job = transfer->job;
        struct verdict verdict;
        int error = 0;

        connection->activity = IDLE;
        if (connection->error)
                return output_failed(&job->output, connection->error);
        if (connection->robbed)
                return DONE;
        connection_judge(connection, code, &verdict);
        if (verdict.status && connection->is_first && job->alone)
                return first_once_more(job, &verdict);
        if (verdict.status && connection->is_first && !verdict.again)
                return fail(verdict.status, "%s: %s", job->options->url, verdict.text);
        if (verdict.status)
                return part_failed(transfer, connection, &verdict);
        if (rmmap_range_length(connection->piece.range))
                error = pieces_complete(&transfer->pieces, &connection->piece);
        return error ? output_failed(&job->output, error) : DONE;
}
