/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * signals.c - Ctrl-C and the like: Windows calls the handler in a thread of its own
 *
 * There is no descriptor to wait for: who waits asks again and again.
 */
#include "signals.h"

#include <signal.h>
#include <stdatomic.h>

#include "windows/inside.h"

enum { MOST_MILLISECONDS = 4000 }; /* then Windows ends the process anyway: after five seconds */

static atomic_int caught;

/* When this returns after the closing of the window, the process ends: so it waits for main. */
static BOOL WINAPI on_event(DWORD event)
{
        atomic_store(&caught,
                     event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT ? SIGINT : SIGTERM);
        if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
                Sleep(MOST_MILLISECONDS);
        return TRUE;
}

bool signals_open(void)
{
        return SetConsoleCtrlHandler(on_event, TRUE);
}

int signals_fd(void)
{
        return -1;
}

int signals_caught(void)
{
        return atomic_load(&caught);
}

/* Windows has no end by a signal: the exit status says it. */
void signals_die(int number)
{
        (void)number;
}
