/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Comes behind the program of the guide for loggers, in a directory with room for some steps: as
 * long as there is none for the next, an allocation fails; and nothing is left out when there is
 * again.
 */
static int take_room(const char *name, int blocks)
{
        static const char some[4096];
        FILE *file = fopen(name, "wb");
        bool full = false;

        while (file && !full && blocks-- > 0)
                full = fwrite(some, sizeof(some), 1, file) != 1 || fflush(file) != 0;
        if (file)
                fclose(file);
        return full;
}

static int say(const char *what, int got)
{
        fprintf(stderr, "%s: %d\n", what, got);
        return 1;
}

int main(void)
{
        struct writer writer = {.log = NULL};
        struct rmmap_file *log;
        int error;

        if (take_room("other", 75) || !take_room("in the way", 1000))
                return say("no full disk", 0);
        for (int i = 0; i < 3; i++)
                if ((error = open_log(&log)) != -ENOSPC)
                        return say("the log, disk full", error);
        unlink("in the way");
        if ((error = open_log(&log)) != 0)
                return say("the log, with room", error);
        writer.log = log;
        do
                error = next_chunk(&writer);
        while (!error);
        if (error != -ENOSPC || rmmap_remaining(log) == 0 || rmmap_size(log) < 2 * STEP)
                return say("growing until the disk is full", error);
        error = (int)rmmap_allocated(log);
        unlink("other");
        if (next_chunk(&writer) || (int)rmmap_allocated(log) != error + CHUNK)
                return say("a chunk, with room again", 0);
        return rmmap_close(log) != 0;
}
