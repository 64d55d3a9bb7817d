/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is known of file systems by their magic number. Layer 1. */
#ifndef RMMAP_FILE_SYSTEM_H
#define RMMAP_FILE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How it can be told that every byte of a file has its space. */
enum reservation {
        RESERVES_NOTHING, /* copies on write, or not known: a full disk may come at any write */
        RESERVES_EXTENTS, /* fallocate reserves; FIEMAP tells what is there */
        RESERVES_PAGES,   /* fallocate reserves; a file without holes is all there (tmpfs) */
        RESERVES_BY_MAP,  /* mmap itself reserves (hugetlbfs) */
};

struct file_system {
        const char *name;
        uint64_t magic;
        enum reservation reservation;
        bool coherent;  /* mapping and pread/pwrite see the same bytes at once */
        bool copies_up; /* a file becomes another one when somebody writes to it (overlayfs) */
        size_t page;    /* a mapping's granularity where it isn't the machine's page; else 0 */
};

/* 0 or a negative errno of fstatfs. Where that can't be had, nothing is known of it. */
int file_system_of(int fd, struct file_system *file_system);

#endif
