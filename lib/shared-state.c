/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "base/sync-annotations.h"
#include "os/fork-generation.h"
#include "rmmap.h"
#include "serialize.h"
#include "shared-state.h"

#define MAGIC "RMMSHAR1"
#define PAGE 4096
#define COUNTER_AT PAGE
#define SESSION_AT (PAGE + 64)
#define MARK_AT ((uint64_t)2 * PAGE)
#define STATE_SIZE ((size_t)3 * PAGE)

enum {
        HEADER_ID,
        HEADER_DEVICE,
        HEADER_INODE,
        HEADER_BORN_SECONDS,
        HEADER_BORN_NANOSECONDS,
        HEADER_SIZE,     /* of the data file */
        HEADER_MAX_SIZE, /* to which it may grow */
        HEADER_LITTLE,   /* 1: the other pages' words are little-endian */
        HEADER_WORDS,
};

/* The mark is written so far ahead, or a sixteenth of the file: most syncs then find it there. */
#define STEP ((uint64_t)64 << 20)

/* ---- words */

static uint64_t is_little_endian(void)
{
        const uint64_t one = 1;
        unsigned char first;

        memcpy(&first, &one, 1);
        return first;
}

static uint64_t checksum_with_id(uint64_t word, uint64_t id)
{
        unsigned char summed[16];

        store_le64(summed, word);
        store_le64(summed + 8, id);
        return checksum_bytes(summed, sizeof(summed));
}

#define MARK_SHIFT 40

/* Bytes, a multiple of the alignment, as a mark. */
static uint64_t mark_of(uint64_t bytes, uint64_t id)
{
        uint64_t units = bytes / RMMAP_ALIGNMENT;

        return units | checksum_with_id(units, id) << MARK_SHIFT;
}

static uint64_t mark_bytes(uint64_t mark)
{
        return (mark & ((UINT64_C(1) << MARK_SHIFT) - 1)) * RMMAP_ALIGNMENT;
}

/* Relaxed: the words publish nothing else; what orders them is said where it matters. */
static uint64_t load(const _Atomic uint64_t *word)
{
        return atomic_load_explicit(word, memory_order_relaxed);
}

static void raise_counter(struct shared_state *state, uint64_t to)
{
        uint64_t seen = load(state->counter);

        while (seen < to &&
               !atomic_compare_exchange_weak_explicit(state->counter, &seen, to,
                                                      memory_order_relaxed, memory_order_relaxed))
                ;
}

/* ---- making it */

static int fill_header(const struct shared_request *request, uint64_t id, unsigned char *to)
{
        struct file_identity data;
        uint64_t words[HEADER_WORDS];
        int err = storage_identity(request->data, &data);

        words[HEADER_ID] = id;
        words[HEADER_DEVICE] = data.device;
        words[HEADER_INODE] = data.inode;
        words[HEADER_BORN_SECONDS] = data.born_seconds;
        words[HEADER_BORN_NANOSECONDS] = data.born_nanoseconds;
        words[HEADER_SIZE] = request->total;
        words[HEADER_MAX_SIZE] = request->max_total;
        words[HEADER_LITTLE] = is_little_endian();
        if (err == 0)
                serialize_words(to, MAGIC, words, HEADER_WORDS);
        return err;
}

static int fill(const struct shared_request *request, int fd, uint64_t id)
{
        unsigned char *bytes = memory_zeroed(STATE_SIZE, 1);
        uint64_t counter = rmmap_align_up(request->first), mark = mark_of(counter, id), session = 0;
        int err;

        if (bytes == NULL)
                return -ENOMEM;
        (void)storage_session(fd, &session);
        memcpy(bytes + COUNTER_AT, &counter, sizeof(counter));
        memcpy(bytes + SESSION_AT, &session, sizeof(session));
        memcpy(bytes + MARK_AT, &mark, sizeof(mark));
        err = fill_header(request, id, bytes);
        if (err == 0)
                err = storage_write(fd, 0, bytes, STATE_SIZE);
        if (err == 0)
                err = writeback_sync(fd, NULL, true);
        memory_free(bytes);
        return err;
}

/* Elsewhere each machine or client may have a copy of its own. */
static int check_place(int fd)
{
        struct file_system file_system;
        int err = file_system_of(fd, &file_system);

        if (err != 0)
                return err;
        return file_system.coherent ? 0 : -EOPNOTSUPP;
}

