# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds rangedmmap/_rangedmmap, in cffi's API mode: the compiler compares these declarations with
rmmap.h, which pkg-config finds."""
import shlex
import subprocess

import cffi

# made by build-aux/api.py: declarations
DECLARATIONS = """
struct rmmap_range {
    uint64_t opaque[4];
};
struct rmmap_receipt {
    uint64_t opaque[4];
};
enum rmmap_split {
    RMMAP_SPLIT_BOTH = 0,
    RMMAP_SPLIT_LOW = 1,
    RMMAP_SPLIT_HIGH = 2
};
struct rmmap_allocator_args {
    size_t size;
    const void *config;
    uint64_t first;
    uint64_t total;
    uint64_t alignment;
    uint64_t flags;
    uint64_t max_total;
    ...;
};
struct rmmap_allocator_ops {
    size_t size;
    const char *name;
    uint64_t flags;
    int (*create)(const struct rmmap_allocator_args *args, void **state);
    void (*destroy)(void *state);
    int (*allocate)(void *state, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end);
    uint64_t (*remaining)(const void *state);
    int (*give_back)(void *state, uint64_t start, uint64_t end);
    int (*claim)(const void *state, uint64_t start, uint64_t end);
    int (*save)(const void *state, void *buffer, size_t *length);
    int (*restore)(void *state, const void *buffer, size_t length);
    int (*grow)(void *state, uint64_t total);
    int (*allocate_at)(void *state, uint64_t start, uint64_t end);
    int (*trim)(void *state, uint64_t *total);
    const void *reserved;
    ...;
};
struct rmmap_shared_config {
    size_t size;
    const char *path;
    ...;
};
struct rmmap_file;
struct rmmap_checkpoint {
    size_t size;
    const char *path;
    const void *identity;
    size_t identity_length;
    ...;
};
struct rmmap_options {
    size_t size;
    const struct rmmap_allocator_ops *allocator;
    const void *allocator_config;
    const struct rmmap_checkpoint *checkpoint;
    uint64_t allocate_from;
    uint32_t flags;
    uint32_t mode;
    uint32_t engine;
    uint32_t pattern;
    uint64_t max_size;
    uint64_t grow_step;
    uint64_t dirty_limit;
    ...;
};
struct rmmap_queue;
struct rmmap_queue_options {
    size_t size;
    size_t reserved;
    uint32_t depth;
    uint32_t threads;
    ...;
};
struct rmmap_completion {
    uint64_t cookie;
    int32_t result;
    uint32_t reserved;
};
struct rmmap_info {
    size_t size;
    const char *file_system;
    const char *allocator;
    const char *engine_reason;
    uint64_t file_size;
    uint64_t page_size;
    uint64_t file_system_magic;
    uint64_t allocated;
    uint64_t pwrite_bytes;
    uint64_t sync_calls;
    uint64_t sync_rounds;
    uint64_t flush_calls;
    uint64_t faults_caught;
    uint32_t facts;
    uint32_t engine;
    uint32_t pattern;
    int32_t error;
    uint64_t map_bytes;
    uint64_t faults_avoided;
    uint64_t dirty_limit;
    uint64_t dirty_bytes;
    uint64_t dirty_highest;
    uint32_t uncached;
    uint32_t reserved;
    const char *dirty_limit_reason;
    const char *uncached_reason;
    uint64_t max_size;
    uint64_t recorded;
    ...;
};
#define RMMAP_ALIGNMENT ...
#define RMMAP_ALLOCATOR_THREAD_SAFE ...
#define RMMAP_ALLOCATOR_START_AT_END ...
#define RMMAP_ALLOCATE_EXACT ...
#define RMMAP_MUST_CREATE ...
#define RMMAP_READ_ONLY ...
#define RMMAP_NO_PREALLOCATE ...
#define RMMAP_POPULATE ...
#define RMMAP_HUGE_PAGES ...
#define RMMAP_LOCK_FILE ...
#define RMMAP_CATCH_FAULTS ...
#define RMMAP_NO_FOLLOW ...
#define RMMAP_WRITE_BEHIND ...
#define RMMAP_REWRITE ...
#define RMMAP_SHARED_CLAIMS ...
#define RMMAP_UNCACHED ...
#define RMMAP_KEEP ...
#define RMMAP_UNNAMED ...
#define RMMAP_PUNCH_HOLES ...
#define RMMAP_ENGINE_AUTO ...
#define RMMAP_ENGINE_MAP ...
#define RMMAP_ENGINE_PWRITE ...
#define RMMAP_PATTERN_UNKNOWN ...
#define RMMAP_PATTERN_DENSE ...
#define RMMAP_PATTERN_SCATTERED ...
#define RMMAP_PATTERN_SEQUENTIAL ...
#define RMMAP_PATTERN_RANDOM ...
#define RMMAP_RANGE_ENCODED_SIZE ...
#define RMMAP_RECEIPT_ENCODED_SIZE ...
#define RMMAP_QUEUE_DURABLE ...
#define RMMAP_PUBLISH_NO_REPLACE ...
#define RMMAP_PUBLISH_NO_SYNC ...
#define RMMAP_FACT_READ_ONLY ...
#define RMMAP_FACT_RESERVED ...
#define RMMAP_FACT_COHERENT ...
#define RMMAP_FACT_MAPPED ...
#define RMMAP_FACT_HUGE_PAGES ...
#define RMMAP_FACT_CATCH_FAULTS ...
#define RMMAP_FACT_LOCKED ...
#define RMMAP_FACT_ERRORS_SHARED ...
#define RMMAP_FACT_ENTRY_UNSYNCED ...
#define RMMAP_FACT_FORKED ...
#define RMMAP_FACT_CREATED ...
#define RMMAP_FACT_RESUMED ...
#define RMMAP_UNCACHED_OFF ...
#define RMMAP_UNCACHED_DROPPED ...
#define RMMAP_UNCACHED_ADVISED ...
#define RMMAP_UNCACHED_KEPT ...
#define RMMAP_UNCACHED_UNAVAILABLE ...
uint64_t rmmap_range_start(struct rmmap_range range);
uint64_t rmmap_range_end(struct rmmap_range range);
uint64_t rmmap_range_length(struct rmmap_range range);
bool rmmap_range_is_empty(struct rmmap_range range);
bool rmmap_range_equal(struct rmmap_range a, struct rmmap_range b);
uint64_t rmmap_receipt_start(struct rmmap_receipt receipt);
uint64_t rmmap_receipt_end(struct rmmap_receipt receipt);
uint64_t rmmap_receipt_length(struct rmmap_receipt receipt);
bool rmmap_receipt_is_empty(struct rmmap_receipt receipt);
bool rmmap_receipt_equal(struct rmmap_receipt a, struct rmmap_receipt b);
struct rmmap_range rmmap_receipt_range(struct rmmap_receipt receipt);
uint64_t rmmap_align_up(uint64_t offset);
uint64_t rmmap_align_down(uint64_t offset);
int rmmap_range_split_up(struct rmmap_range range, uint64_t position, struct rmmap_range *low,
                         struct rmmap_range *high);
