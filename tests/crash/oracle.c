/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "crash/oracle.h"
#include "rmmap.h"
#include "support.h"

const char *const origin_names[ORIGINS] = {"created", "created over an older one",
                                           "opened with holes", "opened written"};

struct oracle *oracle_new(void)
{
        struct oracle *oracle = mmap(NULL, sizeof(*oracle), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        return oracle == MAP_FAILED ? NULL : oracle;
}

/* Slots of one order of magnitude per file, so that each way of writing has its turn. */
static void plan_slots(struct record *record, bool small, uint64_t *random)
{
        static const uint64_t longest[] = {4, 16, 128, 64, 512};
        uint64_t pages = longest[test_random(random) % (small ? 3 : 5)];
        uint64_t most = 4096 / pages + 4, at = 0;

        record->slot_count = (unsigned int)min_u64(6 + test_random(random) % most, ORACLE_SLOTS);
        for (unsigned int i = 0; i < record->slot_count; i++) {
                struct slot *slot = &record->slots[i];

                slot->start = at;
                at += 4096 * (1 + test_random(random) % pages);
                slot->end = at;
        }
        /* Often the last range is short. More slots than threads: each has one of its own. */
        record->size = at - 8 * (test_random(random) % 3) * 100;
        record->slots[record->slot_count - 1].end = record->size;
}

static void plan_kind(struct record *record, uint64_t *random)
{
        static const uint32_t flags[] = {0,
                                         0,
                                         0,
                                         RMMAP_NO_PREALLOCATE,
                                         RMMAP_CATCH_FAULTS,
                                         RMMAP_CATCH_FAULTS | RMMAP_NO_PREALLOCATE,
                                         RMMAP_POPULATE,
                                         RMMAP_HUGE_PAGES};

        record->origin = (enum origin)(test_random(random) % ORIGINS);
        record->engine = (uint32_t)(test_random(random) % 3);
        record->pattern = (uint32_t)(test_random(random) % ORACLE_PATTERNS);
        record->flags = flags[test_random(random) % (sizeof(flags) / sizeof(flags[0]))];
        /* Most often, since only large writes take notice, and they are few. */
        if (test_random(random) % 4 != 0)
                record->flags |= RMMAP_WRITE_BEHIND;
        if (test_random(random) % 4 == 0)
                record->flags |= RMMAP_UNCACHED;
        if (record->origin == OPENED_WITH_HOLES || record->origin == OPENED_WRITTEN)
                record->flags &= ~(uint32_t)RMMAP_NO_PREALLOCATE;
}

void oracle_plan(struct oracle *oracle, unsigned int round, bool small, uint64_t *random)
{
        uint64_t seed = test_random(random);

        memset(oracle, 0, sizeof(*oracle));
        oracle->seed = seed;
        oracle->threads = 2 + (unsigned int)(test_random(random) % 5);
        for (unsigned int i = 0; i < ORACLE_FILES; i++) {
                struct record *record = &oracle->records[i];

                snprintf(record->name, sizeof(record->name), "r%u-%u", round, i);
                record->salt = test_random(random);
                plan_kind(record, random);
                plan_slots(record, small, random);
        }
}

static uint64_t word_of(const struct record *record, uint64_t offset, unsigned int generation)
{
        uint64_t state = record->salt ^ (offset << 20) ^ generation;

        return ((uint64_t)generation << 32) | (test_random(&state) >> 32);
}

void oracle_fill(const struct record *record, uint64_t offset, unsigned int generation,
                 void *buffer, size_t length)
{
        uint64_t *words = buffer;

        for (size_t i = 0; i < length / 8; i++)
                words[i] = word_of(record, offset + 8 * i, generation);
}

void oracle_raise(atomic_uint *generation, unsigned int value)
{
        unsigned int seen = atomic_load(generation);

        while (seen < value && !atomic_compare_exchange_weak(generation, &seen, value))
                ;
}

/* ---- checking ------------------------------------------------------------------------------- */

static void lost(struct findings *findings, const struct record *record, const char *format, ...)
        __attribute__((__format__(__printf__, 3, 4)));

static void lost(struct findings *findings, const struct record *record, const char *format, ...)
{
        va_list arguments;

        findings->lost++;
        if (findings->quiet || findings->lost > 20)
                return;
        printf("LOST: %s (%s, engine %u, pattern %u, flags %x): ", record->name,
               origin_names[record->origin], record->engine, record->pattern, record->flags);
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        printf("\n");
        fflush(stdout);
}

static void count_range(const struct record *record, const struct slot *slot,
                        struct findings *findings)
{
        findings->ranges++;
        findings->bytes += (size_t)(slot->end - slot->start);
        if (record->origin == OPENED_WRITTEN && slot->promised == 1)
                return;
        findings->synced++;
        findings->by_origin[record->origin]++;
        findings->by_engine[record->engine]++;
        findings->by_pattern[record->pattern]++;
        findings->behind += (record->flags & RMMAP_WRITE_BEHIND) != 0 &&
                            slot->end - slot->start >= ORACLE_BEHIND_FROM;
}

static void check_words(const struct record *record, const struct slot *slot, const uint64_t *words,
                        struct findings *findings)
{
        unsigned int oldest = slot->promised, newest = atomic_load(&slot->started);
        bool newer = false;

