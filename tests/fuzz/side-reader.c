/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "fuzz/side-reader.h"

#define HEAD_FILE 32     /* device, inode, birth time in two words */
#define HEAD_IDENTITY 72 /* its length, then its bytes */
#define HEAD_SUM 336

uint64_t side_reader_slots(uint64_t size)
{
        uint64_t blocks = (size + SIDE_BLOCK - 1) / SIDE_BLOCK;

        return (blocks + SIDE_SLOT_BLOCKS - 1) / SIDE_SLOT_BLOCKS;
}

size_t side_reader_slot_at(uint64_t size, uint64_t slot, unsigned int copy)
{
        uint64_t array = (side_reader_slots(size) * SIDE_SLOT_BYTES + 4095) / 4096 * 4096;

        return SIDE_HEADS_BYTES + (size_t)(copy * array + slot * SIDE_SLOT_BYTES);
}

static bool sum_is_right(const unsigned char *bytes, size_t length)
{
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < length - 8; i++)
                sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
        return sum == load_le64(bytes + length - 8);
}

/* ---- the header */

static bool head_is_whole(const struct side_image *image, const unsigned char *head)
{
        return head + SIDE_HEAD_BYTES <= image->bytes + image->length &&
               memcmp(head, "RMMCKPT1", 8) == 0 && sum_is_right(head, SIDE_HEAD_BYTES);
}

static const unsigned char *newer_head(const struct side_image *image)
{
        const unsigned char *first = image->bytes, *second = image->bytes + 4096;

        if (!head_is_whole(image, second))
                return head_is_whole(image, first) ? first : NULL;
        if (!head_is_whole(image, first))
                return second;
        return load_le64(second + SIDE_HEAD_SEQUENCE) > load_le64(first + SIDE_HEAD_SEQUENCE)
                       ? second
                       : first;
}

static bool has_birth(const unsigned char *head)
{
        return load_le64(head + HEAD_FILE + 16) != 0 || load_le64(head + HEAD_FILE + 24) != 0;
}

static bool same_file(const unsigned char *head, const unsigned char *right)
{
        const unsigned char *a = head + HEAD_FILE, *b = right + HEAD_FILE;

        if (memcmp(a + 8, b + 8, 8) != 0)
                return false;
        return has_birth(head) && has_birth(right) ? memcmp(a + 16, b + 16, 16) == 0
                                                   : memcmp(a, b, 8) == 0;
}

/* ---- the slots */

enum copy_state { SAYS_NOTHING, WHOLE, DAMAGED };

static enum copy_state state_of(const unsigned char *slot, uint64_t epoch, uint64_t number)
{
        static const unsigned char blank[SIDE_SLOT_BYTES];

        if (memcmp(slot, blank, sizeof(blank)) == 0)
                return SAYS_NOTHING;
        if (!sum_is_right(slot, SIDE_SLOT_BYTES))
                return DAMAGED;
        if (load_le64(slot + SIDE_SLOT_EPOCH) != epoch)
                return SAYS_NOTHING;
        return load_le64(slot + SIDE_SLOT_NUMBER) == number ? WHOLE : DAMAGED;
}

static void note(struct side_verdict *verdict, const unsigned char *slot, uint64_t number)
{
        uint64_t blocks = (verdict->size + SIDE_BLOCK - 1) / SIDE_BLOCK;

        for (uint64_t i = 0; i < SIDE_SLOT_BLOCKS; i++) {
                uint64_t word = load_le64(slot + SIDE_SLOT_WORDS + i / 64 * 8);
                uint64_t block = number * SIDE_SLOT_BLOCKS + i;

                if (block < blocks && (word >> (i % 64) & 1))
                        verdict->recorded[block] = true;
        }
}

static int read_slot(const struct side_image *image, uint64_t epoch, uint64_t number,
                     struct side_verdict *verdict)
{
        const unsigned char *copies[2];
        enum copy_state states[2];
        unsigned int newer;

        for (unsigned int i = 0; i < 2; i++) {
                size_t at = side_reader_slot_at(verdict->size, number, i);

                if (at + SIDE_SLOT_BYTES > image->length)
                        return -EBADMSG;
                copies[i] = image->bytes + at;
                states[i] = state_of(copies[i], epoch, number);
        }
        if (states[0] == DAMAGED && states[1] == DAMAGED)
                return -EBADMSG;
        if (states[0] != WHOLE && states[1] != WHOLE)
                return 0;
        newer = states[0] != WHOLE ||
                (states[1] == WHOLE && load_le64(copies[1] + SIDE_SLOT_SEQUENCE) >
                                               load_le64(copies[0] + SIDE_SLOT_SEQUENCE));
        verdict->newer[number] = newer;
        note(verdict, copies[newer], number);
        return 0;
}

void side_reader_read(const struct side_image *image, uint64_t content, const unsigned char *right,
                      struct side_verdict *verdict)
{
        const unsigned char *head = newer_head(image);
        uint64_t wanted = load_le64(right + SIDE_HEAD_SIZE);

        memset(verdict, 0, sizeof(*verdict));
        if (content == 0) /* recording starts anew, whatever there is */
                return;
        if (head == NULL) {
                verdict->err = -EBADMSG;
                return;
        }
        verdict->size = load_le64(head + SIDE_HEAD_SIZE);
        if (!same_file(head, right) ||
            memcmp(head + HEAD_IDENTITY, right + HEAD_IDENTITY, HEAD_SUM - HEAD_IDENTITY) != 0)
                verdict->err = -ESTALE;
        if (verdict->err != 0 || content < verdict->size)
                return;
        if (verdict->size != (content > wanted ? content : wanted)) {
                verdict->err = -ESTALE;
                return;
        }
        for (uint64_t slot = 0; verdict->err == 0 && slot < side_reader_slots(verdict->size);
             slot++)
                verdict->err = read_slot(image, load_le64(head + SIDE_HEAD_EPOCH), slot, verdict);
}
