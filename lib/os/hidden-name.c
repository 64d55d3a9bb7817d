/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>

#include "os/os.h"

int hidden_name(char name[HIDDEN_NAME])
{
        static const char prefix[] = HIDDEN_PREFIX, digits[] = "0123456789abcdef";
        uint64_t word;
        int err = random_word(&word);

        if (err != 0)
                return err;
        memcpy(name, prefix, sizeof(prefix));
        name += sizeof(prefix) - 1;
        for (; word != 0; word >>= 4)
                *name++ = digits[word & 15];
        *name = '\0';
        return 0;
}
