/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "system.h"

unsigned terminal_columns(int descriptor)
{
        struct winsize size;

        if (!isatty(descriptor))
                return 0;
        return ioctl(descriptor, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

bool terminal_is_utf8(void)
{
        return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool in_background(void)
{
        pid_t group = tcgetpgrp(STDERR_FILENO);

        return group >= 0 && group != getpgrp();
}