/* In one step, and never in the place of another file. */
static int give_name(const char *hidden, const char *path)
{
        struct entry from = NO_ENTRY, to = NO_ENTRY;
        int err = entry_at(hidden, &from);

        if (err == 0)
                err = entry_at(path, &to);
        if (err == 0)
                err = entry_rename(&from, &to, false);
        if (err == -EOPNOTSUPP) {
                err = entry_link(&from, &to);
                if (err == 0)
                        entry_remove(&from);
        }
        if (err != 0 && from.name != NULL)
                entry_remove(&from);
        entry_free(&from);
        entry_free(&to);
        return err;
}

/* The whole state, durable, before it has its name. -EEXIST: another process was first. */
static int make(const struct shared_request *request, uint64_t *id)
{
        struct path_request hidden = {.must_create = true, .mode = 0666};
        char *path;
        bool made;
        int fd, err = path_hidden_beside(request->path, &path);

        if (err != 0)
                return err;
        hidden.path = path;
        err = path_create(&hidden, &fd, &made);
        if (err == 0) {
                err = check_place(fd);
                if (err == 0)
                        err = random_word(id);
                if (err == 0)
                        err = fill(request, fd, *id);
                storage_close(fd);
                if (err == 0)
                        err = give_name(path, request->path);
                else
                        path_remove(&hidden);
        }
        memory_free(path);
        return err;
}

/* ---- opening it */

/* The size of a data file that can't grow stays; one that can only becomes longer. */
static int check_size(const struct shared_request *request, const uint64_t *words)
{
        bool grows = words[HEADER_MAX_SIZE] > words[HEADER_SIZE];

        if (grows ? request->total < words[HEADER_SIZE] : request->total != words[HEADER_SIZE])
                return -ESTALE;
        return request->max_total > request->total && !grows ? -ESTALE : 0;
}

static int check_file(const struct shared_request *request, const uint64_t *words)
{
        const struct file_identity then = {words[HEADER_DEVICE], words[HEADER_INODE],
                                           words[HEADER_BORN_SECONDS],
                                           words[HEADER_BORN_NANOSECONDS]};
        struct file_identity now;
        int err = storage_identity(request->data, &now);

        if (err != 0)
                return err;
        return file_identity_equal(&then, &now) ? check_size(request, words) : -ESTALE;
}

static int read_header(int fd, uint64_t *words)
{
        unsigned char bytes[SERIALIZED_SIZE(HEADER_WORDS)];
        uint64_t size;
        int err = storage_size(fd, &size);

        if (err == 0 && size != STATE_SIZE)
                err = -EBADMSG;
        if (err == 0)
                err = storage_read(fd, 0, bytes, sizeof(bytes));
        if (err == 0)
                err = deserialize_words(bytes, sizeof(bytes), MAGIC, words, HEADER_WORDS);
        return err == 0 && words[HEADER_LITTLE] != is_little_endian() ? -EBADMSG : err;
}

static int map(struct shared_state *state)
{
        int err = mapping_reserve(&state->mapping, STATE_SIZE, mapping_page_size());

        if (err == 0)
                err = mapping_attach(&state->mapping, state->fd, false);
        if (err != 0)
                return err == -ENODEV ? -EOPNOTSUPP : err;
        state->counter = (_Atomic uint64_t *)(void *)(state->mapping.base + COUNTER_AT);
        state->session = (_Atomic uint64_t *)(void *)(state->mapping.base + SESSION_AT);
        state->mark = (_Atomic uint64_t *)(void *)(state->mapping.base + MARK_AT);
        NOTE_ATOMICS(state->mapping.base, STATE_SIZE);
        /* A lock inside the process would keep no other one out. */
        return atomic_is_lock_free(state->counter) ? 0 : -EOPNOTSUPP;
}

static int check_words(const struct shared_state *state)
{
        uint64_t counter = load(state->counter), mark = load(state->mark);

        return is_aligned_to(counter, RMMAP_ALIGNMENT) &&
                               mark == mark_of(mark_bytes(mark), state->id)
                       ? 0
                       : -EBADMSG;
}

/*
 * In place of the session when nobody has the file open: the counter is right, whoever opens it
 * next. Another counter, such as an older one of the disk, has another word. Sessions are odd.
 */
static uint64_t closed_at(uint64_t counter, uint64_t id)
{
        return checksum_with_id(counter, id) & ~UINT64_C(1);
}

/*
 * Release, with the acquire of the next process: who sees the session sees the raised counter.
 * Where files can't be locked, a process that does this while others allocate only skips what they
 * marked ahead.
 */
