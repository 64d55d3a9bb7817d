/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* main.c - chooses the command */
#include "rmmap.h"

#include <locale.h>
#include <string.h>

static const char help[] = "Usage: rmmap info [option ...] FILE...\n"
                           "       rmmap copy [option ...] SRC DST\n"
                           "       rmmap doctor [option ...] [DIR | FILE]\n"
                           "       rmmap --help | --version\n"
                           "\n"
                           "  info     how librangedmmap reads and writes a file, and why\n"
                           "  copy     copy a file by several threads at once, durably\n"
                           "  doctor   what this file system and this kernel can do\n"
                           "\n"
                           "rmmap COMMAND --help lists the options of each.\n"
                           "\n"
                           "Exit status:\n"
                           "   0  done\n"
                           "   1  something unforeseen, such as no memory\n"
                           "   2  wrong usage\n"
                           "   3  the source can't be read\n"
                           "   5  the source changed while it was copied\n"
                           "   7  not enough space\n"
                           "   9  DST exists and --force wasn't given\n"
                           "  10  another rmmap is writing DST\n"
                           "  11  DST, or DIR, can't be written\n"
                           " 129, 130, 143  ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM\n";

static const struct {
        const char *name;
        enum status (*run)(int argc, char **argv);
} commands[] = {
        {"copy", copy_main},
        {"doctor", doctor_main},
        {"info", info_main},
};

enum status usage_failed(const char *command)
{
        fprintf(stderr, "rmmap %s --help lists the options\n", command);
        return USAGE;
}

static enum status print_version(void)
{
        uint32_t version = rmmap_version();

        printf("rmmap %s (librangedmmap %u.%u.%u)\n", RMMAP_VERSION_STRING,
               (unsigned)(version >> 16), (unsigned)(version >> 8 & 0xff),
               (unsigned)(version & 0xff));
        return DONE;
}

static enum status run(int argc, char **argv)
{
        const char *word = argc > 1 ? argv[1] : NULL;

        if (word && (!strcmp(word, "--help") || !strcmp(word, "-h")))
                return fputs(help, stdout) < 0 ? FAILED : DONE;
        if (word && (!strcmp(word, "--version") || !strcmp(word, "-V")))
                return print_version();
        for (size_t i = 0; word && i < sizeof(commands) / sizeof(*commands); i++)
                if (!strcmp(word, commands[i].name))
                        return commands[i].run(argc - 1, argv + 1);
        if (word)
                fail(USAGE, "'%s' is no command; rmmap --help lists them", word);
        else
                fputs(help, stderr);
        return USAGE;
}

int main(int argc, char **argv)
{
        enum status status;

        if (!program_begin(&argc, &argv, true))
                return FAILED;
        say_as("rmmap");
        setlocale(LC_CTYPE, "");
        status = run(argc, argv);
        if (fflush(stdout) && !status)
                status = fail(FAILED, "standard output can't be written");
        if (status == INTERRUPTED) {
                fail(status, "interrupted; nothing is left behind");
                signals_die(signals_caught());
                return INTERRUPTED + signals_caught();
        }
        return (int)status;
}
