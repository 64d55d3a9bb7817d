/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* side-file.c - what the side file of a checkpoint says, by rmmap-checkpoint(5) */
#include "rmmap.h"

#include <inttypes.h>
#include <string.h>

enum {
        PAGE = 4096,
        HEAD = 344,
        SLOT = 512,
        SLOT_BLOCKS = 3840,
        AT_SEQUENCE = 8,
        AT_EPOCH = 16,
        AT_INODE = 40,
        AT_SIZE = 64,
        AT_IDENTITY_LENGTH = 72,
        AT_IDENTITY = 80,
        LONGEST_IDENTITY = 256,
        SLOT_NUMBER = 8,
        SLOT_SEQUENCE = 16,
        SLOT_WORDS = 24,
        SLOT_SUM = SLOT - 8
};

struct side_file {
        int fd;
        unsigned char head[HEAD];
        uint64_t size, slots, blocks; /* of the data file; recorded blocks */
        unsigned damaged;             /* copies, of the header and of slots */
        bool useless;                 /* both copies of a slot are damaged */
};

static bool read_head(struct side_file *side)
{
        unsigned char bytes[HEAD];
        unsigned whole = 0;

        for (unsigned copy = 0; copy < 2; copy++) {
                if (!read_bytes(side->fd, bytes, HEAD, copy * PAGE) ||
                    memcmp(bytes, "RMMCKPT1", 8) != 0 || !is_whole(bytes, HEAD - 8) ||
                    number_at(bytes + AT_IDENTITY_LENGTH) > LONGEST_IDENTITY)
                        continue;
                if (whole++ == 0 ||
                    number_at(bytes + AT_SEQUENCE) > number_at(side->head + AT_SEQUENCE))
                        memcpy(side->head, bytes, HEAD);
        }
        side->damaged = 2 - whole;
        return whole > 0;
}

static uint64_t recorded_in(const struct side_file *side, uint64_t slot, const unsigned char *bytes)
{
        uint64_t blocks = (side->size + PAGE - 1) / PAGE, count = 0;

        for (uint64_t i = 0; i < SLOT_BLOCKS && slot * SLOT_BLOCKS + i < blocks; i++)
                count += bytes[SLOT_WORDS + i / 8] >> (i % 8) & 1;
        return count;
}

/* Reads both copies of a slot, and counts what the newer one says. */
static bool read_slot(struct side_file *side, uint64_t slot)
{
        static const unsigned char blank[SLOT];
        uint64_t copy_size = (side->slots * SLOT + PAGE - 1) / PAGE * PAGE;
        uint64_t newest = 0, blocks = 0;
        unsigned damaged = 0;
        unsigned char bytes[SLOT];

        for (unsigned copy = 0; copy < 2; copy++) {
                if (!read_bytes(side->fd, bytes, SLOT, 2 * PAGE + copy * copy_size + slot * SLOT))
                        return false;
                if (memcmp(bytes, blank, SLOT) == 0)
                        continue;
                if (!is_whole(bytes, SLOT_SUM)) {
                        damaged++;
                } else if (number_at(bytes) == number_at(side->head + AT_EPOCH)) {
                        if (number_at(bytes + SLOT_NUMBER) != slot) {
                                damaged++;
                        } else if (number_at(bytes + SLOT_SEQUENCE) > newest) {
                                newest = number_at(bytes + SLOT_SEQUENCE);
                                blocks = recorded_in(side, slot, bytes);
                        }
                }
        }
        side->damaged += damaged;
        side->useless |= damaged == 2;
        side->blocks += blocks;
        return true;
}

/* Bytes that aren't printable become dots. */
static void tell_identity(struct report *report, const struct side_file *side)
{
        char text[LONGEST_IDENTITY + 1] = "";
        uint64_t length = number_at(side->head + AT_IDENTITY_LENGTH);

        for (uint64_t i = 0; i < length; i++) {
                unsigned char byte = side->head[AT_IDENTITY + i];

                text[i] = (char)(byte >= ' ' && byte < 0x7f ? byte : '.');
        }
        report_row(report, "identity", PLAIN, NULL, "%s (%" PRIu64 " bytes)", text, length);
        fact_text(report, "checkpoint_identity", text);
}

void tell_side_file(struct report *report, int fd)
{
        struct side_file side = {.fd = fd};
        char size[SIZE_TEXT];
        uint64_t blocks, inode;
        bool cut = false;

        if (!read_head(&side))
                return;
        side.size = number_at(side.head + AT_SIZE);
        inode = number_at(side.head + AT_INODE);
        blocks = (side.size + PAGE - 1) / PAGE;
        side.slots = (blocks + SLOT_BLOCKS - 1) / SLOT_BLOCKS;
        for (uint64_t slot = 0; !cut && slot < side.slots; slot++)
                cut = !read_slot(&side, slot);
        report_row(report, "checkpoint", PLAIN, NULL,
                   "of inode %" PRIu64 ", %s (%" PRIu64 " bytes)", inode,
                   size_text(size, side.size), side.size);
        tell_identity(report, &side);
        report_row(report, "recorded", PLAIN, NULL, "%" PRIu64 " of %" PRIu64 " blocks, %.1f%%",
                   side.blocks, blocks, blocks ? 100.0 * (double)side.blocks / (double)blocks : 0);
        report_row(report, "damage", PLAIN, NULL, "%u damaged copies%s", side.damaged,
                   cut            ? "; it is cut, and can't be used"
                   : side.useless ? "; it can't be used"
                                  : "");
        fact_number(report, "checkpoint_inode", inode);
        fact_number(report, "checkpoint_size", side.size);
        fact_number(report, "checkpoint_blocks", blocks);
        fact_number(report, "checkpoint_recorded", side.blocks);
        fact_number(report, "checkpoint_damaged", side.damaged);
        fact_flag(report, "checkpoint_usable", !cut && !side.useless);
}
