/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "crash/store.h"
#include "support.h"

static void *shared(size_t length)
{
        void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        return memory == MAP_FAILED ? NULL : memory;
}

/* All at once: a mapping that a child made later would be the child's alone. */
static bool give_memory(const struct store *store, struct node *node)
{
        node->data = shared((size_t)store->capacity);
        node->durable = shared((size_t)store->capacity);
        node->unsynced = shared((size_t)(store->capacity / STORE_SECTOR));
        return node->data != NULL && node->durable != NULL && node->unsynced != NULL;
}

struct store *store_new(uint64_t capacity, size_t nodes)
{
        struct store *store = shared(sizeof(*store));

        if (store == NULL)
                return NULL;
        /* Whole sectors, so that the last one can be copied as such. */
        store->capacity = align_up_to(capacity, STORE_SECTOR);
        store->count = nodes;
        for (size_t i = 0; i < nodes; i++)
                if (!give_memory(store, &store->nodes[i]))
                        return NULL;
        return store;
}

struct node *store_find(struct store *store, const char *name)
{
        for (size_t i = 0; i < store->count; i++)
                if (name[0] != '\0' && strcmp(store->nodes[i].name, name) == 0)
                        return &store->nodes[i];
        return NULL;
}

struct node *store_make(struct store *store, const char *name)
{
        if (strlen(name) >= STORE_NAME)
                return NULL;
        for (size_t i = 0; i < store->count; i++) {
                struct node *node = &store->nodes[i];

                if (node->name[0] != '\0')
                        continue;
                strcpy(node->name, name);
                node->births++;
                node->size = node->durable_size = 0;
                node->entry_durable = false;
                return node;
        }
        return NULL;
}

static void forget(unsigned char *memory, uint64_t length)
{
        madvise(memory, (size_t)length, MADV_REMOVE);
}

void store_remove(struct store *store, struct node *node)
{
        forget(node->data, store->capacity);
        forget(node->durable, store->capacity);
        forget(node->unsynced, store->capacity / STORE_SECTOR);
        node->name[0] = '\0';
}

static void mark(struct node *node, uint64_t offset, uint64_t length)
{
        if (length > 0)
                memset(node->unsynced + offset / STORE_SECTOR, 1,
                       (size_t)((offset + length - 1) / STORE_SECTOR - offset / STORE_SECTOR + 1));
}

bool store_resize(const struct store *store, struct node *node, uint64_t size)
{
        if (size > store->capacity)
                return false;
        if (size < node->size) {
                memset(node->data + size, 0, (size_t)(node->size - size));
                mark(node, size, node->size - size);
        }
        node->size = size;
        return true;
}

bool store_write(const struct store *store, struct node *node, uint64_t offset, const void *data,
                 size_t length)
{
        if (length > store->capacity || offset > store->capacity - length)
                return false;
        memcpy(node->data + offset, data, length);
        mark(node, offset, length);
        node->size = max_u64(node->size, offset + length);
        return true;
}

static void settle(struct node *node, size_t sector, bool keep)
{
        unsigned char *to = (keep ? node->durable : node->data) + sector * STORE_SECTOR;

        memcpy(to, (keep ? node->data : node->durable) + sector * STORE_SECTOR, STORE_SECTOR);
        node->unsynced[sector] = 0;
}

/* Sectors up to which one may be marked: a file that was longer once counts too. */
static size_t sectors_of(const struct node *node)
{
        return (size_t)((max_u64(node->size, node->durable_size) + STORE_SECTOR - 1) /
                        STORE_SECTOR);
}

void store_sync(struct node *node)
{
        size_t count = sectors_of(node);

        const unsigned char *marked;

        for (size_t sector = 0; sector < count; sector++) {
                marked = memchr(node->unsynced + sector, 1, count - sector);
                if (marked == NULL)
                        break;
                sector = (size_t)(marked - node->unsynced);
                settle(node, sector, true);
        }
        node->durable_size = node->size;
}

void store_sync_names(struct store *store)
{
        for (size_t i = 0; i < store->count; i++)
                store->nodes[i].entry_durable = store->nodes[i].name[0] != '\0';
}

static bool one_in_four(uint64_t *random)
{
        return test_random(random) % 4 == 0;
}

/* Whole pages are kept or lost together, and now and then a sector alone. */
static void cut_content(struct node *node, uint64_t *random)
{
        size_t count = sectors_of(node);
        bool keep = false;

        for (size_t sector = 0; sector < count; sector++) {
                if (!node->unsynced[sector])
                        continue;
                if (sector % 8 == 0 || one_in_four(random))
                        keep = one_in_four(random);
                settle(node, sector, keep);
        }
        if (one_in_four(random))
                node->durable_size = node->size;
        node->size = node->durable_size;
        memset(node->data + node->size, 0, count * STORE_SECTOR - (size_t)node->size);
        memset(node->durable + node->size, 0, count * STORE_SECTOR - (size_t)node->size);
}

void store_cut(struct store *store, uint64_t *random)
{
        for (size_t i = 0; i < store->count; i++) {
                struct node *node = &store->nodes[i];

                if (node->name[0] == '\0')
                        continue;
                if (!node->entry_durable && !one_in_four(random)) {
                        store_remove(store, node);
                        continue;
                }
                node->entry_durable = true;
                cut_content(node, random);
        }
        atomic_store(&store->off, false);
}
