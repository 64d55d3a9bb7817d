/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a disk holds and what it only has in its cache: each file twice, as it is and as it is
 * durable. A cut of the power leaves what is durable, and of the rest what chance wants. In memory
 * shared with children; one process at a time works on it.
 */
#ifndef CRASH_STORE_H
#define CRASH_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_SECTOR ((size_t)512)
#define STORE_NODES 16
#define STORE_NAME 32

struct node {
        char name[STORE_NAME]; /* empty: a free one */
        uint64_t births;       /* how many files this node has been */
        uint64_t size, durable_size;
        bool entry_durable;
        unsigned char *data, *durable;
        unsigned char *unsynced; /* a flag per sector */
};

struct store {
        uint64_t capacity; /* of each node */
        size_t count;      /* of nodes in use or free */
        struct node nodes[STORE_NODES];
        atomic_bool off; /* no power: every request fails */
        /* EIO for every sync; and for every write that begins so, unless 0. */
        atomic_bool fail_syncs;
        _Atomic uint64_t fail_writes;
        atomic_ulong syncs, writes;
};

struct store *store_new(uint64_t capacity, size_t nodes); /* STORE_NODES at most */

struct node *store_find(struct store *store, const char *name);
struct node *store_make(struct store *store, const char *name); /* NULL: no room */
void store_remove(struct store *store, struct node *node);

/* false: larger than a node may be. */
bool store_resize(const struct store *store, struct node *node, uint64_t size);
bool store_write(const struct store *store, struct node *node, uint64_t offset, const void *data,
                 size_t length);

/* Durable from now on: content and size; or the names. */
void store_sync(struct node *node);
void store_sync_names(struct store *store);

/* The power was cut; and is back. */
void store_cut(struct store *store, uint64_t *random);

#endif
