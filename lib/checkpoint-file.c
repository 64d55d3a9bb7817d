/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/checked.h"
#include "bitmap.h"
#include "checkpoint-file.h"
#include "serialize.h"

#define MAGIC "RMMCKPT1"
enum {
        HEAD_SEQUENCE,
        HEAD_EPOCH,
        HEAD_SESSION,
        HEAD_DEVICE,
        HEAD_INODE,
        HEAD_BORN_SECONDS,
        HEAD_BORN_NANOSECONDS,
        HEAD_SIZE,
        HEAD_IDENTITY_LENGTH,
        HEAD_IDENTITY,
        HEAD_WORDS = HEAD_IDENTITY + LONGEST_IDENTITY / 8
};
#define HEAD_BYTES SERIALIZED_SIZE(HEAD_WORDS)

/* Each copy of the header, and each copy of the slots, begins in a page of its own. */
#define PAGE 4096

/* A slot: epoch, number, sequence, the words, checksum. */
enum { SLOT_EPOCH, SLOT_NUMBER, SLOT_SEQUENCE, SLOT_HEAD };
#define SLOT_SUMMED (8 * (SLOT_HEAD + SLOT_WORDS))
_Static_assert(SLOT_SUMMED + 8 == SLOT_BYTES, "a slot fills its sector");

#define BUFFER ((size_t)64 << 10)

uint64_t side_slots(uint64_t size)
{
        uint64_t blocks = align_up_to(size, RMMAP_ALIGNMENT) / RMMAP_ALIGNMENT;

        return (blocks + SLOT_BLOCKS - 1) / SLOT_BLOCKS;
}

/* The first byte of a copy of the slots: 0 or 1; 2: the end of the file. */
static uint64_t copy_start(uint64_t slots, unsigned int copy)
{
        return 2 * PAGE + copy * align_up_to(slots * SLOT_BYTES, PAGE);
}

/* ---- open */

static bool same_file(int a, int b)
{
        struct file_identity of_a, of_b;

        return storage_identity(a, &of_a) == 0 && storage_identity(b, &of_b) == 0 &&
               file_identity_equal(&of_a, &of_b);
}

static int lock(struct side_file *side)
{
        int err = file_lock_take(side->fd, FILE_LOCK_EXCLUSIVE);

        side->locked = err == 0;
        return err == -EOPNOTSUPP ? 0 : err;
}

static int open_once(struct side_file *side, const struct path_request *request, int data_fd,
                     bool create)
{
        int err = create ? path_create(request, &side->fd, &side->made)
                         : path_open(request, &side->fd);

        if (err != 0) {
                side->fd = -1;
                return err;
        }
        return same_file(side->fd, data_fd) ? -EINVAL : lock(side);
}

int side_open(struct side_file *side, const char *path, int data_fd, bool create)
{
        /* Narrow until it has the data file's mode. */
        const struct path_request request = {.path = path, .no_follow = true, .mode = 0600};

        for (int tries = 0; tries < PATH_NAME_TRIES; tries++) {
                int err = open_once(side, &request, data_fd, create);

                if (err != 0)
                        return err;
                if (path_names(&request, side->fd)) {
                        if (side->made)
                                storage_copy_mode(data_fd, side->fd);
                        err = entry_find(&request, side->fd, &side->entry);
                        if (err != 0 && side->made)
                                path_remove(&request);
                        return err;
                }
                file_lock_close(side->fd, side->locked);
                side->fd = -1;
        }
        return -EBUSY;
}

static int make_buffers(struct side_file *side, uint64_t size)
{
        side->slots = side_slots(size);
        side->second_is_newer = bitmap_create(BITMAP_WORDS(side->slots));
        side->buffer = memory_aligned(sizeof(void *), BUFFER);
        return side->second_is_newer == NULL || side->buffer == NULL ? -ENOMEM : 0;
}

/* ---- the header */

