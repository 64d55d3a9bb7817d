/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

static void fill_page(unsigned char *page, uint64_t number)
{
        uint64_t state = number * UINT64_C(0x9e3779b97f4a7c15) + 1;

        for (size_t i = 0; i < PAGE; i += sizeof(state)) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                memcpy(page + i, &state, sizeof(state));
        }
}

int pool_make(struct pool *pool, size_t block)
{
        size_t period = POOL_PAGES * PAGE, done = period;
        void *bytes;

        pool->length = period + (block + PAGE - 1) / PAGE * PAGE;
        if (posix_memalign(&bytes, PAGE, pool->length) != 0)
                return -ENOMEM;
        pool->bytes = bytes;
        for (size_t i = 0; i < POOL_PAGES; i++)
                fill_page(pool->bytes + i * PAGE, i + 1);
        while (done < pool->length) {
                size_t piece = (size_t)smaller(period, pool->length - done);

                memcpy(pool->bytes + done, pool->bytes, piece);
                done += piece;
        }
        return 0;
}

void pool_free(struct pool *pool)
{
        free(pool->bytes);
        pool->bytes = NULL;
}
