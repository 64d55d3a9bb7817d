# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes rangedmmap/_rangedmmap, in cffi's API mode: the compiler holds what is declared here
against rmmap.h. pkg-config tells where that is."""
import shlex
import subprocess

import cffi

DECLARATIONS = """
struct iovec { void *iov_base; size_t iov_len; };
struct rmmap_range { uint64_t opaque[4]; };
struct rmmap_receipt { uint64_t opaque[4]; };
struct rmmap_file;
struct rmmap_allocator_ops { const char *name; ...; };

#define RMMAP_ALIGNMENT ...
#define RMMAP_RANGE_ENCODED_SIZE ...
#define RMMAP_RECEIPT_ENCODED_SIZE ...
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
#define RMMAP_ENGINE_AUTO ...
#define RMMAP_ENGINE_MAP ...
#define RMMAP_ENGINE_PWRITE ...
#define RMMAP_PATTERN_UNKNOWN ...
#define RMMAP_PATTERN_DENSE ...
#define RMMAP_PATTERN_SCATTERED ...
#define RMMAP_PATTERN_SEQUENTIAL ...
#define RMMAP_PATTERN_RANDOM ...
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
enum rmmap_split { RMMAP_SPLIT_BOTH, RMMAP_SPLIT_LOW, RMMAP_SPLIT_HIGH, ... };

struct rmmap_options {
    size_t size;
    const struct rmmap_allocator_ops *allocator;
    uint64_t allocate_from;
    uint32_t flags, mode, engine, pattern;
    ...;
};
struct rmmap_info {
    size_t size;
    const char *file_system, *allocator, *engine_reason;
    uint64_t file_size, page_size, file_system_magic, allocated, pwrite_bytes, sync_calls;
    uint64_t sync_rounds, flush_calls, faults_caught;
    uint32_t facts, engine, pattern;
    int32_t error;
    uint64_t map_bytes, faults_avoided;
    ...;
};

uint64_t rmmap_range_start(struct rmmap_range);
uint64_t rmmap_range_end(struct rmmap_range);
uint64_t rmmap_range_length(struct rmmap_range);
bool rmmap_range_is_empty(struct rmmap_range);
bool rmmap_range_equal(struct rmmap_range, struct rmmap_range);
uint64_t rmmap_receipt_start(struct rmmap_receipt);
uint64_t rmmap_receipt_end(struct rmmap_receipt);
uint64_t rmmap_receipt_length(struct rmmap_receipt);
bool rmmap_receipt_is_empty(struct rmmap_receipt);
bool rmmap_receipt_equal(struct rmmap_receipt, struct rmmap_receipt);
struct rmmap_range rmmap_receipt_range(struct rmmap_receipt);
uint64_t rmmap_align_up(uint64_t);
uint64_t rmmap_align_down(uint64_t);
int rmmap_range_split_up(struct rmmap_range, uint64_t, struct rmmap_range *, struct rmmap_range *);
int rmmap_range_split_down(struct rmmap_range, uint64_t, struct rmmap_range *,
                           struct rmmap_range *);
const struct rmmap_allocator_ops *rmmap_sequential_allocator(void);
const struct rmmap_allocator_ops *rmmap_concurrent_allocator(void);
int rmmap_create(const char *, uint64_t, const struct rmmap_options *, struct rmmap_file **);
int rmmap_open(const char *, const struct rmmap_options *, struct rmmap_file **);
int rmmap_open_fd(int, const struct rmmap_options *, struct rmmap_file **);
struct rmmap_file *rmmap_clone(struct rmmap_file *);
struct rmmap_file *rmmap_release(struct rmmap_file *);
uint64_t rmmap_size(const struct rmmap_file *);
int rmmap_fd(const struct rmmap_file *);
int rmmap_allocate(struct rmmap_file *, uint64_t, struct rmmap_range *);
int rmmap_allocate_exact(struct rmmap_file *, uint64_t, struct rmmap_range *);
int rmmap_claim_range(struct rmmap_file *, uint64_t, uint64_t, struct rmmap_range *);
int rmmap_unclaim_range(struct rmmap_file *, struct rmmap_range);
int rmmap_give_back_range(struct rmmap_file *, struct rmmap_range);
uint64_t rmmap_remaining(const struct rmmap_file *);
uint64_t rmmap_allocated(const struct rmmap_file *);
int rmmap_allocator_save(const struct rmmap_file *, void *, size_t *);
int rmmap_allocator_restore(struct rmmap_file *, const void *, size_t);
int rmmap_range_encode(struct rmmap_range, void *, size_t);
int rmmap_receipt_encode(struct rmmap_receipt, void *, size_t);
int rmmap_range_decode(struct rmmap_file *, const void *, size_t, struct rmmap_range *);
int rmmap_receipt_decode(struct rmmap_file *, const void *, size_t, struct rmmap_receipt *);
int rmmap_write_range(struct rmmap_file *, struct rmmap_range, const void *, size_t,
                      struct rmmap_receipt *);
int rmmap_write_range_durable(struct rmmap_file *, struct rmmap_range, const void *, size_t,
                              struct rmmap_receipt *);
int rmmap_writev_range(struct rmmap_file *, struct rmmap_range, const struct iovec *, int,
                       struct rmmap_receipt *);
int rmmap_write_range_from_fd(struct rmmap_file *, struct rmmap_range, int, uint64_t *,
                              struct rmmap_receipt *);
int rmmap_write_within(struct rmmap_file *, struct rmmap_range, uint64_t, const void *, size_t);
int rmmap_mark_written(struct rmmap_file *, struct rmmap_range, struct rmmap_receipt *);
int rmmap_read_range(struct rmmap_file *, struct rmmap_range, void *, size_t, size_t *);
int rmmap_read_within(struct rmmap_file *, struct rmmap_range, uint64_t, void *, size_t);
int rmmap_range_data(struct rmmap_file *, struct rmmap_range, void **);
int rmmap_range_view(struct rmmap_file *, struct rmmap_range, const void **);
int rmmap_flush(struct rmmap_file *);
int rmmap_flush_range(struct rmmap_file *, struct rmmap_receipt);
int rmmap_sync_range(struct rmmap_file *, struct rmmap_receipt);
int rmmap_sync_ranges(struct rmmap_file *, const struct rmmap_receipt *, size_t);
int rmmap_sync_within(struct rmmap_file *, struct rmmap_range, uint64_t, uint64_t);
int rmmap_sync_all(struct rmmap_file *);
int rmmap_raw_write(struct rmmap_file *, uint64_t, const void *, size_t);
int rmmap_raw_read(struct rmmap_file *, uint64_t, void *, size_t, size_t *);
int rmmap_raw_flush(struct rmmap_file *, uint64_t, uint64_t);
int rmmap_raw_sync(struct rmmap_file *, uint64_t, uint64_t);
int rmmap_raw_fill(struct rmmap_file *, unsigned char);
int rmmap_raw_zero(struct rmmap_file *);
int rmmap_raw_data(struct rmmap_file *, void **);
int rmmap_raw_view(struct rmmap_file *, const void **);
uint32_t rmmap_version(void);
int rmmap_describe(const struct rmmap_file *, struct rmmap_info *);
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
builder.cdef(DECLARATIONS)
builder.set_source(
    "rangedmmap._rangedmmap",
    SOURCE,
    extra_compile_args=pkg_config("--cflags") + ["-Werror=incompatible-pointer-types"],
    extra_link_args=pkg_config("--libs"),
)

if __name__ == "__main__":
    builder.compile(verbose=True)
