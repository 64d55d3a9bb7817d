/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Words as bytes: little-endian, a magic word before, a checksum after. For ranges, receipts and
 * the state of the built-in allocators. Layer 2.
 */
#ifndef RMMAP_CODEC_H
#define RMMAP_CODEC_H

#include <stddef.h>
#include <stdint.h>

#define CODEC_SIZE(words) (8 * ((size_t)(words) + 2))

/* Eight characters; the last digit is the format's version. */
#define CODEC_MAGIC_SIZE 8

/* to holds CODEC_SIZE(count) bytes. */
void codec_encode(void *to, const char *magic, const uint64_t *words, size_t count);

/* -EBADMSG for another length, another magic or damaged bytes. */
int codec_decode(const void *from, size_t length, const char *magic, uint64_t *words, size_t count);

#endif
