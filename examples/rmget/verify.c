/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* verify.c - SHA-256 */
#include "rmget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 1024 * 1024 };

/* Computes the digest, and compares it with the expected one, if any. */
enum status verify_digest(struct job *job, EVP_MD_CTX *context)
{
        const struct options *options = job->options;
        unsigned char digest[EVP_MAX_MD_SIZE];

        if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
                return fail(FAILED, "can't compute a SHA-256 digest");
        for (size_t i = 0; i < DIGEST_SIZE; i++)
                snprintf(job->digest + 2 * i, 3, "%02x", digest[i]);
        if (options->has_sha256 && memcmp(digest, options->sha256, DIGEST_SIZE))
                return fail(MISMATCH, "%s: the SHA-256 digest differs: it is %s", options->url,
                            job->digest);
        return DONE;
}

/*
 * Reads in slices instead of through rmmap_raw_view: a bad sector, or a file that another program
 * truncates, is then an error and not a signal.
 */
static enum status add_map(struct job *job, EVP_MD_CTX *context, unsigned char *slice)
{
        uint64_t offset = 0;
        int error = 0;

        while (!error && offset < job->size) {
                size_t length;

                error = rmmap_raw_read(job->output.file, offset, slice, SLICE, &length);
                if (!error && !length)
                        error = -RMMAP_ESTALE; /* another program truncated it */
                if (error)
                        break;
                if (EVP_DigestUpdate(context, slice, length) != 1)
                        return fail(FAILED, "can't compute a SHA-256 digest");
                if (signals_caught())
                        return INTERRUPTED;
                offset += length;
                progress_add((int64_t)length);
                progress_tick(NULL, 0);
        }
        return error ? output_failed(&job->output, error) : DONE;
}

enum status verify_map(struct job *job)
{
        EVP_MD_CTX *context;
        unsigned char *slice;
        enum status status;

        if (job->options->quiet && !job->options->has_sha256)
                return DONE; /* the digest would be shown nowhere */
        context = EVP_MD_CTX_new();
        slice = malloc(SLICE);
        progress_begin(wants_progress(job->options), "checking ", job->size);
        if (!context || !slice || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
                status = fail(FAILED, "can't compute a SHA-256 digest");
        else
                status = add_map(job, context, slice);
        progress_end();
        if (!status)
                status = verify_digest(job, context);
        free(slice);
        EVP_MD_CTX_free(context);
        return status;
}
