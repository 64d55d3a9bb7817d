/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sequences of public calls, as the input's bytes tell, on one file and up to two handles of it,
 * against a plain model: what each call must return, and what the file must hold in the end.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/calls.h"

static char path[256];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        const char *directory = getenv("FUZZ_DIRECTORY");

        (void)argc;
        (void)argv;
        if (directory == NULL)
                directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(path, sizeof(path), "%s/fuzz-calls-%ld", directory, (long)getpid());
        return 0;
}

uint64_t calls_number(struct calls *calls, uint64_t limit)
{
        uint8_t shape = take_byte(calls->input);

        switch (shape & 7) {
        case 0:
                return take_word(calls->input);
        case 1:
                return limit + (shape >> 3) % 4;
        case 2:
                return limit;
        case 3:
                return (uint64_t)(shape >> 3) * CALLS_BLOCK % (limit + 1);
        default:
                return take_bytes(calls->input, 3) % (limit + 1);
        }
}

struct calls_range *calls_pick(struct calls *calls)
{
        struct calls_handle *handle = calls->handle;

        if (handle->count == 0)
                return NULL;
        return &handle->ranges[take_byte(calls->input) % handle->count];
}

struct calls_range *calls_keep(struct calls *calls, struct rmmap_range range, uint64_t start,
                               uint64_t end)
{
        struct calls_handle *handle = calls->handle;
        struct calls_range *kept =
                &handle->ranges[handle->count < CALLS_RANGES ? handle->count++
                                                             : calls->mark % CALLS_RANGES];

        fuzz_check(rmmap_range_start(range) == start && rmmap_range_end(range) == end);
        *kept = (struct calls_range){.range = range, .start = start, .end = end};
        return kept;
}

/* Made of 256 bytes, with a stamp in each copy, since these bytes are most of the work. */
const unsigned char *calls_scribble(struct calls *calls, size_t length)
{
        unsigned char *bytes = calls->buffer;

        calls->mark++;
        for (size_t i = 0; i < length && i < 256; i++)
                bytes[i] = (unsigned char)(calls->mark + i * 7);
        for (size_t made = 256; made < length; made *= 2)
                memcpy(bytes + made, bytes, made < length - made ? made : length - made);
        for (size_t i = 0; i < length; i += 256)
                bytes[i] = (unsigned char)(calls->mark + (i >> 8));
        return bytes;
}

static struct rmmap_options take_options(struct input *input)
{
        static const uint32_t flags[] = {
                0,
                RMMAP_CATCH_FAULTS,
                RMMAP_NO_PREALLOCATE,
                RMMAP_CATCH_FAULTS | RMMAP_NO_PREALLOCATE,
                RMMAP_POPULATE,
                RMMAP_CATCH_FAULTS | RMMAP_LOCK_FILE,
                RMMAP_HUGE_PAGES,
                RMMAP_CATCH_FAULTS,
        };
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        uint8_t choice = take_byte(input);

        options.flags = flags[choice & 7];
        options.engine = (choice >> 3) % 3;
        options.pattern = (choice >> 5) % (RMMAP_PATTERN_RANDOM + 1);
        choice = take_byte(input);
        options.flags |= choice & 4 ? RMMAP_WRITE_BEHIND : 0;
        options.flags |= choice & 8 ? RMMAP_SHARED_CLAIMS : 0;
        options.allocator = choice & 1 ? rmmap_sequential_allocator() : NULL;
        options.allocate_from = choice & 2 ? take_word(input) : 0;
        return options;
}

static bool start(struct calls *calls, struct input *input)
{
        struct calls_handle *handle = &calls->handles[0];
        uint64_t from;
        int err;

        calls->input = input;
        calls->path = path;
        handle->options = take_options(input);
        calls->size = take_bytes(input, 2) % 50000 + 1;
        if ((calls->size & 15) == 15) /* over the end of a region */
                calls->size += (UINT64_C(2) << 20) - 20000;
        unlink(path);
        err = rmmap_create(path, calls->size, &handle->options, &handle->file);
        if (err == -EOPNOTSUPP && handle->options.engine == RMMAP_ENGINE_MAP &&
            !(handle->options.flags & RMMAP_CATCH_FAULTS))
                return false;
        fuzz_is(err, 0);
        from = handle->options.allocate_from;
        handle->next = from > calls->size ? calls->size : rmmap_align_up(from);
        if (handle->next > calls->size)
                handle->next = calls->size;
        handle->first = handle->next;
        handle->fresh = true;
        calls->handle = handle;
        calls->bytes = calloc(1, (size_t)calls->size);
        calls->buffer = malloc((size_t)calls->size + 2 * (size_t)CALLS_BLOCK);
        calls->fd = open(path, O_RDWR | O_CLOEXEC);
        fuzz_check(calls->bytes != NULL && calls->buffer != NULL && calls->fd >= 0);
        return true;
}

static void finish(struct calls *calls)
{
        struct stat status;

        for (size_t i = 0; i < CALLS_HANDLES; i++)
                rmmap_release(calls->handles[i].file);
        fuzz_check(fstat(calls->fd, &status) == 0 && status.st_size == (off_t)calls->size);
        fuzz_check(pread(calls->fd, calls->buffer, (size_t)calls->size, 0) == (ssize_t)calls->size);
        fuzz_check(memcmp(calls->buffer, calls->bytes, (size_t)calls->size) == 0);
        close(calls->fd);
        free(calls->bytes);
        free(calls->buffer);
}

static void step(struct calls *calls)
{
        uint8_t choice = take_byte(calls->input);

        calls->handle = &calls->handles[choice >> 7];
        if (calls->handle->file == NULL)
                calls->handle = &calls->handles[0];
        choice &= 127;
        if (choice < 64)
                calls_moves[choice % calls_moves_count](calls);
        else
                calls_others[choice % calls_others_count](calls);
}

/* Of the few that a run uses. */
static uint64_t open_descriptors(void)
{
        uint64_t open = 0;

        for (int fd = 0; fd < 64; fd++)
                open |= fcntl(fd, F_GETFD) >= 0 ? UINT64_C(1) << fd : 0;
        return open;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = {data, size};
        struct calls calls = {.fd = -1};
        uint64_t before = open_descriptors();

        if (start(&calls, &input)) {
                for (int i = 0; i < 200 && input.left > 0; i++)
                        step(&calls);
                finish(&calls);
        }
        unlink(path);
        fuzz_check(open_descriptors() == before);
        return 0;
}
