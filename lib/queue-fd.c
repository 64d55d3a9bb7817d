/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "queue.h"

int rmmap_queue_fd(const struct rmmap_queue *queue)
{
        if (queue == NULL)
                return -EINVAL;
        return queue_forked(queue) ? -EPERM : queue->notifier.readable;
}
