/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmget.h - the internal interfaces of rmget
 *
 *      options.c     the command line
 *      response.c    header lines of an answer; are two answers of the same file?
 *      request.c     options of all requests; what to do after a failed one
 *      first.c       the first request, whose answer tells the file's size and identity
 *      pieces.c      which connection has which piece, and the receipts of complete pieces
 *      limit.c       --limit-rate
 *      connection.c  one request for one piece, written into the file as it arrives
 *      schedule.c    what each connection does next: take a piece, take over, retry
 *      transfer.c    all connections at once
 *      stream.c      a file of unknown length, or an empty one
 *      output.c      the names of the file, its final one and the temporary one
 *      verify.c      SHA-256
 *
 * With headers of their own; the program rmmap uses them as well:
 *
 *      say.c         messages
 *      signals.c     Ctrl-C and the like, as a descriptor
 *      progress.c    the bar, or plain lines
 *      part.c        a file in the making, from its creation to its final name
 */
#ifndef RMGET_H
#define RMGET_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* larger than 2 GiB in a 32-bit process too */
#endif

#include <curl/curl.h>
#include <openssl/evp.h>
#include <rmmap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "part.h"
#include "progress.h"
#include "say.h"
#include "signals.h"
#include "system.h"

#define DIGEST_SIZE 32

/* ---- options.c ---- */

struct options {
        char *url;
        const char *output; /* NULL: the name in the URL */
        const char *cacert; /* NULL: the system's certificate authorities */
        struct curl_slist *headers;
        uint64_t limit_rate; /* bytes a second, all connections together; 0: no limit */
        unsigned connections;
        unsigned retries;
        unsigned timeout; /* seconds */
        unsigned char sha256[DIGEST_SIZE];
        bool has_sha256;
        bool force;
        bool insecure;
        bool quiet;
        bool no_progress;
};

/* DONE with options->url NULL: the user only asked for --help or --version. */
enum status options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

static inline bool wants_progress(const struct options *options)
{
        return !options->quiet && !options->no_progress;
}

/* ---- response.c ---- */

struct response {
        long status;
        bool has_range;  /* Content-Range has first and last */
        bool has_total;  /* Content-Range has total */
        bool has_length; /* there is a Content-Length */
        bool bad_length; /* it is no number, or there are two different ones */
        bool chunked;    /* the end of the body is marked in the body */
        bool multipart;
        bool no_ranges; /* Accept-Ranges says that the server sends no parts */
        uint64_t first, last, total;
        uint64_t length;
        char coding[32]; /* Content-Encoding; empty: none, or identity */
        char etag[256];
        char modified[64];
};

size_t response_header(char *line, size_t one, size_t length, void *response);
bool response_is_same_file(const struct response *a, const struct response *b);
/* A value for If-Range; NULL: the server sent no strong ETag and no date. */
const char *response_validator(const struct response *response);

/* ---- output.c ---- */

enum status output_name(struct output *output, const struct options *options);
/* Creates the file, under a temporary name. */
enum status output_make(struct output *output, struct output_needs *needs);

/* ---- the whole ---- */

/* Receives the bytes of a body. The headers of the first answer decide which function is used. */
typedef size_t body_taker(char *data, size_t one, size_t length, void *argument);

struct first {
        CURL *easy;
        struct response response;
        char error[CURL_ERROR_SIZE];
        body_taker *take; /* NULL: not chosen yet, so the transfer is paused */
        void *argument;
        curl_socket_t socket; /* of the newest connection that was made for it */
        unsigned sockets;     /* the number of connections that were made */
        bool waits;           /* paused at the first byte of the body */
        bool stopped;         /* ended at the first byte of a body that isn't needed */
};

enum source { SOURCE_LENGTH_KNOWN, SOURCE_LENGTH_UNKNOWN, SOURCE_EMPTY };

struct job {
        const struct options *options;
        CURLM *multi;
        CURLSH *share;                    /* cookies */
        struct curl_slist *headers;       /* of every request */
        struct curl_slist *range_headers; /* the same with If-Range */
        char *url;                        /* the URL after all redirects */
        bool url_expired;                 /* url doesn't work any more: start from the first URL */
        struct first first;
        struct response facts; /* of the first answer */
        uint64_t size;
        enum source source;
        unsigned failures; /* of the first request, or of the only one */
        bool had_parts;    /* the server sent parts before it stopped to do so */
        bool strays;       /* bytes came between two answers: each request connects anew */
        bool alone;        /* one connection: no parts, or they may be of another file */
        bool anew;         /* what came can't be used: request the file once more */
        struct output output;
        char digest[2 * DIGEST_SIZE + 1]; /* hexadecimal; empty: not computed */
};

/* ---- request.c ---- */

/* What to do after a request that ended without its data. */
struct verdict {
        enum status status;
        bool again;   /* a retry may succeed */
        bool refused; /* the server accepts no more connections for now */
        double wait;  /* seconds to wait, by the server's Retry-After; 0: it sent none */
        char text[CURL_ERROR_SIZE + 64];
};

enum { LONGEST_REST = 600 }; /* seconds; if a server asks for more, rmget gives up */

CURL *request_new(const struct job *job, char *error);
void request_judge(struct verdict *verdict, CURL *easy, CURLcode code, const char *error);
double request_back_off(const struct verdict *verdict, unsigned failures);
/* Waits for traffic, a signal, or some milliseconds. INTERRUPTED or DONE. */
enum status request_wait(CURLM *multi, int milliseconds);
enum status request_sleep(CURLM *multi, double seconds);
/* Runs all requests until *done, or until the only one ends, with its result in *code. */
enum status request_perform(CURLM *multi, const bool *done, CURLcode *code);