int rmmap_range_split_down(struct rmmap_range range, uint64_t position, struct rmmap_range *low,
                           struct rmmap_range *high);
const struct rmmap_allocator_ops *rmmap_sequential_allocator(void);
const struct rmmap_allocator_ops *rmmap_concurrent_allocator(void);
const struct rmmap_allocator_ops *rmmap_reusing_allocator(void);
const struct rmmap_allocator_ops *rmmap_shared_allocator(void);
int rmmap_create(const char *path, uint64_t size, const struct rmmap_options *options,
                 struct rmmap_file **file);
int rmmap_open(const char *path, const struct rmmap_options *options, struct rmmap_file **file);
int rmmap_open_fd(int fd, const struct rmmap_options *options, struct rmmap_file **file);
struct rmmap_file *rmmap_clone(struct rmmap_file *file);
struct rmmap_file *rmmap_release(struct rmmap_file *file);
int rmmap_close(struct rmmap_file *file);
uint64_t rmmap_size(const struct rmmap_file *file);
int rmmap_grow(struct rmmap_file *file, uint64_t size);
int rmmap_trim(struct rmmap_file *file);
int rmmap_fd(const struct rmmap_file *file);
int rmmap_allocate(struct rmmap_file *file, uint64_t size, struct rmmap_range *range);
int rmmap_allocate_exact(struct rmmap_file *file, uint64_t size, struct rmmap_range *range);
int rmmap_allocate_at(struct rmmap_file *file, uint64_t start, uint64_t end,
                      struct rmmap_range *range);
int rmmap_claim_range(struct rmmap_file *file, uint64_t start, uint64_t end,
                      struct rmmap_range *range);
int rmmap_unclaim_range(struct rmmap_file *file, struct rmmap_range range);
int rmmap_give_back_range(struct rmmap_file *file, struct rmmap_range range);
uint64_t rmmap_remaining(const struct rmmap_file *file);
uint64_t rmmap_allocated(const struct rmmap_file *file);
int rmmap_allocator_save(const struct rmmap_file *file, void *buffer, size_t *length);
int rmmap_allocator_restore(struct rmmap_file *file, const void *buffer, size_t length);
int rmmap_range_encode(struct rmmap_range range, void *buffer, size_t capacity);
int rmmap_receipt_encode(struct rmmap_receipt receipt, void *buffer, size_t capacity);
int rmmap_range_decode(struct rmmap_file *file, const void *buffer, size_t length,
                       struct rmmap_range *range);
