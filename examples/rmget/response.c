/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* response.c - header lines of an answer; are two answers of the same file? */
#include "rmget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Reads a number of at most 18 digits, and moves *text past it. false: there is none. */
static bool read_number(const char **text, uint64_t *number)
{
        const char *c = *text;

        *number = 0;
        while (*c >= '0' && *c <= '9' && c - *text < 18)
                *number = *number * 10 + (uint64_t)(*c++ - '0');
        if (c == *text || (*c >= '0' && *c <= '9'))
                return false;
        *text = c;
        return true;
}

/* "bytes 0-99/1000", "bytes 0-99/" and a star, "bytes " and a star "/1000" */
static void read_content_range(struct response *response, const char *text)
{
        if (strncasecmp(text, "bytes", 5))
                return;
        text += 5 + strspn(text + 5, " =");
        if (*text == '*') {
                text++;
        } else {
                if (!read_number(&text, &response->first) || *text++ != '-' ||
                    !read_number(&text, &response->last) || response->last < response->first)
                        return;
                response->has_range = true;
        }
        if (*text++ != '/' || !read_number(&text, &response->total))
                return;
        response->has_total = true;
        if (response->has_range && response->last >= response->total)
                response->has_range = response->has_total = false; /* it contradicts itself */
}

/* One number, which may be sent twice. Everything else is an unreliable length. */
static void read_content_length(struct response *response, const char *text)
{
        uint64_t length;
        bool good = read_number(&text, &length) && !text[strspn(text, " \t")];

        if (!good || (response->has_length && response->length != length))
                response->bad_length = true;
        response->has_length = true;
        response->length = good ? length : 0;
}

static void read_coding(struct response *response, const char *text)
{
        if (!*text || !strcasecmp(text, "identity"))
                return;
        /* A coding that is too long for the buffer still counts as a coding. */
        snprintf(response->coding, sizeof(response->coding), "%s", text);
}

/* Leaves out text that is longer than the buffer: a part of it would prove nothing. */
static void keep(char *copy, size_t capacity, const char *text)
{
        size_t length = strlen(text);

        if (length < capacity)
                memcpy(copy, text, length + 1);
}

static void read_header(struct response *response, const char *name, const char *value)
{
        if (!strcasecmp(name, "Content-Range"))
                read_content_range(response, value);
        else if (!strcasecmp(name, "ETag"))
                keep(response->etag, sizeof(response->etag), value);
        else if (!strcasecmp(name, "Last-Modified"))
                keep(response->modified, sizeof(response->modified), value);
        else if (!strcasecmp(name, "Content-Length"))
                read_content_length(response, value);
        else if (!strcasecmp(name, "Content-Encoding"))
                read_coding(response, value);
        else if (!strcasecmp(name, "Transfer-Encoding"))
                response->chunked = true;
        else if (!strcasecmp(name, "Content-Type"))
                response->multipart = !strncasecmp(value, "multipart/byteranges", 20);
        else if (!strcasecmp(name, "Accept-Ranges"))
                response->no_ranges = !strcasecmp(value, "none");
}

/* libcurl's header callback: one line at a time, not terminated. */
size_t response_header(char *line, size_t one, size_t length, void *argument)
{
        struct response *response = argument;
        char text[512];
        char *value;

        (void)one;
        /* The start of a long line is enough to see that it is invalid. */
        snprintf(text, sizeof(text), "%.*s", (int)(length < sizeof(text) ? length : sizeof(text)),
                 line);
        text[strcspn(text, "\r\n")] = '\0';
        if (!strncmp(text, "HTTP/", 5)) { /* a new answer, after a redirect or a 100 */
                memset(response, 0, sizeof(*response));
                value = strchr(text, ' ');
                response->status = value ? strtol(value, NULL, 10) : 0;
                return length;
        }
        value = strchr(text, ':');
        if (!value)
                return length;
        *value++ = '\0';
        read_header(response, text, value + strspn(value, " \t"));
        return length;
}

/*
 * A strong ETag decides. Where the first answer had none the date does, as long as both have one:
 * an answer to If-Range may leave it out.
 */
bool response_is_same_file(const struct response *a, const struct response *b)
{
        if (a->has_total && b->has_total && a->total != b->total)
                return false;
        if (strcmp(a->etag, b->etag))
                return false;
        if (*a->etag == '"')
                return true;
        return !*a->modified || !*b->modified || !strcmp(a->modified, b->modified);
}

/*
 * A weak ETag says that two files mean the same, not that their bytes are the same: then the dates
 * are compared.
 */
const char *response_validator(const struct response *response)
{
        if (*response->etag == '"')
                return response->etag;
        return *response->modified ? response->modified : NULL;
}
