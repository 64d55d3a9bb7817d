/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checked.h"
#include "crash/volatile-fs.h"

#define LONGEST_WRITE (128u << 10)

struct server {
        struct store *store;
        int device;
        enum volatile_fs_caching caching;
};

/* In a request, after its header. */
struct request {
        const struct fuse_in_header *header;
        const void *body;
};

/* ---- answering ------------------------------------------------------------------------------ */

static void reply(const struct server *server, const struct request *request, int err,
                  const void *body, size_t length)
{
        struct fuse_out_header header = {.error = err, .unique = request->header->unique};
        struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)body, length}};

        header.len = (uint32_t)(sizeof(header) + (err == 0 ? length : 0));
        /* It fails when who asked was interrupted: nobody waits then. */
        if (writev(server->device, parts, err == 0 && length > 0 ? 2 : 1) < 0)
                return;
}

static struct node *node_of(const struct server *server, const struct request *request)
{
        uint64_t id = request->header->nodeid;

        return id > FUSE_ROOT_ID && id - FUSE_ROOT_ID <= server->store->count
                       ? &server->store->nodes[id - FUSE_ROOT_ID - 1]
                       : NULL;
}

static struct fuse_attr attributes_of(const struct server *server, const struct node *node)
{
        struct fuse_attr attributes = {.ino = FUSE_ROOT_ID, .mode = S_IFDIR | 0755, .nlink = 2};

        if (node == NULL)
                return attributes;
        attributes.ino = (uint64_t)(node - server->store->nodes) + FUSE_ROOT_ID + 1;
        attributes.mode = S_IFREG | 0600;
        attributes.nlink = 1;
        attributes.size = node->size;
        attributes.blocks = (node->size + STORE_SECTOR - 1) / STORE_SECTOR;
        attributes.blksize = 4096;
        return attributes;
}

static struct fuse_entry_out entry_of(const struct server *server, const struct node *node)
{
        struct fuse_entry_out entry = {.generation = node->births};

        entry.attr = attributes_of(server, node);
        entry.nodeid = entry.attr.ino;
        return entry;
}

static struct fuse_open_out opened(const struct server *server)
{
        struct fuse_open_out open = {0};

        if (server->caching == VOLATILE_FS_DIRECT)
                open.open_flags = FOPEN_DIRECT_IO;
        return open;
}

/* ---- the requests --------------------------------------------------------------------------- */

static void do_init(const struct server *server, const struct request *request)
{
        const struct fuse_init_in *in = request->body;
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                    .minor = FUSE_KERNEL_MINOR_VERSION,
                                    .max_readahead = in->max_readahead,
                                    .max_write = LONGEST_WRITE,
                                    .max_background = 16,
                                    .congestion_threshold = 12};

        out.minor = (uint32_t)min_u64(out.minor, in->minor);
        out.flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES;
        out.max_pages = LONGEST_WRITE / 4096;
        if (server->caching == VOLATILE_FS_WRITE_BACK)
                out.flags |= FUSE_WRITEBACK_CACHE;
        out.flags &= in->flags;
        reply(server, request, 0, &out, sizeof(out));
}

static void do_lookup(const struct server *server, const struct request *request)
{
        const struct node *node = store_find(server->store, request->body);
        struct fuse_entry_out out;

        if (node == NULL) {
                reply(server, request, -ENOENT, NULL, 0);
                return;
        }
        out = entry_of(server, node);
        reply(server, request, 0, &out, sizeof(out));
}

static void do_getattr(const struct server *server, const struct request *request)
{
        struct fuse_attr_out out = {.attr = attributes_of(server, node_of(server, request))};

        reply(server, request, 0, &out, sizeof(out));
}

static void do_setattr(const struct server *server, const struct request *request)
{
        const struct fuse_setattr_in *in = request->body;
        struct node *node = node_of(server, request);

        if ((in->valid & FATTR_SIZE) &&
            (node == NULL || !store_resize(server->store, node, in->size)))
                reply(server, request, -EFBIG, NULL, 0);
        else
                do_getattr(server, request);
}

static void do_create(const struct server *server, const struct request *request)
{
        const char *name = (const char *)request->body + sizeof(struct fuse_create_in);
        struct node *node = store_find(server->store, name);
        struct {
                struct fuse_entry_out entry;
                struct fuse_open_out open;
        } out;

        if (node == NULL)
                node = store_make(server->store, name);
        if (node == NULL) {
                reply(server, request, -ENOSPC, NULL, 0);
                return;
        }
        out.entry = entry_of(server, node);
        out.open = opened(server);
        reply(server, request, 0, &out, sizeof(out));
}

static void do_unlink(const struct server *server, const struct request *request)
{
        struct node *node = store_find(server->store, request->body);

        if (node != NULL)
                store_remove(server->store, node);
        reply(server, request, node == NULL ? -ENOENT : 0, NULL, 0);
}

static void do_open(const struct server *server, const struct request *request)
{
        struct fuse_open_out out = opened(server);

        reply(server, request, 0, &out, sizeof(out));
}

static void do_read(const struct server *server, const struct request *request)
{
        const struct fuse_read_in *in = request->body;
        const struct node *node = node_of(server, request);
        uint64_t there;

        if (node == NULL) {
                reply(server, request, -EISDIR, NULL, 0);
                return;
        }
        there = in->offset < node->size ? node->size - in->offset : 0;
        reply(server, request, 0, node->data + in->offset, (size_t)min_u64(there, in->size));
}

