/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * append-records.c - a log in which each record is durable, and which survives a killed writer
 *
 *      cc append-records.c $(pkg-config --cflags --libs ranged-mmap) -o append-records
 *
 *      append-records FILE              show the records of FILE
 *      append-records FILE TEXT...      append each TEXT
 *      append-records                   test: kill a writer, and let another one continue
 *
 * A record is its length, a checksum, and its text. The file holds zeros after the last record, so
 * a reader finds the records without an index. Reading is by offset and needs no range. A writer
 * claims the whole file as one range, and writes each record into it.
 */
#include <errno.h>
#include <inttypes.h>
#include <rmmap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_SIZE = 1024 * 1024, MAX_TEXT = 1000 };

struct record {
        uint32_t length, checksum;
        char text[MAX_TEXT];
};
enum { HEAD = offsetof(struct record, text) };

struct log {
        struct rmmap_file *file;
        struct rmmap_range range;
        uint64_t end;   /* where the next record goes */
        uint64_t count; /* records before it */
};

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

/* 1: a whole record begins at place; 0: none does; less: an error. */
static int read_record(struct rmmap_file *file, uint64_t place, struct record *record)
{
        uint64_t left = rmmap_size(file) - place;
        int error;

        if (left <= HEAD)
                return 0;
        error = rmmap_raw_read(file, place, record, HEAD, NULL);
        if (error)
                return error;
        if (!record->length || record->length > MAX_TEXT || record->length > left - HEAD)
                return 0;
        error = rmmap_raw_read(file, place + HEAD, record->text, record->length, NULL);
        if (error)
                return error;
        return checksum(record, place) == record->checksum;
}

/* Finds the end of the log and counts its records. */
static int find_end(struct log *log, bool show)
{
        struct record record;
        int found;

        while ((found = read_record(log->file, log->end, &record)) == 1) {
                if (show)
                        printf("%.*s\n", (int)record.length, record.text);
                log->end += HEAD + record.length;
                log->count++;
        }
        return found;
}

/* A killed writer may have left a part of a record: overwrites the longest possible one. */
static int wipe_end(const struct log *log)
{
        static const struct record zeros;
        uint64_t left = rmmap_range_length(log->range) - log->end;
        size_t length = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);
        int error = rmmap_write_within(log->file, log->range, log->end, &zeros, length);

        return error ? error : rmmap_sync_within(log->file, log->range, log->end, length);
}

static int log_show(const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct log log = {0};
        int error;

        options.flags = RMMAP_READ_ONLY;
        error = rmmap_open(path, &options, &log.file);
        if (!error)
                error = find_end(&log, true);
        rmmap_release(log.file);
        return error;
}

/* After an open no range of the existing file belongs to anyone, so the writer claims it. */
static int log_open(struct log *log, const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        int error;

        *log = (struct log){0};
        options.flags = RMMAP_LOCK_FILE; /* one writer at a time */
        error = rmmap_open(path, &options, &log->file);
        if (error == -ENOENT || error == -ENODATA) {
                error = rmmap_create(path, LOG_SIZE, &options, &log->file);
                if (!error)
                        error = rmmap_allocate(log->file, LOG_SIZE, &log->range);
        } else if (!error) {
                error = rmmap_claim_range(log->file, 0, rmmap_size(log->file), &log->range);
        }
        if (!error)
                error = find_end(log, false);
        if (!error)
                error = wipe_end(log);
        if (error)
                log->file = rmmap_release(log->file);
        return error;
}

/* Durable when it returns 0. */
static int log_append(struct log *log, const char *text)
{
        struct record record = {0};
        size_t length = strlen(text), size = HEAD + length;
        int error;

        if (!length || length > MAX_TEXT)
                return -EMSGSIZE;
        if (size > rmmap_range_length(log->range) - log->end)
                return -ENOSPC;
        memcpy(record.text, text, length);
        record.length = (uint32_t)length;
        record.checksum = checksum(&record, log->end);
        error = rmmap_write_within(log->file, log->range, log->end, &record, size);
        if (!error)
                error = rmmap_sync_within(log->file, log->range, log->end, size);
        if (!error) {
                log->end += size;
                log->count++;
        }
        return error;
}

/* Appends until it is killed, and reports each durable record by a byte. */
static void write_for_ever(const char *path, int report)
{
        struct log log;
        char text[64];
        int error = log_open(&log, path);

        while (!error) {
                snprintf(text, sizeof(text), "record number %" PRIu64, log.count);
                error = log_append(&log, text);
                if (!error && write(report, "", 1) != 1)
                        error = -errno;
        }
        _exit(EXIT_FAILURE);
}

/* Kills a writer after some records. Returns how many it had reported as durable, or an error. */
static int kill_a_writer(const char *path, int records)
{
        int report[2], said = 0;
        pid_t writer;
        char byte;

        if (pipe(report))
                return -errno;
        writer = fork();
        if (writer < 0)
                return -errno;
        if (!writer)
                write_for_ever(path, report[1]);
        close(report[1]);
        while (said < records && read(report[0], &byte, 1) == 1)
                said++;
        kill(writer, SIGKILL);
        while (read(report[0], &byte, 1) == 1)
                said++;
        waitpid(writer, NULL, 0);
        close(report[0]);
        return said;
}

static int prove(const char *path)
{
        uint64_t promised = 0;

        for (int life = 1; life <= 3; life++) {
                struct log log;
                int said = kill_a_writer(path, 50);
                int error = said < 0 ? said : log_open(&log, path);

                if (error)
                        return error;
                promised += (uint64_t)said;
                printf("writer %d was killed: %" PRIu64 " records durable so far, %" PRIu64
                       " found\n",
                       life, promised, log.count);
                rmmap_release(log.file);
                if (said < 50 || log.count < promised) /* one more may be durable, but unreported */
                        return -EBADMSG;
                promised = log.count;
        }
        return 0;
}

static int run(int argc, char **argv)
{
        struct log log;
        int error = log_open(&log, argv[1]);

        for (int i = 2; i < argc && !error; i++)
                error = log_append(&log, argv[i]);
        if (!error)
                rmmap_release(log.file);
        return error;
}

int main(int argc, char **argv)
{
        char temporary[] = "/tmp/append-records.XXXXXX";
        int fd, error;

        if (argc > 1 && argv[1][0] == '-') {
                puts("usage: append-records [FILE [TEXT ...]]");
                return strcmp(argv[1], "--help") ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        if (argc > 2) {
                error = run(argc, argv);
        } else if (argc == 2) {
                error = log_show(argv[1]);
        } else {
                fd = mkstemp(temporary);
                error = fd < 0 ? -errno : prove(temporary);
                unlink(temporary);
        }
        if (error)
                fprintf(stderr, "append-records: %s: %s\n", argc > 1 ? argv[1] : temporary,
                        strerror(-error));
        return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
