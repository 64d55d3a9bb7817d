/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a fault on a file's mapping meant; and the guard for a caller's own code. */
#include <errno.h>

#include "file.h"
#include "os/os.h"

int fault_check_size(const struct rmmap_file *file)
{
        uint64_t now;
        int err = storage_size(file->fd, &now);

        if (err != 0)
                return err;
        return now < file->size ? -ESTALE : 0;
}

int fault_reason(struct rmmap_file *file, uint64_t offset)
{
        int err = fault_check_size(file);

        return err != 0 ? err : storage_probe_fault(file->fd, offset);
}

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

        if (file == NULL || body == NULL || !file->guarded)
                return -EINVAL;
        fault = fault_guard_run(file->base, file->mapping.length, call_body, &call);
        if (fault == NULL) {
                if (result != NULL)
                        *result = call.result;
                return 0;
        }
        count(&file->faults_caught, 1);
        PROBE2(fault, file, (uint64_t)(fault - file->base));
        before = cancellation_off();
        err = fault_reason(file, (uint64_t)(fault - file->base));
        cancellation_restore(before);
        return err;
}
