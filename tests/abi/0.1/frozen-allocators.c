/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocators: the built-in ones by their ops, and one of this program's own. */
#include "frozen.h"

static struct own {
        uint64_t next, total, given_back;
        uint32_t flags;
        int created, destroyed;
} own;

static int own_create(const struct rmmap_allocator_args *args, void **state)
{
        EXPECT(args->size >= sizeof(*args) && args->config == &own);
        EXPECT(args->first == 0 && args->total == FILE_SIZE && args->alignment == RMMAP_ALIGNMENT);
        own.total = args->total;
        own.created++;
        *state = &own;
        return 0;
}

static void own_destroy(void *state)
{
        EXPECT(state == &own);
        own.destroyed++;
}

static int own_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end)
{
        EXPECT(state == &own && size > 0);
        own.flags = flags;
        if (own.total - own.next < rmmap_align_up(size))
                return -ENOSPC;
        *start = own.next;
        *end = own.next += rmmap_align_up(size);
        return 0;
}

static uint64_t own_remaining(const void *state)
{
        EXPECT(state == &own);
        return own.total - own.next;
}

static int own_give_back(void *state, uint64_t start, uint64_t end)
{
        EXPECT(state == &own);
        own.given_back += end - start;
        return 0;
}

static int own_claim(const void *state, uint64_t start, uint64_t end)
{
        EXPECT(state == &own && start < end);
        return end <= own.next ? 0 : -ERANGE;
}

static int own_save(const void *state, void *buffer, size_t *length)
{
        EXPECT(state == &own && (!buffer || *length >= 1));
        if (buffer)
                *(char *)buffer = 's';
        *length = 1;
        return 0;
}

static int own_restore(void *state, const void *buffer, size_t length)
{
        EXPECT(state == &own);
        return length == 1 && *(const char *)buffer == 's' ? 0 : -EBADMSG;
}

static struct padded_ops *own_ops(void)
{
        static struct padded_ops padded;

        CLEAR(&padded);
        padded.ops.size = sizeof(padded.ops);
        padded.ops.name = "frozen";
        padded.ops.flags = RMMAP_ALLOCATOR_THREAD_SAFE;
        padded.ops.create = own_create;
        padded.ops.destroy = own_destroy;
        padded.ops.allocate = own_allocate;
        padded.ops.remaining = own_remaining;
        padded.ops.give_back = own_give_back;
        padded.ops.claim = own_claim;
        padded.ops.save = own_save;
        padded.ops.restore = own_restore;
        return &padded;
}

static void use_own(void)
{
        struct padded_options *padded = defaults(0);
        struct rmmap_file *file = NULL;
        struct rmmap_range range;
        size_t length = 4;
        char state[4];

        padded->options.allocator = &own_ops()->ops;
        padded->options.allocator_config = &own;
        EXPECT(rmmap_create(path_of("own"), FILE_SIZE, &padded->options, &file) == 0);
        EXPECT(strcmp(describe(file)->allocator, "frozen") == 0);
        EXPECT(rmmap_allocator_restore(file, "s", 1) == 0);
        EXPECT(rmmap_allocate(file, 100, &range) == 0 && own.flags == 0);
        EXPECT(rmmap_allocate_exact(file, 100, &range) == 0 && own.flags == RMMAP_ALLOCATE_EXACT);
        EXPECT(rmmap_range_start(range) == 4096 && rmmap_remaining(file) == FILE_SIZE - 8192);
        EXPECT(rmmap_give_back_range(file, range) == 0 && own.given_back == 4096);
        EXPECT(rmmap_claim_range(file, 0, 8192, &range) == 0);
        EXPECT(rmmap_allocator_save(file, state, &length) == 0 && length == 1);
        rmmap_release(file);
        EXPECT(own.created == 1 && own.destroyed == 1);
}

static void use_builtin(const struct rmmap_allocator_ops *ops, const char *name)
{
        struct rmmap_allocator_args args = {sizeof(args), NULL, 0, 8192, RMMAP_ALIGNMENT, 0, 0};
        uint64_t start = 1, end = 0;
        void *state = NULL;

        EXPECT(ops->size >= sizeof(*ops) && strcmp(ops->name, name) == 0);
        EXPECT(ops->create(&args, &state) == 0);
        EXPECT(ops->allocate(state, 1, 0, &start, &end) == 0 && start == 0 && end == 4096);
        EXPECT(ops->allocate(state, 8192, RMMAP_ALLOCATE_EXACT, &start, &end) == -ENOSPC);
        EXPECT(ops->allocate(state, 8192, 0, &start, &end) == 0 && start == 4096 && end == 8192);
        EXPECT(ops->remaining(state) == 0 && ops->claim(state, 0, 8192) == -EBUSY);
        ops->destroy(state);
}

void use_allocators(void)
{
        use_own();
        use_builtin(rmmap_sequential_allocator(), "sequential");
        use_builtin(rmmap_concurrent_allocator(), "concurrent");
        EXPECT(rmmap_concurrent_allocator()->flags & RMMAP_ALLOCATOR_THREAD_SAFE);
        EXPECT((rmmap_sequential_allocator()->flags & RMMAP_ALLOCATOR_THREAD_SAFE) == 0);
}
