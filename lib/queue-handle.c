/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/handle.h"
#include "queue.h"

void *rmmap_queue_handle(const struct rmmap_queue *queue)
{
        return queue == NULL ? NULL : handle_of(queue->notifier.readable);
}