/* ---- first.c ---- */

/* Afterwards job->first is paused before its body, or job->source is SOURCE_EMPTY. */
enum status first_ask(struct job *job);
void first_close(struct job *job);
/* From now on take receives the body. */
void first_give(struct job *job, body_taker *take, void *argument);
/* After the only request failed: waits and sets job->anew, or gives up. */
enum status first_once_more(struct job *job, const struct verdict *verdict);

/* ---- stream.c, transfer.c, verify.c ---- */

enum status stream(struct job *job);
enum status transfer(struct job *job);
enum status verify_map(struct job *job);
enum status verify_digest(struct job *job, EVP_MD_CTX *context);

/* ---- pieces.c ---- */

struct piece {
        struct rmmap_range range;
        uint64_t done;     /* bytes of it that are written */
        unsigned failures; /* in a row, without enough new bytes between them */
};

struct pieces {
        struct rmmap_file *file;
        uint64_t size;            /* bytes of one piece */
        uint64_t complete;        /* bytes of complete pieces */
        uint64_t given;           /* the allocator handed out all bytes before this offset */
        struct rmmap_range share; /* of the first answer, which continues without a new request */
        struct piece *returned;
        size_t returned_count;
        struct rmmap_receipt *receipts;
        size_t receipt_count, receipt_capacity;
};

int pieces_open(struct pieces *pieces, const struct job *job);
void pieces_close(struct pieces *pieces);
int pieces_next(struct pieces *pieces, struct piece *piece); /* -ENOSPC: all are handed out */
/* The piece that begins at offset; -ENOSPC: it is handed out. */
int pieces_at(struct pieces *pieces, uint64_t offset, struct piece *piece);
/* Where the next piece that isn't handed out begins; the file's end: there is none. */
uint64_t pieces_after(const struct pieces *pieces, uint64_t offset);
void pieces_return(struct pieces *pieces, const struct piece *piece);
int pieces_split(struct piece *piece, struct piece *high); /* 1: done; 0: too small to split */
int pieces_complete(struct pieces *pieces, struct piece *piece);
enum status pieces_sync(struct pieces *pieces, const struct job *job);
uint64_t piece_left(const struct piece *piece);

/* ---- limit.c ---- */

struct limit {
        double rate; /* bytes a second; 0: no limit */
        double credit, last;
};

void limit_begin(struct limit *limit, uint64_t rate);
bool limit_allows(struct limit *limit);
void limit_took(struct limit *limit, size_t bytes);
long limit_buffer(uint64_t rate);

/* ---- connection.c ---- */

enum activity { IDLE, RUNNING, WAITING, ENDED };

/* The kind of an answer. */
enum answer {
        ANSWER_UNSEEN, /* none of its body has come yet */
        ANSWER_GOOD,
        ANSWER_ERROR_PAGE,
        ANSWER_WHOLE_FILE, /* to a request for a part of it */
        ANSWER_OTHER_FILE,
        ANSWER_OTHER_PART,
        ANSWER_CODED, /* compressed: not the bytes of the file */
};

struct connection {
        struct job *job;
        struct transfer *transfer;
        CURL *easy;
        struct piece piece;
        struct response response;
        uint64_t asked_from; /* piece.done at the start of this request */
        uint64_t position;   /* in the file, of the next byte of the answer */
        uint64_t end;        /* of the answer, in the file */
        uint64_t skip;       /* coming bytes that are written already */
        size_t taken;        /* bytes taken before a pause, which come again; or of an error page */
        double since;        /* start of this request */
        double heard;        /* when its last byte came */
        double wake;         /* while WAITING */
        enum activity activity;
        enum answer answer;
        bool is_first;   /* its answer is that of the first request */
        bool redirected; /* it sent the request to the URL after the redirects */
        bool stopped;    /* by rmget: the rest of the answer isn't wanted */
        bool robbed;     /* another connection has taken its piece */
        bool more;       /* the answer is longer than its headers say */
        bool paused;     /* by the limit, or until it has a place for the next byte */
        bool let_in;     /* the server sent data at least once */
        int error;       /* of writing into the file */
        char curl_error[CURL_ERROR_SIZE];
};

bool connection_open(struct connection *connection, struct transfer *transfer);
/* This connection continues the answer of the first request, with the piece at its start. */
void connection_take_first(struct connection *connection);
void connection_stop(struct connection *connection);
void connection_close(struct connection *connection);
bool connection_start(struct connection *connection);
void connection_go_on(struct connection *connection); /* after a pause */
/* Called when the request ended. DONE: the piece is complete; otherwise the error. */
void connection_judge(struct connection *connection, CURLcode code, struct verdict *verdict);

/* ---- schedule.c ---- */

enum next { NEXT_GO_ON, NEXT_WAIT, NEXT_STOP };

struct transfer {
        struct job *job;
        struct pieces pieces;
        struct limit limit;
        struct connection *connections;
        size_t count;
        size_t turn;       /* the connection that continues first after a pause */
        double not_before; /* no request starts before this time, as the server asked */
        bool proven;       /* a part came as requested */
};

/* Starts the requests that can be started now. */
enum status schedule_start(struct transfer *transfer);
/* Called when a piece is complete and its answer continues: chooses what comes next. */
enum next schedule_continue(struct transfer *transfer, struct connection *connection);
/* Called when a request ended: completes its piece, or schedules a retry. */
enum status schedule_ended(struct transfer *transfer, struct connection *connection, CURLcode code);

#endif
