/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* options.c - the command line */
#include "rmget.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char help[] =
        "Usage: rmget [option ...] URL\n"
        "Download a file over several connections at once.\n"
        "\n"
        "  -n, --connections=N   use at most N connections, 1 to 64 (4)\n"
        "  -o, --output=FILE     write to FILE, or into it if it is a directory\n"
        "  -f, --force           replace FILE if it exists, once the download is complete\n"
        "      --sha256=HEX      fail unless the file has this SHA-256 digest\n"
        "      --retries=N       retry a part at most N times in a row (5)\n"
        "      --timeout=S       wait at most S seconds for a connection or for data (30)\n"
        "      --limit-rate=R    receive at most R bytes per second in all; suffixes K, M, G\n"
        "  -H, --header=LINE     add this line to each request; may be repeated\n"
        "      --cacert=FILE     trust the authorities in FILE, not those of the system\n"
        "  -k, --insecure        accept any server certificate\n"
        "  -q, --quiet           print errors only\n"
        "      --no-progress     no bar and no progress lines\n"
        "  -h, --help            print this and exit\n"
        "  -V, --version         print versions and exit\n"
        "\n"
        "The file is named FILE.rmget-part until it is complete, verified and on the disk.\n"
        "If the server doesn't send parts of the file, one connection downloads all of it.\n"
        "The SHA-256 digest is written to standard output, in the format of sha256sum.\n"
        "\n"
        "Exit status:\n"
        "   0  success\n"
        "   1  unexpected error, such as no memory\n"
        "   2  wrong usage\n"
        "   3  network error: no connection, connection lost, or no response, after all retries\n"
        "   4  the server sent an HTTP error, such as 404\n"
        "   6  the server repeatedly sent less than it announced\n"
        "   7  not enough disk space\n"
        "   8  the digest differs from --sha256\n"
        "   9  FILE exists and --force wasn't given\n"
        "  10  another rmget is writing FILE\n"
        "  11  FILE can't be written\n"
        "  12  the server's certificate isn't trusted\n"
        "  13  the server doesn't follow HTTP, sends two lengths, compresses the file unasked, or\n"
        "      redirects to a place to which rmget doesn't follow\n"
        " 129, 130, 143  ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM\n";

enum { SHA256 = 256, RETRIES, TIMEOUT, LIMIT_RATE, CACERT, NO_PROGRESS };

static const struct option long_options[] = {
        {"connections", required_argument, NULL, 'n'},
        {"output", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, 'f'},
        {"sha256", required_argument, NULL, SHA256},
        {"retries", required_argument, NULL, RETRIES},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"limit-rate", required_argument, NULL, LIMIT_RATE},
        {"header", required_argument, NULL, 'H'},
        {"cacert", required_argument, NULL, CACERT},
        {"insecure", no_argument, NULL, 'k'},
        {"quiet", no_argument, NULL, 'q'},
        {"no-progress", no_argument, NULL, NO_PROGRESS},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
};

static enum status parse_number(const char *name, const char *text, unsigned low, unsigned high,
                                unsigned *number)
{
        char *end;
        unsigned long value;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || value < low || value > high)
                return fail(USAGE, "%s: '%s' is not a number from %u to %u", name, text, low, high);
        *number = (unsigned)value;
        return DONE;
}

static enum status parse_rate(const char *text, uint64_t *rate)
{
        static const char units[] = "KMG";
        const char *unit;
        char *end;
        unsigned long long value;

        errno = 0;
        value = strtoull(text, &end, 10);
        unit = *end ? strchr(units, *end == 'k' ? 'K' : *end) : NULL;
        for (ptrdiff_t n = unit ? unit - units + 1 : 0; n > 0 && value <= UINT64_C(1) << 50; n--)
                value *= 1024;
        if (*text < '0' || *text > '9' || errno || !value || value > UINT64_C(1) << 50 ||
            (*end && (!unit || end[1])))
                return fail(USAGE, "--limit-rate: '%s' is not a rate such as 500K or 2M", text);
        *rate = value;
        return DONE;
}

