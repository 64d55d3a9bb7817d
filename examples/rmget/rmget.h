/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmget.h - what the parts of rmget tell each other
 *
 *      options.c     the command line
 *      response.c    header lines of an answer, and whether two answers are of one file
 *      request.c     what all requests have in common; what a failed one means
 *      probe.c       the first request: size, identity, ranges or not
 *      pieces.c      who downloads what: pieces of the map, and the receipts of those complete
 *      limit.c       --limit-rate
 *      connection.c  one request for one piece, written into the map as it arrives
 *      schedule.c    which connection does what next: give work, take over, try again
 *      transfer.c    all connections at once
 *      stream.c      a file of unknown length, which no map can hold
 *      output.c      what the file is called
 *      verify.c      SHA-256
 *
 * And, with headers of their own, what isn't about downloading; the program rmmap is made of them
 * as well:
 *
 *      say.c         messages
 *      signals.c     Ctrl-C and the like, as a descriptor
 *      progress.c    the bar, or plain lines
 *      part.c        the temporary file and its way to the final name
 */
#ifndef RMGET_H
#define RMGET_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* renameat2, reallocarray */
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

#define DIGEST_SIZE 32

/* ---- options.c ---- */

struct options {
        const char *url;
        const char *output; /* NULL: named by the URL */
        const char *cacert; /* NULL: the system's authorities */
        struct curl_slist *headers;
        uint64_t limit_rate; /* bytes a second, of all connections together; 0: none */
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

/* DONE with options->url NULL: --help or --version was all that was asked. */
enum status options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

static inline bool wants_progress(const struct options *options)
{
        return !options->quiet && !options->no_progress;
}

/* ---- response.c ---- */

struct response {
        long status;
        bool has_range; /* Content-Range named first and last */
        bool has_total; /* and total */
        uint64_t first, last, total;
        char etag[256];
        char modified[64];
};

size_t response_header(char *line, size_t one, size_t length, void *response);
bool response_is_same_file(const struct response *a, const struct response *b);
/* What If-Range may carry; NULL where the server gave nothing strong enough. */
const char *response_validator(const struct response *response);

/* ---- output.c ---- */

enum status output_name(struct output *output, const struct options *options);

/* ---- the whole ---- */

enum source { SOURCE_RANGES, SOURCE_STREAM, SOURCE_UNKNOWN, SOURCE_EMPTY };

struct job {
        const struct options *options;
        CURLM *multi;
        struct curl_slist *headers;       /* of every request */
        struct curl_slist *range_headers; /* the same with If-Range */
        char *url;                        /* where redirects led to */
        bool url_expired;                 /* then the first URL leads to another one */
        struct response facts;            /* of the first answer */
        uint64_t size;
        enum source source;
        struct output output;
        char digest[2 * DIGEST_SIZE + 1]; /* hexadecimal; empty: not computed */
};

/* ---- request.c ---- */

/* What a request that ended without its data means. */
struct verdict {
        enum status status;
        bool again;   /* it may be better next time */
        bool refused; /* the server takes no more connections for now */
        double wait;  /* seconds that the server asks for; 0: it doesn't say */
        char text[CURL_ERROR_SIZE + 64];
};

CURL *request_new(const struct job *job, char *error);
void request_judge(struct verdict *verdict, CURL *easy, CURLcode code, const char *error);
double request_back_off(const struct verdict *verdict, unsigned failures);
/* Wait for traffic, a signal, or some milliseconds: INTERRUPTED or DONE. */
enum status request_wait(CURLM *multi, int milliseconds);
enum status request_sleep(CURLM *multi, double seconds);
enum status request_perform(CURLM *multi, CURL *easy, CURLcode *code);

/* ---- probe.c, stream.c, transfer.c, verify.c ---- */

enum status probe(struct job *job);
enum status stream(struct job *job);
enum status transfer(struct job *job);
enum status verify_map(struct job *job);
enum status verify_digest(struct job *job, EVP_MD_CTX *context);

/* ---- pieces.c ---- */

struct piece {
        struct rmmap_range range;
        uint64_t done;     /* bytes of it that are there */
        unsigned failures; /* in a row, without a byte that counts */
};

struct pieces {
        struct rmmap_file *file;
        uint64_t size;     /* of one */
        uint64_t complete; /* bytes */
        struct piece *returned;
        size_t returned_count;
        struct rmmap_receipt *receipts;
        size_t receipt_count, receipt_capacity;
};

bool pieces_open(struct pieces *pieces, const struct job *job);
void pieces_close(struct pieces *pieces);
int pieces_next(struct pieces *pieces, struct piece *piece); /* -ENOSPC: all are given out */
int pieces_whole(struct pieces *pieces, struct piece *piece);
void pieces_return(struct pieces *pieces, const struct piece *piece);
int pieces_split(struct piece *piece, struct piece *high); /* 1: it was worth it */
int pieces_complete(struct pieces *pieces, const struct piece *piece);
enum status pieces_sync(struct pieces *pieces, const struct job *job);
uint64_t piece_left(const struct piece *piece);

/* ---- limit.c ---- */

struct limit {
        double rate; /* bytes a second; 0: none */
        double credit, last;
};

void limit_begin(struct limit *limit, uint64_t rate);
bool limit_allows(struct limit *limit);
void limit_took(struct limit *limit, size_t bytes);
long limit_buffer(uint64_t rate);

/* ---- connection.c ---- */

enum activity { IDLE, RUNNING, WAITING, ENDED };

/* What an answer turned out to be. */
enum answer {
        ANSWER_UNSEEN, /* no byte of it yet */
        ANSWER_GOOD,
        ANSWER_ERROR_PAGE,
        ANSWER_WHOLE_FILE, /* to a request for a part of it */
        ANSWER_CHANGED,
        ANSWER_NONSENSE,
};

struct connection {
        struct job *job;
        struct limit *limit;
        CURL *easy;
        struct piece piece;
        struct response response;
        uint64_t asked_from; /* piece.done at the start of this request */
        double since;        /* start of this request */
        double heard;        /* when its last byte came */
        double wake;         /* while WAITING */
        enum activity activity;
        enum answer answer;
        bool redirected; /* asked where the first redirect led to */
        bool cut;        /* the piece became shorter during the request */
        bool paused;     /* by the limit */
        bool let_in;     /* got data at least once */
        int error;       /* of writing into the map */
        char curl_error[CURL_ERROR_SIZE];
};

bool connection_open(struct connection *connection, struct job *job, struct limit *limit);
void connection_close(struct connection *connection);
bool connection_start(struct connection *connection);
void connection_go_on(struct connection *connection); /* after a pause */
/* The request ended: DONE with the piece complete, or what went wrong. */
void connection_judge(struct connection *connection, CURLcode code, struct verdict *verdict);

/* ---- schedule.c ---- */

struct transfer {
        struct job *job;
        struct pieces pieces;
        struct limit limit;
        struct connection *connections;
        size_t count;
        size_t turn;       /* who goes on first after a pause */
        double not_before; /* the server asked for rest */
        bool one_stream;   /* ranges turned out not to work */
};

/* Start what can be started now. */
enum status schedule_start(struct transfer *transfer);
/* A request ended: take note of it, or try again later. */
enum status schedule_ended(struct transfer *transfer, struct connection *connection, CURLcode code);
bool schedule_is_done(const struct transfer *transfer);

#endif
