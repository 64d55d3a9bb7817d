/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* transfer.c - all connections at once */
#include "rmget.h"

#include <stdlib.h>

static enum status take_ended(struct transfer *transfer, bool *any)
{
        CURLMsg *message;
        int queued;

        *any = false;
        while ((message = curl_multi_info_read(transfer->job->multi, &queued))) {
                CURL *easy = message->easy_handle;
                CURLcode code = message->data.result; /* removing the handle ends the message */
                struct connection *connection;
                enum status status;

                *any = true;
                curl_easy_getinfo(easy, CURLINFO_PRIVATE, &connection);
                curl_multi_remove_handle(transfer->job->multi, easy);
                status = schedule_ended(transfer, connection, code);
                if (status)
                        return status;
        }
        return DONE;
}

static signed char cell_of(const struct connection *connection)
{
        uint64_t length = rmmap_range_length(connection->piece.range);

        if (connection->activity == WAITING)
                return CELL_WAITS;
        if (connection->activity != RUNNING || !length)
                return CELL_NONE;
        return (signed char)(CELL_FULL * connection->piece.done / length);
}

static void show(const struct transfer *transfer)
{
        signed char cells[CELLS_MAX];

        for (size_t i = 0; i < transfer->count; i++)
                cells[i] = cell_of(&transfer->connections[i]);
        progress_tick(cells, transfer->count);
}

/* Continues paused connections in turn, so that each gets bytes. Returns milliseconds to wait. */
static int go_on(struct transfer *transfer)
{
        bool any_paused = false;

        if (limit_allows(&transfer->limit) && transfer->count)
                transfer->turn = (transfer->turn + 1) % transfer->count;
        for (size_t i = 0; i < transfer->count; i++) {
                size_t next = (transfer->turn + i) % transfer->count;

                if (limit_allows(&transfer->limit))
                        connection_go_on(&transfer->connections[next]);
                any_paused |= transfer->connections[next].paused;
        }
        return any_paused ? 20 : 100;
}

static bool is_done(const struct transfer *transfer)
{
        return transfer->job->anew || transfer->pieces.complete == transfer->job->size;
}

static enum status run(struct transfer *transfer)
{
        enum status status = DONE;
        bool any;
        int running;

        while (!status && !is_done(transfer)) {
                int wait = go_on(transfer);

                status = schedule_start(transfer);
                if (status)
                        return status;
                if (curl_multi_perform(transfer->job->multi, &running))
                        return fail(FAILED, "can't continue the requests");
                status = take_ended(transfer, &any);
                if (status || is_done(transfer))
                        return status;
                show(transfer);
                status = request_wait(transfer->job->multi, any ? 0 : wait);
        }
        return status;
}

static void close_connections(struct transfer *transfer)
{
        while (transfer->count)
                connection_close(&transfer->connections[--transfer->count]);
        free(transfer->connections);
        transfer->connections = NULL;
}

static bool open_connections(struct transfer *transfer, size_t count)
{
        transfer->connections = calloc(count, sizeof(*transfer->connections));
        if (!transfer->connections)
                return false;
        while (transfer->count < count) {
                if (!connection_open(&transfer->connections[transfer->count], transfer))
                        return false;
                transfer->count++;
        }
        return true;
}

/* As many connections as there are pieces, at most. */
static size_t useful_connections(const struct transfer *transfer)
{
        uint64_t pieces = (transfer->job->size - 1) / transfer->pieces.size + 1;
        unsigned wanted = transfer->job->alone ? 1 : transfer->job->options->connections;

        return wanted < pieces ? wanted : (size_t)pieces;
}

static enum status begin(struct transfer *transfer)
{
        struct job *job = transfer->job;
        int error = pieces_open(&transfer->pieces, job);

        if (error)
                return output_failed(&job->output, error);
        limit_begin(&transfer->limit, job->options->limit_rate);
        if (!open_connections(transfer, useful_connections(transfer)))
                return fail(FAILED, "no memory");
        error = pieces_at(&transfer->pieces, 0, &transfer->connections[0].piece);
        return error ? output_failed(&job->output, error) : DONE;
}

/* DONE with job->anew: the bytes can't be used, and the caller must ask again. */
enum status transfer(struct job *job)
{
        struct transfer transfer = {.job = job};
        enum status status = begin(&transfer);

        if (!status) {
                progress_begin(wants_progress(job->options), "", job->size);
                connection_take_first(&transfer.connections[0]);
                status = run(&transfer);
                progress_end();
        }
        close_connections(&transfer);
        first_close(job);
        if (!status && !job->anew)
                status = verify_map(job);
        if (!status && !job->anew)
                status = pieces_sync(&transfer.pieces, job);
        pieces_close(&transfer.pieces);
        return status;
}
