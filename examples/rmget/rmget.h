/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmget.h - the internal interfaces of rmget
 *
 *      options.c     the command line
 *      response.c    header lines of an answer, and whether two answers are of one file
 *      request.c     what all requests have in common; what a failed one means
 *      first.c       the first request, whose answer is the file: size, identity
 *      pieces.c      which connection has which piece, and the receipts of complete pieces
 *      limit.c       --limit-rate
 *      connection.c  one request for one piece, written into the file as it arrives
 *      schedule.c    which connection does what next: take a piece, take over, retry
 *      transfer.c    all connections at once
 *      stream.c      a file of unknown length, which can't be mapped, or an empty one
 *      output.c      the name of the file
 *      verify.c      SHA-256
 *
 * And, with headers of their own, the parts that the program rmmap uses as well:
 *
 *      say.c         messages
 *      signals.c     Ctrl-C and the like, as a descriptor
 *      progress.c    the bar, or plain lines
 *      part.c        the temporary file and its final name
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
        char *url;
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
        bool has_range;  /* Content-Range named first and last */
        bool has_total;  /* and total */
        bool has_length; /* Content-Length */
        bool bad_length; /* and it is no number, or two different ones */
        bool chunked;    /* the body itself tells where it ends */
        bool multipart;
        bool no_ranges; /* it says that it sends no parts */
        uint64_t first, last, total;
        uint64_t length;
        char coding[32]; /* Content-Encoding but for identity; empty: none */
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

/* Takes the bytes of a body; the headers of the first answer decide which function does. */
typedef size_t body_taker(char *data, size_t one, size_t length, void *argument);

struct first {
        CURL *easy;
        struct response response;
        char error[CURL_ERROR_SIZE];
        body_taker *take; /* NULL: not known yet, so the body waits */
        void *argument;
        curl_socket_t socket; /* of the newest connection that was made for it */
        unsigned sockets;     /* how many were made */
        bool waits;
        bool stopped; /* at the first byte of a body that is not needed */
};

enum source { SOURCE_LENGTH_KNOWN, SOURCE_LENGTH_UNKNOWN, SOURCE_EMPTY };

struct job {
        const struct options *options;
        CURLM *multi;
        CURLSH *share;                    /* cookies */
        struct curl_slist *headers;       /* of every request */
        struct curl_slist *range_headers; /* the same with If-Range */
        char *url;                        /* where redirects led to */
        bool url_expired;                 /* then the first URL leads to another one */
        struct first first;
        struct response facts; /* of the first answer */
        uint64_t size;
        enum source source;
        unsigned failures; /* of the first request, or of the only one */
        bool had_parts;    /* before they were given up */
        bool strays;       /* bytes came between two answers: each request connects anew */
        bool alone;        /* parts can't be had, or not be told from those of another file */
        bool anew;         /* what came is no good: ask for the file once more */
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

enum { LONGEST_REST = 600 }; /* seconds that a server may ask for */

CURL *request_new(const struct job *job, char *error);
void request_judge(struct verdict *verdict, CURL *easy, CURLcode code, const char *error);
double request_back_off(const struct verdict *verdict, unsigned failures);
/* Wait for traffic, a signal, or some milliseconds: INTERRUPTED or DONE. */
enum status request_wait(CURLM *multi, int milliseconds);
enum status request_sleep(CURLM *multi, double seconds);
/* All requests go on until *done, or until the only one ends: then *code is how. */
enum status request_perform(CURLM *multi, const bool *done, CURLcode *code);

/* ---- first.c ---- */

/* Leaves job->first with its body still to come, or job->source is SOURCE_EMPTY. */
enum status first_ask(struct job *job);
void first_close(struct job *job);
/* The body goes to take from now on. */
void first_give(struct job *job, body_taker *take, void *argument);
/* The only request failed: once more from the beginning, after a while, or give up. */
enum status first_once_more(struct job *job, const struct verdict *verdict);

/* ---- stream.c, transfer.c, verify.c ---- */

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
        uint64_t size;            /* of one */
        uint64_t complete;        /* bytes */
        uint64_t given;           /* the allocator gave out all before */
        struct rmmap_range share; /* of the first answer, which goes on without a new request */
        struct piece *returned;
        size_t returned_count;
        struct rmmap_receipt *receipts;
        size_t receipt_count, receipt_capacity;
};

int pieces_open(struct pieces *pieces, const struct job *job);
void pieces_close(struct pieces *pieces);
int pieces_next(struct pieces *pieces, struct piece *piece); /* -ENOSPC: all are given out */
/* The one that begins at offset; -ENOSPC: it is given out. */
int pieces_at(struct pieces *pieces, uint64_t offset, struct piece *piece);
/* Where the first one after offset begins that isn't given out; the file's end: there is none. */
uint64_t pieces_after(const struct pieces *pieces, uint64_t offset);
void pieces_return(struct pieces *pieces, const struct piece *piece);
int pieces_split(struct piece *piece, struct piece *high); /* 1: it was worth it */
int pieces_complete(struct pieces *pieces, struct piece *piece);
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
        ANSWER_OTHER_FILE,
        ANSWER_OTHER_PART,
        ANSWER_CODED, /* packed: no bytes of the file */
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
        uint64_t skip;       /* bytes that come and are there already */
        size_t taken;        /* of the bytes that come again after a pause; or of an error page */
        double since;        /* start of this request */
        double heard;        /* when its last byte came */
        double wake;         /* while WAITING */
        enum activity activity;
        enum answer answer;
        bool is_first;   /* its answer is that of the first request */
        bool redirected; /* asked where the first redirect led to */
        bool stopped;    /* by rmget: the rest of the answer isn't wanted */
        bool robbed;     /* another one has taken its piece */
        bool more;       /* the answer didn't end where it said */
        bool paused;     /* by the limit, or until it is known where to go on */
        bool let_in;     /* got data at least once */
        int error;       /* of writing into the map */
        char curl_error[CURL_ERROR_SIZE];
};

bool connection_open(struct connection *connection, struct transfer *transfer);
/* The answer of the first request, with the piece at its beginning, goes on as this one's. */
void connection_take_first(struct connection *connection);
void connection_stop(struct connection *connection);
void connection_close(struct connection *connection);
bool connection_start(struct connection *connection);
void connection_go_on(struct connection *connection); /* after a pause */
/* The request ended: DONE with the piece complete, or what went wrong. */
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
        double not_before; /* the server asked for rest */
        bool proven;       /* a part came as it was asked for */
};

/* Start what can be started now. */
enum status schedule_start(struct transfer *transfer);
/* A piece is complete, and its answer goes on: what next? */
enum next schedule_continue(struct transfer *transfer, struct connection *connection);
/* A request ended: take note of it, or try again later. */
enum status schedule_ended(struct transfer *transfer, struct connection *connection, CURLcode code);

#endif