int rmmap_receipt_decode(struct rmmap_file *file, const void *buffer, size_t length,
                         struct rmmap_receipt *receipt);
int rmmap_write_range(struct rmmap_file *file, struct rmmap_range range, const void *data,
                      size_t length, struct rmmap_receipt *receipt);
int rmmap_write_range_durable(struct rmmap_file *file, struct rmmap_range range, const void *data,
                              size_t length, struct rmmap_receipt *receipt);
int rmmap_writev_range(struct rmmap_file *file, struct rmmap_range range, const struct iovec *iov,
                       int iovcnt, struct rmmap_receipt *receipt);
int rmmap_write_range_from_fd(struct rmmap_file *file, struct rmmap_range range, int fd,
                              uint64_t *done, struct rmmap_receipt *receipt);
int rmmap_write_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                       const void *data, size_t length);
int rmmap_mark_written(struct rmmap_file *file, struct rmmap_range range,
                       struct rmmap_receipt *receipt);
int rmmap_read_range(struct rmmap_file *file, struct rmmap_range range, void *buffer,
                     size_t capacity, size_t *length);
int rmmap_read_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                      void *buffer, size_t length);
int rmmap_range_data(struct rmmap_file *file, struct rmmap_range range, void **data);
int rmmap_range_view(struct rmmap_file *file, struct rmmap_range range, const void **data);
int rmmap_flush(struct rmmap_file *file);
int rmmap_flush_range(struct rmmap_file *file, struct rmmap_receipt receipt);
int rmmap_sync_range(struct rmmap_file *file, struct rmmap_receipt receipt);
int rmmap_sync_ranges(struct rmmap_file *file, const struct rmmap_receipt *receipts, size_t count);
int rmmap_sync_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                      uint64_t length);
int rmmap_sync_all(struct rmmap_file *file);
int rmmap_next_recorded(const struct rmmap_file *file, uint64_t from, uint64_t *start,
                        uint64_t *end);
int rmmap_error(const struct rmmap_file *file);
int rmmap_queue_create(const struct rmmap_queue_options *options, struct rmmap_queue **queue);
struct rmmap_queue *rmmap_queue_release(struct rmmap_queue *queue);
int rmmap_queue_fd(const struct rmmap_queue *queue);
int rmmap_queue_sync(struct rmmap_queue *queue, struct rmmap_file *file,
                     const struct rmmap_receipt *receipts, size_t count, uint64_t cookie);
int rmmap_queue_write(struct rmmap_queue *queue, struct rmmap_file *file, struct rmmap_range range,
                      const void *data, size_t length, uint32_t flags,
                      struct rmmap_receipt *receipt, uint64_t cookie);
int rmmap_queue_reap(struct rmmap_queue *queue, struct rmmap_completion *completions,
                     size_t capacity);
int rmmap_publish(struct rmmap_file *file, const char *path, uint64_t size, uint32_t flags);
int rmmap_raw_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length);
int rmmap_raw_read(struct rmmap_file *file, uint64_t offset, void *buffer, size_t capacity,
                   size_t *length);
int rmmap_raw_flush(struct rmmap_file *file, uint64_t offset, uint64_t length);
int rmmap_raw_sync(struct rmmap_file *file, uint64_t offset, uint64_t length);
int rmmap_raw_fill(struct rmmap_file *file, unsigned char byte);
int rmmap_raw_zero(struct rmmap_file *file);
int rmmap_raw_data(struct rmmap_file *file, void **data);
int rmmap_raw_view(struct rmmap_file *file, const void **data);
int rmmap_guard_call(struct rmmap_file *file, int (*body)(void *arg), void *arg, int *result);
uint32_t rmmap_version(void);
int rmmap_describe(const struct rmmap_file *file, struct rmmap_info *info);
"""
# end of declarations

# Declarations that rmmap.h takes from the system, and one that SOURCE adds.
OTHERS = """
struct iovec { void *iov_base; size_t iov_len; };
const char *header_version(void);
"""

SOURCE = """
#include <rmmap.h>
static const char *header_version(void) { return RMMAP_VERSION_STRING; }
"""


def pkg_config(what: str) -> list[str]:
    command = ["pkg-config", what, "ranged-mmap"]
    return shlex.split(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


builder = cffi.FFI()
builder.cdef(OTHERS)
builder.cdef(DECLARATIONS)
builder.set_source(
    "rangedmmap._rangedmmap",
    SOURCE,
    extra_compile_args=pkg_config("--cflags") + ["-Werror=incompatible-pointer-types"],
    extra_link_args=pkg_config("--libs"),
)

if __name__ == "__main__":
    builder.compile(verbose=True)
