/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a refused call must leave as it is: results, files, descriptors, mappings, the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../instrumented.h"
#include "../support.h"
#include "scene.h"

struct content {
        off_t size; /* -1: there is no such file */
        unsigned char bytes[SCENE_SIZE + 1];
};

struct open_things {
        size_t descriptors, mappings, shared_mappings;
};

static struct seen {
        struct results results;
        unsigned char memory[SCENE_SIZE];
        struct content file, other, named;
        struct open_things things;
        uint64_t allocated, io_calls;
} before, after;

static void see_file(struct content *content, const char *path)
{
        int fd = path == NULL ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        struct stat status;

        memset(content, 0, sizeof(*content));
        content->size = -1;
        if (fd < 0)
                return;
        if (fstat(fd, &status) == 0)
                content->size = status.st_size;
        (void)!pread(fd, content->bytes, sizeof(content->bytes), 0);
        close(fd);
}

/* Shared mappings are of files: nobody but the library makes these. The heap may grow. */
static void see_open_things(struct open_things *things)
{
        FILE *maps = fopen("/proc/self/maps", "r");
        char line[8192], permissions[8];

        memset(things, 0, sizeof(*things));
        things->descriptors = test_count_descriptors();
        while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
                things->mappings += strstr(line, "[heap]") == NULL;
                if (sscanf(line, "%*s %7s", permissions) == 1 && permissions[3] == 's')
                        things->shared_mappings++;
        }
        if (maps != NULL)
                fclose(maps);
}

static void see(struct seen *seen, const struct scene *scene)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        memcpy(&seen->results, &scene_results, sizeof(scene_results));
        memcpy(seen->memory, scene_memory, sizeof(scene_memory));
        see_file(&seen->file, test_path("file"));
        see_file(&seen->other, test_path("other"));
        see_file(&seen->named, scene->path);
        see_open_things(&seen->things);
        made(rmmap_describe(scene->handle, &info), "describe");
        seen->allocated = info.allocated;
        seen->io_calls = info.sync_calls + info.sync_rounds + info.flush_calls;
}

void witness_before(const struct scene *scene)
{
        see(&before, scene);
}

/* A state that doesn't fit: the length is how much it needs. */
static void expect_needed_length(const struct scene *scene)
{
        (void)!rmmap_allocator_save(scene->handle, NULL, &before.results.length);
}

#define DIFFERS(member) (memcmp(&before.member, &after.member, sizeof(before.member)) != 0)

const char *witness_after(const struct scene *scene, const char *function, int error)
{
        see(&after, scene);
        if (error == -ENOBUFS && strcmp(function, "rmmap_allocator_save") == 0)
                expect_needed_length(scene);
        if (scene->changes)
                before.results.done = after.results.done; /* how far it came */
        if (DIFFERS(results))
                return "wrote a result";
        if (DIFFERS(memory))
                return "wrote to the memory";
        if (!scene->changes && (DIFFERS(file) || DIFFERS(other) || DIFFERS(named)))
                return "changed a file";
        if (after.things.descriptors != before.things.descriptors)
                return "left a descriptor";
        if (after.things.shared_mappings != before.things.shared_mappings ||
            (after.things.mappings != before.things.mappings && !test_is_instrumented()))
                return "left a mapping";
        if (after.allocated != before.allocated && error != -EPROTO)
                return "allocated something";
        if (after.io_calls != before.io_calls && !scene->syncs && error != -EIO &&
            error != -EOPNOTSUPP)
                return "flushed or synced";
        return NULL;
}

const char *witness_leftovers(void)
{
        static struct open_things first;
        struct open_things now;

        see_open_things(&now);
        if (first.descriptors == 0)
                first = now;
        if (now.descriptors != first.descriptors)
                return "left a descriptor behind its handle";
        if (now.shared_mappings != first.shared_mappings ||
            (now.mappings != first.mappings && !test_is_instrumented()))
                return "left a mapping behind its handle";
        return NULL;
}