        for (uint64_t at = slot->start; at < slot->end; at += 8) {
                uint64_t found = words[(at - slot->start) / 8];
                unsigned int generation = (unsigned int)(found >> 32);

                if (generation < oldest || generation > newest ||
                    found != word_of(record, at, generation)) {
                        lost(findings, record,
                             "[%llu, %llu) at %llu: %016llx, not of a generation in [%u, %u]",
                             (unsigned long long)slot->start, (unsigned long long)slot->end,
                             (unsigned long long)at, (unsigned long long)found, oldest, newest);
                        return;
                }
                newer |= generation > oldest;
        }
        findings->newer += newer;
}

static void check_slots(const struct record *record, int fd, struct findings *findings)
{
        uint64_t *words = malloc(ORACLE_SLOT_SIZE);

        for (unsigned int i = 0; words != NULL && i < record->slot_count; i++) {
                const struct slot *slot = &record->slots[i];
                size_t length = (size_t)(slot->end - slot->start);

                if (slot->promised == 0)
                        continue;
                count_range(record, slot, findings);
                if (pread(fd, words, length, (off_t)slot->start) != (ssize_t)length)
                        lost(findings, record, "[%llu, %llu) can't be read",
                             (unsigned long long)slot->start, (unsigned long long)slot->end);
                else
                        check_words(record, slot, words, findings);
        }
        free(words);
}

void oracle_freeze(struct oracle *oracle, bool by_death)
{
        for (unsigned int i = 0; i < ORACLE_FILES; i++) {
                struct record *record = &oracle->records[i];

                for (unsigned int n = 0; n < record->slot_count; n++) {
                        struct slot *slot = &record->slots[n];

                        slot->promised = atomic_load(by_death ? &slot->written : &slot->synced);
                }
                record->entry_promised = record->origin == OPENED_WITH_HOLES ||
                                         record->origin == OPENED_WRITTEN ||
                                         atomic_load(by_death ? &record->returned : &record->entry);
        }
}

void oracle_check(const struct record *record, const char *path, struct findings *findings)
{
        struct stat status;
        int fd;

        if (!record->entry_promised)
                return;
        findings->files++;
        findings->entries += record->origin == CREATED;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) != 0)
                lost(findings, record, "%s", strerror(errno));
        else if ((uint64_t)status.st_size != record->size)
                lost(findings, record, "%llu bytes, not %llu", (unsigned long long)status.st_size,
                     (unsigned long long)record->size);
        else
                check_slots(record, fd, findings);
        if (fd >= 0)
                close(fd);
}
