/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * shared-log.c - a log that several processes write, and that another one reads while it grows
 *
 *      cc shared-log.c $(pkg-config --cflags --libs ranged-mmap) -o shared-log
 *
 *      shared-log write FILE NAME COUNT   append COUNT records; print how many are durable so far
 *      shared-log follow FILE             show the records as they come, until no writer lives
 *      shared-log FILE                    test, in a new log: four writers, one is killed; a reader
 *
 * Each process opens FILE and FILE.state, by which the shared allocator hands no byte out twice.
 * The log is a row of chunks. A writer allocates a chunk, and fills it with records: a length, a
 * checksum, and a text. The first record of a chunk is the number of its writer.
 *
 * Each writer also locks one byte of FILE.writers, at its number. The kernel ends that lock when
 * the process ends, however it ends; so everybody sees which writers live.
 *
 * What a reader may rely on:
 *
 * - A record is there when its checksum says so, and never changes again. Its bytes may become
 *   visible in any order, so a length alone says nothing. What is seen may be lost with the power
 *   until its writer has synced it.
 * - The counter of the allocator only rises, so the chunks of a writer follow one another, and each
 *   one begins with a record before its writer allocates the next. So a writer that lives has left
 *   a chunk for good when one further behind is its own.
 * - Hence a chunk without a first record isn't written yet while some living writer has no chunk
 *   behind it. Otherwise it is a hole: its writer died just after it allocated it, or the power
 *   failed and allocation went on behind it. (Systems other than Linux don't tell a power failure
 *   from a new process, so there each process that opens the log leaves such holes.)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <rmmap.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Chunks start at multiples of their size, because all allocations have it, and because whole
 * chunks are made durable: after a power failure the counter goes on ahead of the last one by a
 * sixteenth of the highest size.
 */
enum { CHUNK = 1 << 16, STEP = 4 * CHUNK, CHUNKS = 4096, MAX_SIZE = CHUNKS * CHUNK };
enum { MAX_TEXT = 1000, BATCH = 10, MAX_WRITERS = 64 };

struct record {
        uint32_t length, checksum;
        char text[MAX_TEXT];
};
enum { HEAD = offsetof(struct record, text) };

/* CRC-32 of place, length and text: a record is valid only at the place where it was written. */
static uint32_t checksum(const struct record *record, uint64_t place)
{
        uint32_t sum = ~((uint32_t)place ^ record->length);

        for (uint32_t i = 0; i < record->length; i++) {
                sum ^= (unsigned char)record->text[i];
                for (int bit = 0; bit < 8; bit++)
                        sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
        }
        return ~sum;
}

/* ---- the files: every process opens them by itself */

/* Only the first process decides the sizes; the others go on where allocation stands. */
static int open_log(const char *path, bool to_write, struct rmmap_file **log)
{
        struct rmmap_shared_config shared = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        char state[4096];

        if (snprintf(state, sizeof(state), "%s.state", path) >= (int)sizeof(state))
                return -ENAMETOOLONG;
        shared.path = state;
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &shared;
        options.max_size = MAX_SIZE; /* only addresses: the file grows by STEP */
        if (to_write) {
                options.flags = RMMAP_KEEP;
                options.grow_step = STEP;
                return rmmap_create(path, STEP, &options, log);
        }
        options.flags = RMMAP_READ_ONLY;
        return rmmap_open(path, &options, log);
}

static int open_locks(const char *path)
{
        char name[4096];
        int fd;

        if (snprintf(name, sizeof(name), "%s.writers", path) >= (int)sizeof(name))
                return -ENAMETOOLONG;
        fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        return fd < 0 ? -errno : fd;
}

static struct flock byte_of(unsigned writer)
{
        return (struct flock){
                .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = writer, .l_len = 1};
}

/* Locks the first number that no living writer has. It stays locked as long as this process. */
static int take_number(int locks, uint32_t *number)
{
        for (*number = 0; *number < MAX_WRITERS; ++*number) {
                struct flock lock = byte_of(*number);

                if (fcntl(locks, F_SETLK, &lock) == 0)
                        return 0;
                if (errno != EACCES && errno != EAGAIN)
                        return -errno;
        }
        return -EBUSY;
}

