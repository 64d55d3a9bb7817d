/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Raw access. */
#include "frozen.h"

void use_raw(void)
{
        unsigned char bytes[8] = {0};
        struct rmmap_file *file = NULL;
        const void *view = NULL;
        void *data = NULL;
        size_t length = 99;

        EXPECT(rmmap_create(path_of("raw"), FILE_SIZE, NULL, &file) == 0);
        EXPECT(rmmap_raw_fill(file, 0x5a) == 0);
        EXPECT(rmmap_raw_write(file, 3, "raw", 3) == 0);
        EXPECT(rmmap_raw_write(file, FILE_SIZE, "raw", 3) == -ERANGE);
        EXPECT(rmmap_raw_read(file, 0, bytes, sizeof(bytes), &length) == 0 && length == 8);
        EXPECT(memcmp(bytes, "\x5a\x5a\x5araw\x5a\x5a", 8) == 0);
        EXPECT(rmmap_raw_read(file, FILE_SIZE - 2, bytes, sizeof(bytes), &length) == 0);
        EXPECT(length == 2);
        EXPECT(rmmap_raw_flush(file, 0, 4096) == 0 && rmmap_raw_sync(file, 3, 3) == 0);
        if (describe(file)->facts & RMMAP_FACT_MAPPED) {
                EXPECT(rmmap_raw_data(file, &data) == 0 && memcmp(data, "\x5a\x5a\x5araw", 6) == 0);
                EXPECT(rmmap_raw_view(file, &view) == 0 && view == data);
        }
        EXPECT(rmmap_raw_zero(file) == 0);
        EXPECT(rmmap_raw_read(file, 0, bytes, sizeof(bytes), NULL) == 0 && all_are(bytes, 8, 0));
        rmmap_release(file);
}