static void recover(struct shared_state *state)
{
        uint64_t word = atomic_load_explicit(state->session, memory_order_acquire), session = 0;

        (void)storage_session(state->fd, &session);
        if (session != 0 && session == word)
                return;
        if (word != closed_at(load(state->counter), state->id))
                raise_counter(state, mark_bytes(load(state->mark)));
        atomic_store_explicit(state->session, session, memory_order_release);
}

static int begin_use(struct shared_state *state, bool alone)
{
        int err = check_words(state);

        if (err == 0 && alone)
                recover(state);
        return err;
}

/*
 * Each handle holds the shared lock of the file. Only who has the other lock, that of growth, takes
 * or drops it, so who gets the exclusive one then is alone: nobody else has the file open. Nor does
 * anybody get in between while the lock changes. While somebody has the file open, its page cache
 * can't have been lost. A process that is killed has no lock any more.
 */
static int enter(struct shared_state *state)
{
        int got, err = file_lock_wait(state->fd, FILE_LOCK_GROWTH, LOCK_TRIES);

        if (err == -EOPNOTSUPP) /* then each one counts as alone */
                return begin_use(state, true);
        if (err != 0)
                return err;
        got = file_lock_take(state->fd, FILE_LOCK_EXCLUSIVE);
        err = got == 0 || got == -EBUSY || got == -EOPNOTSUPP ? begin_use(state, got != -EBUSY)
                                                              : got;
        if (err == 0 && got != -EOPNOTSUPP) {
                err = file_lock_take(state->fd, FILE_LOCK_SHARED);
                state->locked = err == 0;
        }
        if (err != 0)
                file_lock_drop(state->fd);
        growth_lock_drop(state->fd);
        return err;
}

static int use(const struct shared_request *request, struct shared_state *state)
{
        uint64_t words[HEADER_WORDS];
        int err = check_place(state->fd);

        if (err == 0)
                err = read_header(state->fd, words);
        if (err == 0)
                err = check_file(request, words);
        if (err == 0)
                err = map(state);
        if (err != 0)
                return err;
        state->id = words[HEADER_ID];
        state->max_size = words[HEADER_MAX_SIZE];
        state->grows = words[HEADER_MAX_SIZE] > words[HEADER_SIZE];
        err = fork_generation(&state->generation);
        return err != 0 ? err : enter(state);
}

/* The process that gave the file its name may not have come so far. */
static int sync_name(const char *path)
{
        struct entry entry = NO_ENTRY;
        int err = entry_at(path, &entry);

        if (err == 0)
                err = entry_sync(&entry);
        entry_free(&entry);
        return err != 0 && is_unavailable(-err) ? 0 : err;
}

static int open_existing(const struct shared_request *request, struct shared_state *state)
{
        struct path_request path = {.path = request->path, .no_follow = true};
        int err = path_open(&path, &state->fd);

        if (err != 0)
                return err;
        err = use(request, state);
        if (err == 0)
                err = sync_name(request->path);
        if (err != 0)
                shared_state_close(state);
        return err;
}

int shared_state_open(const struct shared_request *request, struct shared_state *state)
{
        struct path_request named = {.path = request->path};
        bool named_now = false;
        uint64_t mine = 0;
        int place = check_place(request->data);

        *state = (struct shared_state){.fd = -1};
        if (place != 0)
                return place;
        for (int tries = 0; tries < PATH_NAME_TRIES; tries++) {
                int err = open_existing(request, state);

                state->made = err == 0 && state->id == mine;
                if (err != 0 && err != -ENOENT && named_now && request->alone)
                        path_remove(&named);
                if (err != -ENOENT || request->must_exist)
                        return err;
                err = make(request, &mine);
                named_now = err == 0;
                if (err != 0 && err != -EEXIST)
                        return err;
        }
        return -EBUSY;
}

int shared_state_restart(struct shared_state *state, int data, uint64_t first)
{
        uint64_t counter = rmmap_align_up(first), mark = mark_of(counter, state->id), session = 0;
        int err;

        if (load(state->counter) == counter && load(state->mark) == mark)
                return 0; /* on the disk neither is lower */
        err = writeback_sync(data, NULL, true);
        if (err != 0)
                return err;
        (void)storage_session(state->fd, &session);
        atomic_store_explicit(state->counter, counter, memory_order_relaxed);
        atomic_store_explicit(state->session, session, memory_order_relaxed);
        atomic_store_explicit(state->mark, mark, memory_order_relaxed);
        return mapping_sync(&state->mapping, state->fd, 0, STATE_SIZE);
}