/* In case of doubt a writer lives: so nothing of it is given up. */
static bool is_alive(int locks, unsigned writer)
{
        struct flock lock = byte_of(writer);

        return fcntl(locks, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

/* ---- a writer */

struct writer {
        struct rmmap_file *log;
        uint32_t number;
        struct rmmap_range chunk;
        uint64_t end, synced; /* offsets in the chunk; 0: there is none yet */
};

static int sync_records(struct writer *writer)
{
        int error = rmmap_sync_within(writer->log, writer->chunk, writer->synced,
                                      writer->end - writer->synced);

        if (!error)
                writer->synced = writer->end;
        return error;
}

/* The caller knows that there is room. */
static int write_record(struct writer *writer, const void *text, size_t length)
{
        struct record record = {.length = (uint32_t)length};
        int error;

        memcpy(record.text, text, length);
        record.checksum = checksum(&record, rmmap_range_start(writer->chunk) + writer->end);
        error = rmmap_write_within(writer->log, writer->chunk, writer->end, &record, HEAD + length);
        if (!error)
                writer->end += HEAD + length;
        return error;
}

/*
 * Lets the file grow when it is full. The sync comes before the first write: it makes durable that
 * these bytes are handed out. So what is found in a chunk was never written for another one.
 */
static int next_chunk(struct writer *writer)
{
        int error = writer->end ? sync_records(writer) : 0;

        if (!error)
                error = rmmap_allocate_exact(writer->log, CHUNK, &writer->chunk);
        if (!error)
                error = rmmap_sync_within(writer->log, writer->chunk, 0, CHUNK);
        if (!error && rmmap_range_start(writer->chunk) % CHUNK)
                error = -EBADMSG; /* somebody allocated something else */
        if (error)
                return error;
        writer->end = writer->synced = 0;
        return write_record(writer, &writer->number, sizeof(writer->number));
}

static int append(struct writer *writer, const char *text)
{
        size_t length = strlen(text);
        int error = 0;

        if (!length || length > MAX_TEXT)
                return -EMSGSIZE;
        if (!writer->end || HEAD + length > CHUNK - writer->end)
                error = next_chunk(writer);
        return error ? error : write_record(writer, text, length);
}

/* Says first that it lives, then how many records are durable. */
static int write_log(const char *path, const char *name, unsigned long count)
{
        struct writer writer = {.log = NULL};
        int locks = open_locks(path), error = locks < 0 ? locks : 0;
        char text[MAX_TEXT + 1];

        if (!error)
                error = take_number(locks, &writer.number);
        if (!error)
                error = open_log(path, true, &writer.log);
        for (unsigned long i = 0; i <= count && !error; i++) {
                if (i && (i % BATCH == 0 || i == count))
                        error = sync_records(&writer);
                if (!error && (i % BATCH == 0 || i == count) &&
                    (printf("%lu\n", i) < 0 || fflush(stdout)))
                        error = -EIO;
                snprintf(text, sizeof(text), "%s %lu something happened", name, i);
                if (!error && i < count)
                        error = append(&writer, text);
        }
        rmmap_release(writer.log);
        return error; /* the lock ends with the process: all of this comes before */
}

/* ---- a reader */

struct chunk {
        bool known; /* its first record was found, which says: */
        bool done;  /* nothing more comes */
        uint32_t writer;
        uint64_t end; /* of the records found so far; offset in the file */
};

struct reader {
        struct rmmap_file *log;
        int locks;
        void (*found)(const char *text);
        bool alive[MAX_WRITERS];      /* when this look began */
        uint64_t latest[MAX_WRITERS]; /* the place of the last chunk of each writer */
        uint64_t count, holes;        /* chunks handed out; of these that nobody will write */
        uint64_t first;               /* all chunks before it are done */
        struct chunk chunks[CHUNKS];
};

/* 1: a whole record begins at place, before end; 0: none does yet; less: an error. */
static int read_record(struct rmmap_file *log, uint64_t place, uint64_t end, struct record *record)
{
        int error;

        if (end - place <= HEAD)
                return 0;
        error = rmmap_raw_read(log, place, record, HEAD, NULL);
        if (error)
                return error;
        if (!record->length || record->length > MAX_TEXT || record->length > end - place - HEAD)
                return 0;
        error = rmmap_raw_read(log, place + HEAD, record->text, record->length, NULL);
        if (error)
                return error;
        return checksum(record, place) == record->checksum;
}

/* Its writer died, or has a chunk further behind. */
static bool has_left(const struct reader *reader, uint32_t writer, uint64_t start)
{
        return !reader->alive[writer] || reader->latest[writer] > start;
}

static bool all_have_left(const struct reader *reader, uint64_t start)
{
        for (uint32_t writer = 0; writer < MAX_WRITERS; writer++)
                if (!has_left(reader, writer, start))
                        return false;
        return true;
}

/* Whose chunk is it? The caller has looked at all chunks behind it before. */
static int identify(struct reader *reader, uint64_t number)
{
        struct chunk *chunk = &reader->chunks[number];
        uint64_t start = number * CHUNK;
        bool hole = all_have_left(reader, start); /* known before the read */
        struct record record;
        int found;

        atomic_thread_fence(memory_order_acquire);
        found = read_record(reader->log, start, start + CHUNK, &record);
        if (found < 0)
                return found;
        if (!found) {
                chunk->done = hole;
                reader->holes += hole;
                return 0;
        }
        if (record.length != sizeof(chunk->writer))
                return -EBADMSG;
        memcpy(&chunk->writer, record.text, sizeof(chunk->writer));
        if (chunk->writer >= MAX_WRITERS)
                return -EBADMSG;
        chunk->known = true;
        chunk->end = start + HEAD + record.length;
        if (start > reader->latest[chunk->writer])
                reader->latest[chunk->writer] = start;
        return 0;
}

/* A torn record stays behind the end: its writer died while it wrote it. */
static int read_chunk(struct reader *reader, uint64_t number)
{
        struct chunk *chunk = &reader->chunks[number];
        uint64_t start = number * CHUNK;
        bool left = has_left(reader, chunk->writer, start); /* known before the reads */
        struct record record;
        char text[MAX_TEXT + 1];
        int found;

        atomic_thread_fence(memory_order_acquire);
        while ((found = read_record(reader->log, chunk->end, start + CHUNK, &record)) == 1) {
                memcpy(text, record.text, record.length);
                text[record.length] = '\0';
                reader->found(text);
                chunk->end += HEAD + record.length;
        }
        chunk->done = left;
        return found;
}

/*
 * Looks once at everything that is new. The order matters: first the counter, then who lives, then
 * the first records, from the last chunk to the first; then the rest. What is learned first stays
 * true while the rest is read. The records of each writer are found in their order: those of a
 * chunk wait until its earlier chunks are done.
 */
static int look(struct reader *reader)
{
        bool waits[MAX_WRITERS] = {false};
        int error = rmmap_grow(reader->log, 0); /* takes over the size that the file has now */

        if (error)
                return error;
        reader->count = rmmap_allocated(reader->log) / CHUNK;
        for (unsigned writer = 0; writer < MAX_WRITERS; writer++)
                reader->alive[writer] = is_alive(reader->locks, writer);
        for (uint64_t i = reader->count; i-- > reader->first && !error;)
                if (!reader->chunks[i].known && !reader->chunks[i].done)
                        error = identify(reader, i);
        for (uint64_t i = reader->first; i < reader->count && !error; i++) {
                const struct chunk *chunk = &reader->chunks[i];

                if (!chunk->known || chunk->done || waits[chunk->writer])
                        continue;
                error = read_chunk(reader, i);
                waits[chunk->writer] = !chunk->done;
        }
        while (reader->first < reader->count && reader->chunks[reader->first].done)
                reader->first++;
        return error;
}

static bool anyone_lives(const struct reader *reader)
{
        for (unsigned writer = 0; writer < MAX_WRITERS; writer++)
                if (reader->alive[writer])
                        return true;
        return false;
}

/*
 * Until no writer lives. One look more finds what the last one allocated after the counter was
 * read.
 */
static int follow(const char *path, void (*found)(const char *text))
{
        static struct reader reader;
        int error;

        reader.found = found;
        reader.locks = open_locks(path);
        if (reader.locks < 0)
                return reader.locks;
        error = open_log(path, false, &reader.log);
        while (!error) {
                error = look(&reader);
                if (!anyone_lives(&reader))
                        break;
                usleep(1000);
        }
        if (!error)
                error = look(&reader);
        if (!error)
                fprintf(stderr, "%" PRIu64 " chunks, %" PRIu64 " of them holes\n", reader.count,
                        reader.holes);
        rmmap_release(reader.log);
        close(reader.locks);
        return error;
}

static void show(const char *text)
{
        puts(text);
        fflush(stdout);
}

/* ---- the test: each writer is this program once more */

enum { WRITERS = 4, RECORDS = 5000, KILLED_AFTER = 1000 };

static struct child {
        pid_t pid;
        FILE *says;
        unsigned long found; /* records, in their order */
        unsigned long durable;
        bool wrong;
} children[WRITERS];

/* The first one writes until it is killed. */
static int start(struct child *child, const char *program, const char *path, int number)
{
        char name[16], count[16];
        int says[2];

        snprintf(name, sizeof(name), "%d", number);
        snprintf(count, sizeof(count), "%d", number ? RECORDS : INT_MAX);
        if (pipe(says))
                return -errno;
        child->pid = fork();
        if (child->pid < 0)
                return -errno;
        if (!child->pid) {
                if (dup2(says[1], STDOUT_FILENO) >= 0 && !close(says[0]))
                        execlp(program, program, "write", path, name, count, (char *)NULL);
                _exit(127);
        }
        close(says[1]);
        child->says = fdopen(says[0], "r");
        if (!child->says)
                return -errno;
        return fscanf(child->says, "%lu", &child->durable) == 1 ? 0 : -ECHILD; /* it lives */
}

static void count_record(const char *text)
{
        unsigned long writer, number;
        struct child *child;

        if (sscanf(text, "%lu %lu", &writer, &number) != 2 || writer >= WRITERS)
                return;
        child = &children[writer];
        child->wrong |= number != child->found++;
        if (writer == 0 && child->found == KILLED_AFTER)
                kill(child->pid, SIGKILL);
}

/* All that a writer said to be durable was found, and all of those that weren't killed. */
static bool verify(struct child *child, int number)
{
        unsigned long durable;
        int status;

        while (fscanf(child->says, "%lu", &durable) == 1)
                child->durable = durable;
        fclose(child->says);
        if (waitpid(child->pid, &status, 0) != child->pid)
                return false;
        printf("writer %d %s: %lu records durable, %lu found\n", number,
               WIFSIGNALED(status) ? "was killed" : "ended", child->durable, child->found);
        if (child->wrong || child->found < child->durable)
                return false;
        return number == 0 ? WIFSIGNALED(status) : child->found == RECORDS;
}

static int test(const char *program, const char *path)
{
        int error = access(path, F_OK) ? 0 : -EEXIST; /* it would have other records, too */

        for (int i = 0; i < WRITERS && !error; i++)
                error = start(&children[i], program, path, i);
        if (!error)
                error = follow(path, count_record);
        for (int i = 0; i < WRITERS && !error; i++)
                if (!verify(&children[i], i))
                        error = -EBADMSG;
        return error;
}

int main(int argc, char **argv)
{
        int error;

        if (argc == 5 && strcmp(argv[1], "write") == 0) {
                error = write_log(argv[2], argv[3], strtoul(argv[4], NULL, 10));
        } else if (argc == 3 && strcmp(argv[1], "follow") == 0) {
                error = follow(argv[2], show);
        } else if (argc == 2 && argv[1][0] != '-') {
                error = test(argv[0], argv[1]);
        } else {
                puts("usage: shared-log FILE | write FILE NAME COUNT | follow FILE");
                return argc == 2 && !strcmp(argv[1], "--help") ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        if (error)
                fprintf(stderr, "shared-log: %s\n", strerror(-error));
        return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
