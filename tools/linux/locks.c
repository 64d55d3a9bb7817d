/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * locks.c - which process holds a lock on a file
 *
 * Read from /proc/locks. Trying the lock would take it for a moment, and another process that opens
 * the file just then would find it busy.
 */
#include "rmmap.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

struct locks locks_on(const struct file_facts *facts)
{
        FILE *table = fopen("/proc/locks", "re");
        struct locks locks = {.known = table};
        char line[256], kind[16], access[16];
        unsigned major, minor;
        uint64_t inode;

        if (!table)
                return locks;
        while (fgets(line, sizeof(line), table)) {
                /* "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF"; "->": a process that waits */
                if (strstr(line, "->") || sscanf(line, "%*s %15s %*s %15s %*s %x:%x:%" SCNu64, kind,
                                                 access, &major, &minor, &inode) != 5)
                        continue;
                if (strcmp(kind, "FLOCK") || inode != facts->identity[1] ||
                    makedev(major, minor) != facts->identity[0])
                        continue;
                if (!strcmp(access, "WRITE"))
                        locks.exclusive++;
                else
                        locks.shared++;
        }
        fclose(table);
        return locks;
}
