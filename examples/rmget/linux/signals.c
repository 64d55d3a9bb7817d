/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * signals.c - signals as a descriptor
 *
 * They are blocked, and the main loop reads them from a signalfd, beside the connections. No
 * handler runs at a random moment, so after Ctrl-C the program cleans up as at any other end.
 */
#include "signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "progress.h"

static int descriptor = -1;
static int caught;

/* A signal that the parent had ignored (nohup, a shell's &) stays ignored. */
static void add_unless_ignored(sigset_t *set, int signal)
{
        struct sigaction action;

        if (!sigaction(signal, NULL, &action) && action.sa_handler != SIG_IGN)
                sigaddset(set, signal);
}

bool signals_open(void)
{
        sigset_t set;

        signal(SIGPIPE, SIG_IGN); /* a closed connection must not end the program */
        signal(SIGXFSZ, SIG_IGN); /* the write's error is enough */
        sigemptyset(&set);
        add_unless_ignored(&set, SIGINT);
        add_unless_ignored(&set, SIGTERM);
        add_unless_ignored(&set, SIGHUP);
        sigaddset(&set, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &set, NULL))
                return false;
        descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
        return descriptor >= 0;
}

int signals_fd(void)
{
        return descriptor;
}

int signals_caught(void)
{
        struct signalfd_siginfo info;

        while (read(descriptor, &info, sizeof(info)) == sizeof(info)) {
                if (info.ssi_signo == SIGWINCH)
                        progress_resized();
                else
                        caught = (int)info.ssi_signo;
        }
        return caught;
}

/* Ends the program by the signal itself, so that a shell loop around it ends as well. */
void signals_die(int number)
{
        sigset_t set;

        signal(number, SIG_DFL);
        sigemptyset(&set);
        sigaddset(&set, number);
        raise(number);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
}
