/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenes.h"

void stage_file(struct stage *stage)
{
        struct rmmap_range all;

        stage->file = setup_file(stage->scene->setup, "sweep", SIZE);
        if (stage->file == NULL)
                return;
        stage->path = setup_path();
        stage->data = setup_data(AT, LENGTH);
        stage->found = calloc(1, SIZE);
        ck_ok(rmmap_allocate(stage->file, SIZE, &all));
        ck_ok(rmmap_unclaim_range(stage->file, all));
        ck_ok(rmmap_claim_range(stage->file, AT, AT + LENGTH, &stage->range));
        ck_ok(rmmap_claim_range(stage->file, FAR, FAR + PAGE, &stage->far));
        ck_ok(rmmap_mark_written(stage->file, stage->range, &stage->receipt));
        ck_ok(rmmap_mark_written(stage->file, stage->far, &stage->far_receipt));
}

bool stage_outside_is_whole(struct stage *stage, enum injected call)
{
        int fd = open(stage->path, O_RDONLY | O_CLOEXEC);
        ssize_t got = pread(fd, stage->found, SIZE, 0);

        (void)call;
        close(fd);
        return got == (ssize_t)SIZE && setup_holds(SIZE, AT, AT + LENGTH, stage->found + AT);
}