static enum status parse_digest(struct options *options, const char *text)
{
        if (strlen(text) != 2 * DIGEST_SIZE ||
            strspn(text, "0123456789abcdefABCDEF") != 2 * DIGEST_SIZE)
                return fail(USAGE, "--sha256: '%s' is not 64 hexadecimal digits", text);
        for (size_t i = 0; i < DIGEST_SIZE; i++) {
                char byte[] = {text[2 * i], text[2 * i + 1], '\0'};

                options->sha256[i] = (unsigned char)strtoul(byte, NULL, 16);
        }
        options->has_sha256 = true;
        return DONE;
}

static enum status parse_header(struct options *options, const char *line)
{
        struct curl_slist *list;

        if (!strpbrk(line, ":;") || strpbrk(line, "\r\n"))
                return fail(USAGE, "--header: '%s' is not 'Name: value'", line);
        list = curl_slist_append(options->headers, line);
        if (!list)
                return fail(FAILED, "no memory");
        options->headers = list;
        return DONE;
}

static enum status parse_one(struct options *options, int option)
{
        switch (option) {
        case 'n':
                return parse_number("--connections", optarg, 1, CELLS_MAX, &options->connections);
        case RETRIES:
                return parse_number("--retries", optarg, 0, 1000, &options->retries);
        case TIMEOUT:
                return parse_number("--timeout", optarg, 1, 86400, &options->timeout);
        case LIMIT_RATE:
                return parse_rate(optarg, &options->limit_rate);
        case SHA256:
                return parse_digest(options, optarg);
        case 'H':
                return parse_header(options, optarg);
        case 'o':
                options->output = optarg;
                return *optarg ? DONE : fail(USAGE, "--output: an empty name");
        case CACERT:
                options->cacert = optarg;
                return DONE;
        case 'f':
                options->force = true;
                return DONE;
        case 'k':
                options->insecure = true;
                return DONE;
        case 'q':
                options->quiet = true;
                return DONE;
        case NO_PROGRESS:
                options->no_progress = true;
                return DONE;
        default: /* getopt_long has said why */
                fputs("Try 'rmget --help'.\n", stderr);
                return USAGE;
        }
}

static enum status print_and_leave(bool version)
{
        uint32_t library = rmmap_version();

        if (version)
                printf("rmget %s (librangedmmap %u.%u.%u, %s)\n", RMMAP_VERSION_STRING,
                       library >> 16, library >> 8 & 0xff, library & 0xff, curl_version());
        else
                fputs(help, stdout);
        if (fflush(stdout))
                return fail(FAILED, "standard output: %s", error_text(errno));
        return DONE;
}

/* Copies the URL and overwrites the argument, to hide its password in the list of processes. */
static char *take_url(char *argument)
{
        char *copy = strdup(argument), *start = strstr(argument, "://");
        char *end = start ? strrchr(start, '@') : NULL;

        if (copy && end)
                memset(start + 3, '*', (size_t)(end - start - 3));
        return copy;
}

enum status options_parse(struct options *options, int argc, char **argv)
{
        int option;

        *options = (struct options){.connections = 4, .retries = 5, .timeout = 30};
        while ((option = getopt_long(argc, argv, "n:o:fH:kqhV", long_options, NULL)) != -1) {
                enum status status;

                if (option == 'h' || option == 'V')
                        return print_and_leave(option == 'V');
                status = parse_one(options, option);
                if (status)
                        return status;
        }
        if (argc - optind != 1) {
                fail(USAGE, argc > optind ? "more than one URL" : "no URL");
                fputs("Try 'rmget --help'.\n", stderr);
                return USAGE;
        }
        options->url = take_url(argv[optind]);
        if (!options->url)
                return fail(FAILED, "no memory");
        if (strncasecmp(options->url, "http://", 7) && strncasecmp(options->url, "https://", 8))
                return fail(USAGE, "the URL must begin with http:// or https://");
        return DONE;
}

void options_free(struct options *options)
{
        curl_slist_free_all(options->headers);
        free(options->url);
        *options = (struct options){0};
}
