/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much memory is left, from trees of files as the kernel shows them: memory groups of both
 * versions, nested ones, and those that a container sees a part of.
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "os/linux/memory-room.h"
#include "os/os.h"
#include "support.h"

#define MIB ((uint64_t)1 << 20)
#define AVAILABLE "MemTotal: 9000000 kB\nMemAvailable: 1048576 kB\n" /* 1 GiB */
#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup"

struct machine {
        const char *name;
        uint64_t room;
        struct {
                const char *path, *text;
        } files[12];
};

/* Of 256 MiB, 100 are in use, 60 of those by page cache. */
#define GROUP_V1(path)                                                                             \
        {V1 path "/memory.limit_in_bytes", "268435456\n"},                                         \
                {V1 path "/memory.usage_in_bytes", "104857600\n"},                                 \
        {                                                                                          \
                V1 path "/memory.stat",                                                            \
                        "inactive_file 1\nactive_file 1\ntotal_inactive_file 41943040\n"           \
                        "total_active_file 20971520\n"                                             \
        }
#define GROUP_V2(path, limit)                                                                      \
        {V2 path "/memory.max", limit "\n"}, {V2 path "/memory.current", "104857600\n"},           \
        {                                                                                          \
                V2 path "/memory.stat", "anon 5\ninactive_file 41943040\nactive_file 20971520\n"   \
        }

static const struct machine machines[] = {
        {"nothing can be read", UINT64_MAX, {{NULL, NULL}}},
        {"no groups", 1024 * MIB, {{"/proc/meminfo", AVAILABLE}}},
        {"an old kernel", UINT64_MAX, {{"/proc/meminfo", "MemTotal: 9000000 kB\n"}}},
        {"a group of version 1",
         216 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "3:cpu,cpuacct:/x\n2:memory:/a/b\n1:pids:/\n"},
          GROUP_V1("/a/b"),
          {V1 "/a/memory.limit_in_bytes", "9223372036854771712\n"}}},
        {"its parent's limit is lower",
         216 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "2:memory:/a/b\n"},
          {V1 "/a/b/memory.limit_in_bytes", "536870912\n"},
          {V1 "/a/b/memory.usage_in_bytes", "0\n"},
          {V1 "/a/b/memory.stat", "total_inactive_file 0\n"},
          GROUP_V1("/a")}},
        {"a controller beside others, and a path with its name",
         216 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "3:cpu,cpuacct:/x:memory:/y\n2:hugetlb,memory:/a\n1:pids:/\n"},
          GROUP_V1("/a")}},
        {"a container that sees its own group as the root",
         216 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "2:memory:/docker/0123\n"},
          GROUP_V1("")}},
        {"a group of version 2",
         216 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "0::/user.slice/x.scope\n"},
          GROUP_V2("/user.slice/x.scope", "268435456")}},
        {"version 2 without a limit",
         1024 * MIB,
         {{"/proc/meminfo", AVAILABLE}, {"/proc/self/cgroup", "0::/\n"}, GROUP_V2("", "max")}},
        {"version 2 that throttles before its limit",
         116 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "0::/x\n"},
          GROUP_V2("/x", "max"),
          {V2 "/x/memory.high", "163577856\n"}}},
        {"both versions, the controller in version 1",
         216 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "4:memory:/a\n0::/a\n"},
          GROUP_V1("/a")}},
        {"more in use than allowed",
         0,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "2:memory:/a\n"},
          {V1 "/a/memory.limit_in_bytes", "1048576\n"},
          {V1 "/a/memory.usage_in_bytes", "2097152\n"},
          {V1 "/a/memory.stat", "total_inactive_file 4096\n"}}},
        {"the machine has less than the group",
         1024 * MIB,
         {{"/proc/meminfo", AVAILABLE},
          {"/proc/self/cgroup", "0::/x\n"},
          GROUP_V2("/x", "8589934592")}},
};

/* Writes text to root/path, with all directories on the way. */
static void put(const char *root, const char *path, const char *text)
{
        char whole[1024];
        FILE *file;

        snprintf(whole, sizeof(whole), "%s%s", root, path);
        for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
                *at = '\0';
                (void)mkdir(whole, 0700);
                *at = '/';
        }
        file = fopen(whole, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
}

START_TEST(room_of_a_machine)
{
        const struct machine *machine = &machines[_i];
        char root[512], name[32];
        uint64_t room;

        snprintf(name, sizeof(name), "machine-%d", _i);
        snprintf(root, sizeof(root), "%s", test_path(name));
        ck_assert_int_eq(mkdir(root, 0700), 0);
        for (size_t i = 0; i < sizeof(machine->files) / sizeof(machine->files[0]); i++)
                if (machine->files[i].path != NULL)
                        put(root, machine->files[i].path, machine->files[i].text);
        room = memory_room_below(root);
        ck_assert_msg(room == machine->room, "%s: %" PRIu64 " MiB", machine->name, room / MIB);
}
END_TEST

/* The groups of this machine may be anything, but not more than its memory. */
START_TEST(room_here)
{
        uint64_t room = memory_room();

        ck_assert(room == UINT64_MAX || room < ((uint64_t)1 << 50));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("memory room");
        TCase *core = tcase_create("core");

        tcase_add_loop_test(core, room_of_a_machine, 0,
                            (int)(sizeof(machines) / sizeof(machines[0])));
        tcase_add_test(core, room_here);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
