/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scenes with an argument that is wrong. */
#include <string.h>
#include <sys/types.h>

#include "scene.h"

void good(struct scene *scene, int parameter)
{
        (void)parameter;
        scene_make(scene, NULL);
}

void nothing_given(struct scene *scene, int parameter)
{
        good(scene, parameter);
        rmmap_release(scene->file);
        scene->file = NULL;
        scene->path = NULL;
        scene->memory = NULL;
        scene->pieces[0].iov_base = NULL;
        scene->body = NULL;
        scene->results = NULL;
}

void zeros(struct scene *scene, int parameter)
{
        good(scene, parameter);
        memset(&scene->range, 0, sizeof(scene->range));
        memset(&scene->receipt, 0, sizeof(scene->receipt));
        scene->start = scene->end = scene->wanted = scene->size = 0;
}

void forged(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->range.opaque[1] += RMMAP_ALIGNMENT;
        scene->receipt.opaque[1] += RMMAP_ALIGNMENT;
        scene->start++;
}

void foreign(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->range = scene->other_range;
        scene->receipt = scene->other_receipt;
        scene->length = scene->capacity = SCENE_SIZE;
}

void misplaced(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->start += 1;
        scene->end -= 1;
}

/* Outside the range, outside the file, or not handed out. */
void beyond(struct scene *scene, int parameter)
{
        struct rmmap_range low, rest = {{0}};

        good(scene, parameter);
        scene->offset = scene->done = SCENE_SIZE + 1;
        scene->start = scene->end;
        scene->end = SCENE_SIZE;
        must(rmmap_range_split_up(scene->other_range, SCENE_RANGE, &low, &rest), "split");
        (void)!rmmap_range_encode(rest, scene->encoded_range, sizeof(scene->encoded_range));
        (void)!rmmap_receipt_encode(scene->other_receipt, scene->encoded_receipt,
                                    sizeof(scene->encoded_receipt));
}

void too_small(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->capacity = RMMAP_RANGE_ENCODED_SIZE - 1;
        scene->length--;
        scene->pieces[1].iov_len--;
        scene->options.size--;
}

void too_long(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->length++;
        scene->pieces[1].iov_len++;
}

void nothing_left(struct scene *scene, int parameter)
{
        struct rmmap_range rest;

        good(scene, parameter);
        must(rmmap_allocate(scene->file, SCENE_SIZE, &rest), "allocate the rest");
}

void damaged(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->encoded_range[10] ^= 1;
        scene->encoded_receipt[10] ^= 1;
        scene->state[10] ^= 1;
}

/* The range and the receipt come from bytes: a handle that only reads gives no receipts. */
void read_only(struct scene *scene, int parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        good(scene, parameter);
        rmmap_release(scene->file);
        options.flags = scene->options.flags = RMMAP_READ_ONLY;
        options.allocate_from = SCENE_RANGE;
        must(rmmap_open(scene->path, &options, &scene->file), "open to read");
        must(rmmap_range_decode(scene->file, scene->encoded_range, sizeof(scene->encoded_range),
                                &scene->range),
             "decode a range");
        must(rmmap_receipt_decode(scene->file, scene->encoded_receipt,
                                  sizeof(scene->encoded_receipt), &scene->receipt),
             "decode a receipt");
}

void unclaimed(struct scene *scene, int parameter)
{
        good(scene, parameter);
        must(rmmap_unclaim_range(scene->file, scene->range), "unclaim");
}

void in_a_child(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->in_child = true;
}

void with_flag(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->options.flags |= (uint32_t)parameter;
}

void with_engine(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->options.engine = (uint32_t)parameter;
}

void sparse_with_engine(struct scene *scene, int parameter)
{
        with_engine(scene, parameter);
        scene->options.flags = RMMAP_NO_PREALLOCATE;
}