static int store_head(struct side_file *side, const struct side_subject *subject, unsigned int copy)
{
        const uint64_t words[HEAD_IDENTITY] = {
                [HEAD_SEQUENCE] = ++side->sequence,
                [HEAD_EPOCH] = side->epoch,
                [HEAD_SESSION] = side->session,
                [HEAD_DEVICE] = subject->file.device,
                [HEAD_INODE] = subject->file.inode,
                [HEAD_BORN_SECONDS] = subject->file.born_seconds,
                [HEAD_BORN_NANOSECONDS] = subject->file.born_nanoseconds,
                [HEAD_SIZE] = subject->size,
                [HEAD_IDENTITY_LENGTH] = subject->identity_length,
        };
        unsigned char bytes[HEAD_BYTES] = {0};

        for (size_t i = 0; i < HEAD_IDENTITY; i++)
                serialize_word(bytes, i, words[i]);
        memcpy(bytes + SERIALIZED_MAGIC_SIZE + 8 * (size_t)HEAD_IDENTITY, subject->identity,
               LONGEST_IDENTITY);
        serialize_frame(bytes, MAGIC, HEAD_WORDS);
        return storage_write(side->fd, (uint64_t)copy * PAGE, bytes, sizeof(bytes));
}

/* Both copies, one after the other: no older epoch or session is left that damage could revive. */
static int store_heads(struct side_file *side, const struct side_subject *subject)
{
        int err = random_word(&side->session);

        for (unsigned int copy = 0; err == 0 && copy < 2; copy++) {
                err = store_head(side, subject, copy);
                if (err == 0)
                        err = side_sync(side);
        }
        return err;
}

/* -EBADMSG; or -ESTALE: the file ends before. */
static int read_head(const struct side_file *side, unsigned int copy, unsigned char *bytes)
{
        int err = storage_read(side->fd, (uint64_t)copy * PAGE, bytes, HEAD_BYTES);

        return err != 0 ? err : deserialize_frame(bytes, HEAD_BYTES, MAGIC, HEAD_WORDS);
}

/* The newer of the copies that are whole. */
static int load_head(const struct side_file *side, unsigned char *bytes)
{
        unsigned char second[HEAD_BYTES];
        int first = read_head(side, 0, bytes), err = read_head(side, 1, second);

        if (err == 0 && (first != 0 || deserialize_word(second, HEAD_SEQUENCE) >
                                               deserialize_word(bytes, HEAD_SEQUENCE)))
                memcpy(bytes, second, sizeof(second));
        if (first == 0 || err == 0)
                return 0;
        return first == -ESTALE ? -EBADMSG : first;
}

static bool is_about(const unsigned char *head, const struct side_subject *subject)
{
        const unsigned char *identity = head + SERIALIZED_MAGIC_SIZE + 8 * (size_t)HEAD_IDENTITY;
        const struct file_identity file = {
                .device = deserialize_word(head, HEAD_DEVICE),
                .inode = deserialize_word(head, HEAD_INODE),
                .born_seconds = deserialize_word(head, HEAD_BORN_SECONDS),
                .born_nanoseconds = deserialize_word(head, HEAD_BORN_NANOSECONDS),
        };

        return file_identity_equal(&file, &subject->file) &&
               deserialize_word(head, HEAD_IDENTITY_LENGTH) == subject->identity_length &&
               memcmp(identity, subject->identity, LONGEST_IDENTITY) == 0;
}

int side_check_session(const struct side_file *side)
{
        unsigned char head[HEAD_BYTES];
        int err = side->locked ? 0 : load_head(side, head);

        if (err != 0 || side->locked)
                return err;
        return deserialize_word(head, HEAD_SESSION) == side->session ? 0 : -EBUSY;
}

/* ---- the slots */

enum slot_state { SLOT_NONE, SLOT_WHOLE, SLOT_DAMAGED };

static bool is_blank(const unsigned char *slot)
{
        return slot[0] == 0 && memcmp(slot, slot + 1, SLOT_BYTES - 1) == 0;
}

static enum slot_state check_slot(const struct side_file *side, uint64_t number,
                                  const unsigned char *slot)
{
        if (is_blank(slot))
                return SLOT_NONE;
        if (load_le64(slot + SLOT_SUMMED) != checksum_bytes(slot, SLOT_SUMMED))
                return SLOT_DAMAGED;
        if (load_le64(slot + 8 * SLOT_EPOCH) != side->epoch)
                return SLOT_NONE;
        return load_le64(slot + 8 * SLOT_NUMBER) == number ? SLOT_WHOLE : SLOT_DAMAGED;
}

