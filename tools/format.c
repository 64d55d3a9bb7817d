/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* format.c - numbers and checksums in files of the library, by the pages of section 5 */
#include "rmmap.h"

uint64_t number_at(const unsigned char *bytes)
{
        uint64_t value = 0;

        for (int i = 7; i >= 0; i--)
                value = value << 8 | bytes[i];
        return value;
}

uint64_t checksum_of(const unsigned char *bytes, size_t length)
{
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < length; i++)
                sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
        return sum;
}

bool is_whole(const unsigned char *bytes, size_t summed)
{
        return checksum_of(bytes, summed) == number_at(bytes + summed);
}

bool read_bytes(int fd, void *bytes, size_t length, uint64_t at)
{
        return file_read(fd, bytes, length, at) == (int64_t)length;
}
