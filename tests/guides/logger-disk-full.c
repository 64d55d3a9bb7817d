/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Comes behind the program of the guide for loggers, in a directory with room for two segments: as
 * long as there is none for the next, it fails; and no number is left out when there is again.
 */
static int take_all_room(void)
{
        static const char some[4096];
        FILE *file = fopen("in the way", "wb");
        bool full = false;

        while (file && !full)
                full = fwrite(some, sizeof(some), 1, file) != 1 || fflush(file) != 0;
        if (file)
                fclose(file);
        return full ? 0 : 1;
}

static int say(const char *what, int got)
{
        fprintf(stderr, "%s: %d\n", what, got);
        return 1;
}

int main(void)
{
        static struct log log = {.lock = PTHREAD_MUTEX_INITIALIZER};

        if (take_all_room())
                return say("no full disk", 0);
        for (int i = 0, error; i < 3; i++)
                if ((error = next_segment(&log)) != -ENOSPC || log.segment)
                        return say("the first segment, disk full", error);
        unlink("in the way");
        for (int i = 0, error; i < 2; i++)
                if ((error = next_segment(&log)) != 0)
                        return say("a segment, with room", error);
        if (next_segment(&log) != -ENOSPC || !log.segment)
                return say("the third segment", 0);
        rmmap_release(log.segment);
        if (access("log.0", F_OK) || access("log.1", F_OK) || !access("log.2", F_OK))
                return say("a number was left out", (int)log.number);
        return 0;
}
