/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* output.c - the name of the file */
#include "rmget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last part of the URL's path, if that can be the name of a file. The caller frees it. */
static char *name_of_url(const char *url)
{
        CURLU *parts = curl_url();
        char *path = NULL, *decoded = NULL, *name = NULL;
        bool usable;
        int length = 0;

        if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
            !curl_url_get(parts, CURLUPART_PATH, &path, 0))
                decoded = curl_easy_unescape(NULL, strrchr(path, '/') + 1, 0, &length);
        usable = decoded && *decoded && strlen(decoded) == (size_t)length &&
                 last_name(decoded) == decoded && strcmp(decoded, ".") && strcmp(decoded, "..");
        for (const char *c = decoded; usable && *c; c++)
                usable = (unsigned char)*c >= ' ' && *c != 0x7f;
        if (usable)
                name = strdup(decoded);
        curl_free(decoded);
        curl_free(path);
        curl_url_cleanup(parts);
        return name;
}

static bool is_directory(const char *path)
{
        struct file_facts facts;

        return !path_facts(path, true, &facts) && facts.kind == FILE_DIRECTORY;
}

/* The file's path: FILE, a name in the directory FILE, or a name in this directory. */
static char *choose_path(const struct options *options)
{
        const char *directory = options->output;
        char *name, *path;

        if (directory && !is_directory(directory))
                return strdup(directory);
        name = name_of_url(options->url);
        if (!name || !directory)
                return name;
        path = path_in(directory, name);
        free(name);
        return path;
}

enum status output_name(struct output *output, const struct options *options)
{
        char *path = choose_path(options);

        if (!path)
                return fail(USAGE, "%s: the URL contains no file name; use -o FILE", options->url);
        return output_begin(output, path, options->force);
}