/*
 * By calls, which fail where a disk is full or gone; the mapping would raise SIGBUS. Then the
 * session stays.
 */
static void tell_closed(const struct shared_state *state)
{
        uint64_t counter, closed;

        if (storage_read(state->fd, COUNTER_AT, &counter, sizeof(counter)) != 0)
                return;
        closed = closed_at(counter, state->id);
        (void)storage_write(state->fd, SESSION_AT, &closed, sizeof(closed));
}

/* A forked child has its parent's lock. */
static void leave(struct shared_state *state)
{
        bool turn;

        if (!state->locked || fork_generation_is_past(state->generation))
                return;
        turn = file_lock_wait(state->fd, FILE_LOCK_GROWTH, LOCK_TRIES) == 0;
        if (turn && file_lock_take(state->fd, FILE_LOCK_EXCLUSIVE) == 0)
                tell_closed(state);
        file_lock_drop(state->fd);
        if (turn)
                growth_lock_drop(state->fd);
        state->locked = false;
}

void shared_state_close(struct shared_state *state)
{
        leave(state);
        mapping_free(&state->mapping);
        storage_close(state->fd);
        state->fd = -1;
}

/* Windows removes no file that is mapped. */
void shared_state_remove(struct shared_state *state, const char *path)
{
        struct path_request named = {.path = path, .no_follow = true};
        bool turn;

        if (!state->made)
                return;
        mapping_free(&state->mapping);
        turn = state->locked && file_lock_wait(state->fd, FILE_LOCK_GROWTH, LOCK_TRIES) == 0;
        if ((!state->locked || (turn && file_lock_change(state->fd, FILE_LOCK_EXCLUSIVE) == 0)) &&
            path_names(&named, state->fd))
                path_remove(&named);
        if (turn)
                growth_lock_drop(state->fd);
}

/* ---- the mark */

static bool seems_closed(const struct shared_state *state)
{
        uint64_t word = load(state->session);

        return word != 0 && word % 2 == 0;
}

static void raise_mark(struct shared_state *state, uint64_t end)
{
        /* Whoever made it may have known a lower highest size. */
        uint64_t most = rmmap_align_up(max_u64(state->max_size, end));
        uint64_t step = rmmap_align_up(min_u64(most / 16, STEP));
        uint64_t seen = load(state->mark);
        uint64_t to = mark_of(min_u64(rmmap_align_up(end) + step, most), state->id);

        while (mark_bytes(seen) < end &&
               !atomic_compare_exchange_weak_explicit(state->mark, &seen, to, memory_order_relaxed,
                                                      memory_order_relaxed))
                ;
}

/*
 * A page whose write-back failed before this handle was opened counts as clean, but the disk hasn't
 * got it. If another thread changes the word meanwhile, that makes it dirty.
 */
static void make_dirty(volatile _Atomic uint64_t *word)
{
        uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);

        (void)atomic_compare_exchange_strong_explicit(word, &seen, seen, memory_order_relaxed,
                                                      memory_order_relaxed);
}

/*
 * The word only rises, and each sync writes what it has then: so no process can put an older mark
 * on the disk after a newer one. What another process raised may not be durable yet, so it counts
 * only once this one has synced it. The first sync writes the counter's page too, because the disk
 * may still say there that the file is closed at a lower counter.
 */
int shared_state_mark(struct shared_state *state, uint64_t end)
{
        uint64_t mark, durable = load(&state->durable);
        uint64_t from = durable == 0 ? COUNTER_AT : MARK_AT;
        int err;

        /* Without the locks another handle may tell that the file is closed at any time. */
        if (!state->locked)
                from = COUNTER_AT;
        if (seems_closed(state)) { /* by another process: this one couldn't take the locks */
                atomic_store_explicit(state->session, 0, memory_order_relaxed);
                from = COUNTER_AT;
        } else if (end <= durable && state->locked) {
                return 0;
        }
        if (durable == 0) {
                make_dirty(state->counter);
                make_dirty(state->mark);
        }
        raise_mark(state, end);
        mark = mark_bytes(load(state->mark));
        err = mapping_sync(&state->mapping, state->fd, from, STATE_SIZE - from);
        while (err == 0 && durable < mark &&
               !atomic_compare_exchange_weak_explicit(&state->durable, &durable, mark,
                                                      memory_order_relaxed, memory_order_relaxed))
                ;
        return err;
}
