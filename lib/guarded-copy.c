/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "guarded-copy.h"
#include "memcpy-nt.h"
#include "os/os.h"

/* volatile: done is read after a fault has left the copy by a jump. */
struct copy {
        unsigned char *to;
        const unsigned char *from;
        size_t length;
        bool past_caches;
        volatile size_t done;
};

static void copy_slices(void *arg)
{
        struct copy *copy = arg;

        while (copy->done < copy->length) {
                size_t done = copy->done;
                size_t slice = (size_t)min_u64(GUARDED_COPY_SLICE, copy->length - done);

                if (copy->past_caches)
                        memcpy_nt(copy->to + done, copy->from + done, slice);
                else
                        memcpy(copy->to + done, copy->from + done, slice);
                copy->done = done + slice;
        }
}

const void *guarded_copy_in_slices(const struct rmmap_file *file, void *to, const void *from,
                                   size_t length, bool past_caches, size_t *done)
{
        struct copy copy = {.to = to, .from = from, .length = length, .past_caches = past_caches};
        const void *fault =
                fault_guard_run(file->os.mapping.base, file->os.mapping.length, copy_slices, &copy);

        *done = copy.done;
        return fault;
}

int fault_check_size(const struct rmmap_file *file)
{
        uint64_t now, least = file_size(file); /* read first: the file may grow meanwhile */
        int err = storage_size(file->os.fd, &now);

        if (err != 0)
                return err;
        return now < least ? -ESTALE : 0;
}

int fault_reason(struct rmmap_file *file, uint64_t offset)
{
        int err = fault_check_size(file);

        return err != 0 ? err : storage_probe_fault(file->os.fd, offset);
}

/* The fault can also be in the caller's memory, if that is a pointer into this mapping. */
int guarded_copy_fault(struct rmmap_file *file, const void *fault, uint64_t offset, size_t length)
{
        uint64_t at = (uint64_t)((const unsigned char *)fault - file->os.mapping.base);
        size_t page = mapping_page_size();
        int err;

        count(&file->io.faults_caught, 1);
        PROBE2(fault, file, at);
        if (at < align_down_to(offset, page) || at - offset >= length)
                return fault_reason(file, at);
        err = fault_check_size(file);
        return err != 0 || file_has_calls(file) ? err : fault_reason(file, at);
}

/* ---- the guard for the caller's own code */

struct guarded_call {
        int (*body)(void *arg);
        void *arg;
        int result;
};

static void call_body(void *arg)
{
        struct guarded_call *call = arg;

        call->result = call->body(call->arg);
}

int rmmap_guard_call(struct rmmap_file *file, int (*body)(void *arg), void *arg, int *result)
{
        struct guarded_call call = {.body = body, .arg = arg};
        const unsigned char *fault;
        int before, err;

        if (file == NULL || body == NULL || !file->config.catch_faults)
                return -EINVAL;
        fault = fault_guard_run(file->os.mapping.base, file->os.mapping.length, call_body, &call);
        if (fault == NULL) {
                if (result != NULL)
                        *result = call.result;
                return 0;
        }
        count(&file->io.faults_caught, 1);
        PROBE2(fault, file, (uint64_t)(fault - file->os.mapping.base));
        before = cancellation_off();
        err = fault_reason(file, (uint64_t)(fault - file->os.mapping.base));
        cancellation_restore(before);
        return err;
}