static uint64_t sequence_of(const unsigned char *slot)
{
        return load_le64(slot + 8 * SLOT_SEQUENCE);
}

/*
 * The newer copy counts. Where it is damaged the older one does, which may lack what was synced
 * last, but has nothing that was given back: side_put is called twice for that. One damaged copy
 * beside none is what a crash during the first write leaves.
 */
static int load_slot(struct side_file *side, uint64_t number, const unsigned char *first,
                     const unsigned char *second, _Atomic uint64_t *bits)
{
        enum slot_state one = check_slot(side, number, first);
        enum slot_state two = check_slot(side, number, second);
        bool newer = two == SLOT_WHOLE &&
                     (one != SLOT_WHOLE || sequence_of(second) > sequence_of(first));
        const unsigned char *slot = newer ? second : first;

        if (one == SLOT_DAMAGED && two == SLOT_DAMAGED)
                return -EBADMSG;
        /* What is damaged is the older copy, to be written next. */
        if (newer || (one == SLOT_DAMAGED && two == SLOT_NONE))
                bitmap_force(side->second_is_newer, number, number + 1, true);
        if (one != SLOT_WHOLE && two != SLOT_WHOLE)
                return 0;
        side->sequence = max_u64(side->sequence, sequence_of(slot));
        for (size_t i = 0; i < SLOT_WORDS; i++) {
                uint64_t word = load_le64(slot + 8 * (SLOT_HEAD + i));

                if (word != 0 && bits != NULL)
                        atomic_store_explicit(&bits[number * SLOT_WORDS + i], word,
                                              memory_order_relaxed);
        }
        return 0;
}

/* bits NULL: looks for damage only. */
static int load_slots(struct side_file *side, _Atomic uint64_t *bits)
{
        const size_t half = BUFFER / 2, most = half / SLOT_BYTES;
        unsigned char *first = side->buffer, *second = side->buffer + half;
        int err = 0;

        for (uint64_t slot = 0; err == 0 && slot < side->slots; slot += most) {
                size_t count = (size_t)min_u64(side->slots - slot, most);
                uint64_t at = slot * SLOT_BYTES;

                err = storage_read(side->fd, copy_start(side->slots, 0) + at, first,
                                   count * SLOT_BYTES);
                if (err == 0)
                        err = storage_read(side->fd, copy_start(side->slots, 1) + at, second,
                                           count * SLOT_BYTES);
                for (size_t i = 0; err == 0 && i < count; i++)
                        err = load_slot(side, slot + i, first + i * SLOT_BYTES,
                                        second + i * SLOT_BYTES, bits);
        }
        return err == -ESTALE ? -EBADMSG : err; /* it ends early */
}

/* ---- reset and load */

/* Space for everything, so that a full disk shows now. */
static int make_room(const struct side_file *side)
{
        uint64_t size = copy_start(side->slots, 2);
        struct file_system file_system;
        bool reserved;
        int err = storage_check_limit(size);

        if (err == 0)
                err = storage_resize(side->fd, 0);
        if (err == 0)
                err = storage_resize(side->fd, size);
        if (err == 0)
                err = file_system_of(side->fd, &file_system);
        if (err == 0)
                err = storage_reserve(side->fd, &file_system, size, &reserved);
        return err == -EOPNOTSUPP ? 0 : err;
}

bool side_is_unmade(const struct side_file *side, uint64_t size)
{
        unsigned char bytes[PAGE];
        uint64_t length;

        if (storage_size(side->fd, &length) != 0 ||
            (length != 0 && length != copy_start(side_slots(size), 2)))
                return false;
        for (uint64_t at = 0; at < length; at += PAGE)
                if (storage_read(side->fd, at, bytes, PAGE) != 0 || bytes[0] != 0 ||
                    memcmp(bytes, bytes + 1, PAGE - 1) != 0)
                        return false;
        return true;
}

/*
 * Is it a side file for a data file of this size, without damage? Then a new header is enough: one
 * step.
 */
