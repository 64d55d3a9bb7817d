/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * loop FILE: makes records durable from the one thread of an event loop, a new one for each that is
 * complete, and counts turns of the loop. Compiled for each kind of loop: WITH_POLL, WITH_EPOLL,
 * WITH_EPOLL_EDGE, WITH_UV, WITH_GLIB.
 */
#include <errno.h>
#include <rmmap.h>
#include <stdio.h>
#include <string.h>

#define RECORDS 200
#define AT_ONCE 20

static struct rmmap_queue *queue;
static struct rmmap_file *file;
static unsigned char record[RMMAP_ALIGNMENT] = "a record";
static int submitted, complete, failed;

static void submit(void)
{
        struct rmmap_range range;

        if (submitted == RECORDS)
                return;
        if (rmmap_allocate(file, sizeof(record), &range) != 0 ||
            rmmap_queue_write(queue, file, range, record, sizeof(record), RMMAP_QUEUE_DURABLE, NULL,
                              (uint64_t)submitted) != 0)
                failed = 1;
        submitted++;
}

/* A readable descriptor without a completion would make a loop spin: that is a failure. */
static void reap(void)
{
        struct rmmap_completion done[8];
        int count, all = 0;

        do {
                count = rmmap_queue_reap(queue, done, 8);
                for (int i = 0; i < count; i++) {
                        failed = failed || done[i].result != 0;
                        submit();
                }
                all += count;
        } while (count == 8);
        if (all <= 0)
                failed = 1;
        complete += all;
}

static int is_over(void)
{
        return failed || complete == RECORDS;
}

#if defined(WITH_POLL)
#include <poll.h>

static void run(int fd)
{
        struct pollfd loop = {fd, POLLIN, 0};

        while (!is_over()) {
                if (poll(&loop, 1, 30000) != 1)
                        failed = 1;
                else
                        reap();
        }
        failed = failed || poll(&loop, 1, 0) != 0;
}
#elif defined(WITH_EPOLL) || defined(WITH_EPOLL_EDGE)
#include <sys/epoll.h>
#include <unistd.h>

#ifdef WITH_EPOLL_EDGE
#define EVENTS (EPOLLIN | EPOLLET)
#else
#define EVENTS EPOLLIN
#endif

static void run(int fd)
{
        struct epoll_event event = {.events = EVENTS};
        int loop = epoll_create1(EPOLL_CLOEXEC);

        failed = failed || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) != 0;
        while (!is_over()) {
                if (epoll_wait(loop, &event, 1, 30000) != 1)
                        failed = 1;
                else
                        reap();
        }
        failed = failed || epoll_wait(loop, &event, 1, 0) != 0;
        close(loop);
}
#elif defined(WITH_UV)
#include <uv.h>

static void on_readable(uv_poll_t *watch, int status, int events)
{
        failed = failed || status != 0 || events != UV_READABLE;
        reap();
        if (is_over())
                uv_close((uv_handle_t *)watch, NULL);
}

static void run(int fd)
{
        uv_poll_t watch;

        failed = failed || uv_poll_init(uv_default_loop(), &watch, fd) != 0 ||
                 uv_poll_start(&watch, UV_READABLE, on_readable) != 0;
        if (!failed)
                uv_run(uv_default_loop(), UV_RUN_DEFAULT);
        uv_loop_close(uv_default_loop());
}
#elif defined(WITH_GLIB)
#include <glib-unix.h>

static gboolean on_readable(gint fd, GIOCondition condition, gpointer loop)
{
        (void)fd;
        (void)condition;
        reap();
        if (is_over())
                g_main_loop_quit(loop);
        return G_SOURCE_CONTINUE;
}

static void run(int fd)
{
        GMainLoop *loop = g_main_loop_new(NULL, FALSE);
        guint source = g_unix_fd_add(fd, G_IO_IN, on_readable, loop);

        g_main_loop_run(loop);
        g_source_remove(source);
        g_main_loop_unref(loop);
}
#endif

int main(int argc, char **argv)
{
        if (argc != 2 || rmmap_create(argv[1], RECORDS * sizeof(record), NULL, &file) != 0 ||
            rmmap_queue_create(NULL, &queue) != 0)
                return 2;
        for (int i = 0; i < AT_ONCE; i++)
                submit();
        run(rmmap_queue_fd(queue));
        rmmap_queue_release(queue);
        rmmap_release(file);
        printf("%d of %d records are durable\n", complete, RECORDS);
        return failed;
}
