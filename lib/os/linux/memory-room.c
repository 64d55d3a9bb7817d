/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel reclaims page cache when the machine runs out of memory, or the memory group (cgroup)
 * that the process is in. A group's usage includes its page cache, so what the group's files hold
 * counts as room. Groups nest; each level has its own limit.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "os/inside.h"
#include "os/linux/memory-room.h"
#include "os/posix/calls.h"

/* The two versions of cgroup. A machine may use both, for different controllers. */
static const struct version {
        const char *controller; /* in a line of /proc/self/cgroup; version 2 has none there */
        const char *mount;      /* by custom */
        const char *limit, *lower_limit, *usage;
        const char *active, *inactive; /* lines of memory.stat: page cache */
} versions[] = {
        {"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", NULL, "memory.usage_in_bytes",
         "total_active_file ", "total_inactive_file "},
        {"", "/sys/fs/cgroup", "memory.max", "memory.high", "memory.current", "active_file ",
         "inactive_file "},
};

#define VERSIONS (sizeof(versions) / sizeof(versions[0]))
#define LONGEST_GROUP 512

/* What a reading needs. The caller's stack may be small. */
struct reading {
        const char *root; /* "" for the system's own files */
        const struct version *version;
        char *group; /* "" or "/group", from the mount on */
        char path[768];
        char text[4096]; /* of a file */
};

/* false: the file can't be read. */
static bool read_path(struct reading *reading)
{
        int fd = open_retrying(reading->path, O_RDONLY | O_CLOEXEC, 0);
        ssize_t got;

        if (fd < 0)
                return false;
        got = os_calls.read(fd, reading->text, sizeof(reading->text) - 1);
        (void)os_calls.close(fd);
        reading->text[got > 0 ? got : 0] = '\0';
        return got > 0;
}

static bool read_file(struct reading *reading, const char *name)
{
        int length = snprintf(reading->path, sizeof(reading->path), "%s%s", reading->root, name);

        return length > 0 && (size_t)length < sizeof(reading->path) && read_path(reading);
}

static bool read_group_file(struct reading *reading, const char *name)
{
        int length = snprintf(reading->path, sizeof(reading->path), "%s%s%s/%s", reading->root,
                              reading->version->mount, reading->group, name);

        return length > 0 && (size_t)length < sizeof(reading->path) && read_path(reading);
}

static uint64_t number_at(const char *text)
{
        uint64_t number = 0;

        while (*text == ' ')
                text++;
        for (; *text >= '0' && *text <= '9'; text++)
                number = 10 * number + (uint64_t)(*text - '0');
        return number;
}

/* The number after this key; 0 where there is none. */
static uint64_t number_after(const struct reading *reading, const char *key)
{
        const char *found = strstr(reading->text, key);

        while (found != NULL && found != reading->text && found[-1] != '\n')
                found = strstr(found + 1, key);
        return found != NULL ? number_at(found + strlen(key)) : 0;
}

/* UINT64_MAX where there is no limit ("max"). */
static uint64_t limit_in(struct reading *reading, const char *name)
{
        if (name == NULL || !read_group_file(reading, name) || reading->text[0] < '0' ||
            reading->text[0] > '9')
                return UINT64_MAX;
        return number_at(reading->text);
}

static uint64_t room_in_group(struct reading *reading)
{
        const struct version *version = reading->version;
        uint64_t limit =
                min_u64(limit_in(reading, version->limit), limit_in(reading, version->lower_limit));
        uint64_t usage;

        if (limit >= INT64_MAX / 2) /* version 1 has no word for "none", but a large number */
                return UINT64_MAX;
        if (!read_group_file(reading, version->usage))
                return UINT64_MAX;
        usage = number_at(reading->text);
        if (!read_group_file(reading, "memory.stat"))
                return UINT64_MAX;
        limit += number_after(reading, version->active) + number_after(reading, version->inactive);
        return limit > usage ? limit - usage : 0;
}

/* Is it one of the controllers in a list "a,b,c" of length bytes? "" is in an empty list only. */
static bool has_controller(const char *list, size_t length, const char *controller)
{
        size_t wanted = strlen(controller);
        const char *end = list + length;

        if (wanted == 0 || length == 0)
                return wanted == length;
        for (const char *at = list; at < end; at += strcspn(at, ",:") + 1)
                if (strcspn(at, ",:") == wanted && memcmp(at, controller, wanted) == 0)
                        return true;
        return false;
}

/*
 * The group of this version that the process is in, by the lines "NUMBER:CONTROLLERS:PATH" of
 * /proc/self/cgroup. false: none.
 */
static bool find_group(const char *lines, const struct version *version, char *group)
{
        const char *line, *next;

        for (line = lines; *line != '\0'; line = next) {
                const char *end = line + strcspn(line, "\n");
                const char *list = line + strcspn(line, ":\n") + 1;
                const char *path = list < end ? list + strcspn(list, ":\n") + 1 : end;
                size_t length = path < end ? (size_t)(end - path) : 0;

                next = end + (*end == '\n');
                if (length == 0 ||
                    !has_controller(list, (size_t)(path - 1 - list), version->controller))
                        continue;
                /* "/" is the mount's own group, and the best guess for a path that is too long. */
                if (length == 1 || length >= LONGEST_GROUP)
                        length = 0;
                memcpy(group, path, length);
                group[length] = '\0';
                return true;
        }
        return false;
}

/*
 * The least room from the group up to the mount. In a container the mount may begin below the root
 * that the path is relative to: then the lower levels don't exist there, and its own group, which
 * the mount shows, comes last.
 */
static uint64_t room_in_groups(struct reading *reading)
{
        uint64_t room = UINT64_MAX;
        char *slash;

        do {
                room = min_u64(room, room_in_group(reading));
                slash = strrchr(reading->group, '/');
                if (slash != NULL)
                        *slash = '\0';
        } while (slash != NULL);
        return room;
}

static uint64_t room_in_all_groups(struct reading *reading)
{
        char groups[VERSIONS][LONGEST_GROUP];
        bool found[VERSIONS];
        uint64_t room = UINT64_MAX;

        if (!read_file(reading, "/proc/self/cgroup"))
                return UINT64_MAX;
        for (size_t i = 0; i < VERSIONS; i++)
                found[i] = find_group(reading->text, &versions[i], groups[i]);
        for (size_t i = 0; i < VERSIONS; i++) {
                reading->version = &versions[i];
                reading->group = groups[i];
                if (found[i])
                        room = min_u64(room, room_in_groups(reading));
        }
        return room;
}

uint64_t memory_room_below(const char *root)
{
        struct reading reading = {.root = root};
        uint64_t room = UINT64_MAX;

        if (read_file(&reading, "/proc/meminfo") && strstr(reading.text, "MemAvailable:") != NULL)
                room = number_after(&reading, "MemAvailable:") * 1024;
        return min_u64(room, room_in_all_groups(&reading));
}

uint64_t memory_room(void)
{
        return memory_room_below("");
}