/* Is it data that is to be lost? Other writes, like those of a journal, succeed. */
static bool write_fails(const struct server *server, const struct fuse_write_in *in)
{
        uint64_t marked = atomic_load(&server->store->fail_writes), begin;

        if (marked == 0 || in->size < sizeof(begin))
                return false;
        memcpy(&begin, in + 1, sizeof(begin));
        return begin == marked;
}

static void do_write(const struct server *server, const struct request *request)
{
        const struct fuse_write_in *in = request->body;
        struct fuse_write_out out = {.size = in->size};
        struct node *node = node_of(server, request);

        if (write_fails(server, in))
                reply(server, request, -EIO, NULL, 0);
        else if (node == NULL || !store_write(server->store, node, in->offset, in + 1, in->size))
                reply(server, request, -EFBIG, NULL, 0);
        else
                reply(server, request, 0, &out, sizeof(out));
        atomic_fetch_add(&server->store->writes, 1);
}

static void do_fsync(const struct server *server, const struct request *request)
{
        struct node *node = node_of(server, request);

        atomic_fetch_add(&server->store->syncs, 1);
        if (atomic_load(&server->store->fail_syncs)) {
                reply(server, request, -EIO, NULL, 0);
                return;
        }
        if (request->header->opcode == FUSE_FSYNCDIR)
                store_sync_names(server->store);
        else if (node != NULL)
                store_sync(node);
        reply(server, request, 0, NULL, 0);
}

static void do_statfs(const struct server *server, const struct request *request)
{
        struct fuse_statfs_out out = {.st = {.blocks = 1 << 20,
                                             .bfree = 1 << 19,
                                             .bavail = 1 << 19,
                                             .bsize = 4096,
                                             .frsize = 4096,
                                             .namelen = STORE_NAME - 1}};

        reply(server, request, 0, &out, sizeof(out));
}

static void do_nothing(const struct server *server, const struct request *request)
{
        reply(server, request, 0, NULL, 0);
}

/* No reply is awaited. */
static void do_silently(const struct server *server, const struct request *request)
{
        (void)server;
        (void)request;
}

/* even_off: also without power. */
static const struct operation {
        void (*perform)(const struct server *server, const struct request *request);
        bool even_off;
} operations[] = {
        [FUSE_INIT] = {do_init, true},          [FUSE_LOOKUP] = {do_lookup, false},
        [FUSE_FORGET] = {do_silently, true},    [FUSE_BATCH_FORGET] = {do_silently, true},
        [FUSE_INTERRUPT] = {do_silently, true}, [FUSE_GETATTR] = {do_getattr, false},
        [FUSE_SETATTR] = {do_setattr, false},   [FUSE_CREATE] = {do_create, false},
        [FUSE_UNLINK] = {do_unlink, false},     [FUSE_OPEN] = {do_open, false},
        [FUSE_OPENDIR] = {do_open, false},      [FUSE_READ] = {do_read, false},
        [FUSE_READDIR] = {do_nothing, false},   [FUSE_WRITE] = {do_write, false},
        [FUSE_FLUSH] = {do_nothing, false},     [FUSE_FSYNC] = {do_fsync, false},
        [FUSE_FSYNCDIR] = {do_fsync, false},    [FUSE_STATFS] = {do_statfs, false},
        [FUSE_RELEASE] = {do_nothing, true},    [FUSE_RELEASEDIR] = {do_nothing, true},
        [FUSE_DESTROY] = {do_nothing, true},
};

/* ---- serving -------------------------------------------------------------------------------- */

static void answer(const struct server *server, const struct request *request)
{
        uint32_t opcode = request->header->opcode;
        const struct operation *operation =
                opcode < sizeof(operations) / sizeof(operations[0]) ? &operations[opcode] : NULL;

        if (operation == NULL || operation->perform == NULL)
                reply(server, request, -ENOSYS, NULL, 0);
        else if (atomic_load(&server->store->off) && !operation->even_off)
                reply(server, request, -EIO, NULL, 0);
        else
                operation->perform(server, request);
}

static _Noreturn void serve(const struct server *server)
{
        static _Alignas(8) unsigned char buffer[LONGEST_WRITE + 65536];

        for (;;) {
                ssize_t got = read(server->device, buffer, sizeof(buffer));
                struct request request = {(const struct fuse_in_header *)(const void *)buffer,
                                          buffer + sizeof(struct fuse_in_header)};

                if (got > 0)
                        answer(server, &request);
                else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
                        _exit(errno == ENODEV ? 0 : 1);
        }
}

pid_t volatile_fs_mount(struct store *store, const char *directory,
                        enum volatile_fs_caching caching)
{
        struct server server = {store, open("/dev/fuse", O_RDWR | O_CLOEXEC), caching};
        char options[128];
        pid_t child;

        if (server.device < 0)
                return -errno;
        snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
                 server.device);
        child = mount("volatile", directory, "fuse", MS_NOSUID | MS_NODEV, options) == 0 ? fork()
                                                                                         : -1;
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(&server);
        }
        if (child < 0)
                child = -errno;
        close(server.device);
        return child;
}
