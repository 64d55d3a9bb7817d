/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The command line of allocator-contract, and the search for the allocator. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator-contract.h"

static const char help[] =
        "usage: allocator-contract [OPTION...] PLUGIN.so SYMBOL\n"
        "       allocator-contract [OPTION...] --builtin concurrent|sequential|reusing\n"
        "\n"
        "Examines what an allocator of librangedmmap owes its callers, straight through its\n"
        "operations and through a file in TMPDIR or /tmp. Each check prints a line \"ok\" or\n"
        "\"not ok\", with the reason.\n"
        "\n"
        "SYMBOL is an object, not a function and not a pointer:\n"
        "        const struct rmmap_allocator_ops SYMBOL = { .size = sizeof(SYMBOL), ... };\n"
        "Its create is called with a NULL config, and must manage files of 64 KiB and more.\n"
        "PLUGIN.so without a slash in it is looked for where libraries are.\n"
        "\n"
        "  --builtin NAME     the library's own allocator of that name\n"
        "  --timeout SECONDS  how long one check may take; 60 if not given\n"
        "  --no-fork          all checks in one process, for a debugger\n"
        "  --help, --version\n"
        "\n"
        "Status: 0 all kept, 1 a promise broken, 2 nothing was examined.\n";

enum { KEPT = 0, BROKEN = 1, NOTHING_DONE = 2 };

struct request {
        const char *plugin, *symbol, *builtin;
        unsigned int timeout;
};

static _Noreturn void wrong_usage(const char *what)
{
        fprintf(stderr, "allocator-contract: %s\n%s", what, help);
        exit(NOTHING_DONE);
}

static unsigned int seconds(const char *text)
{
        char *end;
        unsigned long value = text != NULL ? strtoul(text, &end, 10) : 0;

        if (value == 0 || value > 86400 || *end != '\0')
                wrong_usage("--timeout wants a number of seconds");
        return (unsigned int)value;
}

static void print_and_leave(const char *text)
{
        if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
                exit(NOTHING_DONE);
        exit(KEPT);
}

/* One word of the command line; the index of the last one that it used. */
static int read_argument(struct request *request, char **argv, int at)
{
        const char *word = argv[at];

        if (strcmp(word, "--help") == 0)
                print_and_leave(help);
        if (strcmp(word, "--version") == 0)
                print_and_leave("allocator-contract (ranged-mmap) " RMMAP_VERSION_STRING "\n");
        if (strcmp(word, "--no-fork") == 0) {
                request->timeout = 0;
        } else if (strcmp(word, "--timeout") == 0) {
                request->timeout = seconds(argv[++at]);
        } else if (strcmp(word, "--builtin") == 0) {
                request->builtin = argv[++at];
                if (request->builtin == NULL)
                        wrong_usage("--builtin wants a name");
        } else if (word[0] == '-') {
                wrong_usage("no such option");
        } else if (request->plugin == NULL) {
                request->plugin = word;
        } else if (request->symbol == NULL) {
                request->symbol = word;
        } else {
                wrong_usage("too many arguments");
        }
        return at;
}

static const struct rmmap_allocator_ops *find_builtin(const char *name)
{
        if (strcmp(name, "concurrent") == 0)
                return rmmap_concurrent_allocator();
        if (strcmp(name, "sequential") == 0)
                return rmmap_sequential_allocator();
        if (strcmp(name, "reusing") == 0)
                return rmmap_reusing_allocator();
        wrong_usage("no such built-in allocator");
}

static const struct rmmap_allocator_ops *load(const char *plugin, const char *symbol)
{
        void *object = dlopen(plugin, RTLD_NOW | RTLD_LOCAL), *address;

        if (object == NULL) {
                fprintf(stderr, "allocator-contract: %s\n", dlerror());
                exit(NOTHING_DONE);
        }
        address = dlsym(object, symbol);
        if (address == NULL) {
                fprintf(stderr, "allocator-contract: %s has no symbol %s\n", plugin, symbol);
                exit(NOTHING_DONE);
        }
        return address;
}

int main(int argc, char **argv)
{
        struct request request = {NULL, NULL, NULL, 60};
        struct contract contract = {.random = 1};

        for (int i = 1; i < argc; i++)
                i = read_argument(&request, argv, i);
        if (request.builtin != NULL && request.plugin != NULL)
                wrong_usage("either --builtin or a plug-in");
        if (request.builtin == NULL && request.symbol == NULL)
                wrong_usage("which allocator?");
        contract.ops = request.builtin != NULL ? find_builtin(request.builtin)
                                               : load(request.plugin, request.symbol);
        contract.timeout = request.timeout;
        return contract_run(&contract) == 0 ? KEPT : BROKEN;
}