static bool is_side_file(struct side_file *side, uint64_t size)
{
        unsigned char head[HEAD_BYTES];
        uint64_t now;

        if (storage_size(side->fd, &now) != 0 || now != copy_start(side_slots(size), 2) ||
            load_head(side, head) != 0 || deserialize_word(head, HEAD_SIZE) != size)
                return false;
        side->sequence = deserialize_word(head, HEAD_SEQUENCE);
        return load_slots(side, NULL) == 0;
}

static int sync_name(const struct side_file *side)
{
        int err = entry_sync(&side->entry);

        return err == -EOPNOTSUPP ? 0 : err;
}

int side_reset(struct side_file *side, const struct side_subject *subject)
{
        int err = make_buffers(side, subject->size);

        if (err == 0)
                err = random_word(&side->epoch);
        if (err == 0 && !is_side_file(side, subject->size))
                err = make_room(side);
        if (err == 0)
                err = store_heads(side, subject);
        if (err == 0)
                err = writeback_sync(side->fd, NULL, true);
        return err != 0 ? err : sync_name(side);
}

int side_check(struct side_file *side, const struct side_subject *subject, uint64_t *size)
{
        unsigned char head[HEAD_BYTES];
        int err = load_head(side, head);

        if (err != 0)
                return err;
        if (!is_about(head, subject))
                return -ESTALE;
        *size = deserialize_word(head, HEAD_SIZE);
        side->epoch = deserialize_word(head, HEAD_EPOCH);
        side->sequence = deserialize_word(head, HEAD_SEQUENCE);
        return 0;
}

int side_load(struct side_file *side, const struct side_subject *subject, _Atomic uint64_t *bits)
{
        int err = make_buffers(side, subject->size);

        if (err == 0)
                err = load_slots(side, bits);
        if (err == 0)
                err = store_heads(side, subject);
        /* The run that made it may have been killed before it did this. */
        return err != 0 ? err : sync_name(side);
}

/* ---- store */

static unsigned int older_copy(const struct side_file *side, uint64_t slot)
{
        return bitmap_any(side->second_is_newer, slot, slot + 1) ? 0 : 1;
}

int side_flush(struct side_file *side)
{
        size_t length = side->buffered;

        side->buffered = 0;
        return length == 0 ? 0 : storage_write(side->fd, side->at, side->buffer, length);
}

int side_put(struct side_file *side, uint64_t slot, const uint64_t words[SLOT_WORDS])
{
        uint64_t at = copy_start(side->slots, older_copy(side, slot)) + slot * SLOT_BYTES;
        unsigned char *bytes;
        int err = 0;

        if (at != side->at + side->buffered || side->buffered == BUFFER)
                err = side_flush(side);
        if (err != 0)
                return err;
        if (side->buffered == 0)
                side->at = at;
        bytes = side->buffer + side->buffered;
        store_le64(bytes + 8 * SLOT_EPOCH, side->epoch);
        store_le64(bytes + 8 * SLOT_NUMBER, slot);
        store_le64(bytes + 8 * SLOT_SEQUENCE, ++side->sequence);
        for (size_t i = 0; i < SLOT_WORDS; i++)
                store_le64(bytes + 8 * (SLOT_HEAD + i), words[i]);
        store_le64(bytes + SLOT_SUMMED, checksum_bytes(bytes, SLOT_SUMMED));
        side->buffered += SLOT_BYTES;
        return 0;
}

int side_sync(const struct side_file *side)
{
        return writeback_sync(side->fd, NULL, false);
}

void side_turn(struct side_file *side, uint64_t slot)
{
        bitmap_force(side->second_is_newer, slot, slot + 1, older_copy(side, slot) == 1);
}

/* ---- the end */

int side_remove(struct side_file *side)
{
        int err = side->entry.name == NULL ? -ENOENT : entry_check(&side->entry, side->fd);

        if (err == -ENOENT || err == -ESTALE)
                return 0; /* the name is another file's */
        if (err != 0)
                return err;
        entry_remove(&side->entry);
        return sync_name(side);
}

void side_close(struct side_file *side, bool leave)
{
        file_lock_close(side->fd, side->locked && !leave);
        side->fd = -1;
        entry_free(&side->entry);
        bitmap_destroy(side->second_is_newer);
        memory_free(side->buffer);
        side->second_is_newer = NULL;
        side->buffer = NULL;
}
