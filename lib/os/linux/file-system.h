/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The numbers of statfs(2) for file systems that more than one file treats specially. Layer 1. */
#ifndef RMMAP_LINUX_FILE_SYSTEM_H
#define RMMAP_LINUX_FILE_SYSTEM_H

#define EXT4_MAGIC 0xef53
#define TMPFS_MAGIC 0x01021994

#endif
