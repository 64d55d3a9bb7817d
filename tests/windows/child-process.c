/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Without fork a body that doesn't die runs in the program itself: what it changes for the whole
 * process stays changed. One beside which the test goes on can't run.
 */
#include "../child.h"

pid_t child_start(int (*body)(void *arg), void *arg)
{
        (void)body;
        (void)arg;
        test_lacks("fork");
}

int child_wait(pid_t child)
{
        (void)child;
        return -1;
}

int child_run(int (*body)(void *arg), void *arg)
{
        return body(arg);
}
