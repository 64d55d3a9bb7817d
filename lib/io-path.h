/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The path of each copying call. Every byte that the library writes or reads by copying goes
 * through io_write or io_read. The callers check the bounds first. Layer 3.
 */
#ifndef RMMAP_IO_PATH_H
#define RMMAP_IO_PATH_H

#include "file.h"

/* How a piece of a write gets into the file. */
enum write_path {
        PATH_PWRITE,
        PATH_POPULATE, /* map the region's pages for writing, then copy */
        PATH_MAP,      /* copy into the mapping */
};

/*
 * For the engine AUTO. pattern: RMMAP_PATTERN_...; state: REGION_COLD, _FILLED, _LEFT or _MAPPED;
 * large: the write has at least REGION_LARGE_WRITE bytes.
 */
enum write_path write_path_of(uint32_t pattern, bool large, unsigned int state);

/* Does the file have a mapping that copies may use? */
static inline bool io_is_by_map(const struct rmmap_file *file)
{
        return file->config.engine.chosen != RMMAP_ENGINE_PWRITE;
}

/* Does the path of each piece depend on the state of its region? */
static inline bool io_has_regions(const struct rmmap_file *file)
{
        return file->io.page_state.state != NULL;
}

int io_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length);
int io_read(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length);

/*
 * How many of length bytes a read system call may put straight into the mapping at offset. 0: use
 * io_write. io_note_mapped counts the bytes that arrived there.
 */
uint64_t io_mapped_room(const struct rmmap_file *file, uint64_t offset, uint64_t length);
void io_note_mapped(struct rmmap_file *file, uint64_t length);

#endif
