/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine {
        char kernel[64], processor[96], file_system[32], read_ahead[32], date[32];
        long processors;
        uint64_t memory; /* bytes */
};

void machine_describe(struct machine *machine, const char *directory);

bool machine_is_tmpfs(const char *path);
/* Bytes that the device under path (or under its directory) has written since it exists. */
uint64_t machine_disk_written(const char *path);

/* The bytes of a line "name: number kB" of a file of /proc; 0: there is none. */
uint64_t machine_kilobytes(const char *path, const char *name);
/*
 * Puts this process into a memory group (cgroup) of its own, with this limit; 0: back to where it
 * was. false: that takes root, and a memory controller.
 */
bool machine_limit_memory(uint64_t bytes);

/*
 * Touches that much memory and frees it. On a virtual machine the host may have to allocate a page
 * at each first access, and may take free memory back after a second or two, large pieces first.
 * No measured run should include that time.
 */
void machine_touch_memory(uint64_t bytes);

#endif
