/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

uint64_t model_below(struct model *model, uint64_t limit)
{
        return test_random(&model->random) % limit;
}

uint64_t model_size(struct model *model, uint64_t limit)
{
        switch (model_below(model, 12)) {
        case 0:
                return model_below(model, 3) == 0 ? UINT64_MAX - model_below(model, 5000)
                                                  : UINT64_C(1) << model_below(model, 64);
        case 1:
                return limit;
        case 2:
                return limit + model_below(model, 4097);
        case 3:
        case 4:
                return model_below(model, limit / MODEL_BLOCK + 1) * MODEL_BLOCK;
        default:
                return model_below(model, limit + 1);
        }
}

void model_note(struct model *model, const char *format, ...)
{
        char *line = model->trace[++model->steps % MODEL_TRACE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(line, sizeof(model->trace[0]), format, arguments);
        va_end(arguments);
}

static void print_trace(const struct model *model)
{
        printf("size %llu, %s, flags %#x, engine %u; position %llu, %zu ranges; the last steps:\n",
               (unsigned long long)model->setup.size, model->setup.allocator->name,
               (unsigned int)model->setup.flags, (unsigned int)model->setup.engine,
               (unsigned long long)model->next, model->count);
        for (uint64_t i = 1; i <= MODEL_TRACE; i++) {
                const char *line = model->trace[(model->steps + i) % MODEL_TRACE];

                if (line[0] != '\0')
                        printf("  %s\n", line);
        }
        fflush(stdout);
}

void model_expect(struct model *model, int got, int want)
{
        if (got == want)
                return;
        print_trace(model);
        ck_abort_msg("step %llu: %s: %d, not %d", (unsigned long long)model->steps,
                     model->trace[model->steps % MODEL_TRACE], got, want);
}

void model_check(struct model *model, bool holds, const char *what)
{
        if (holds)
                return;
        print_trace(model);
        ck_abort_msg("step %llu: %s: %s", (unsigned long long)model->steps,
                     model->trace[model->steps % MODEL_TRACE], what);
}

static struct rmmap_options options_of(const struct model_setup *setup)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = setup->allocator;
        options.allocate_from = setup->allocate_from;
        options.flags = setup->flags;
        options.engine = setup->engine;
        return options;
}

static uint64_t first_of(const struct model_setup *setup)
{
        uint64_t blocks =
                setup->allocate_from / MODEL_BLOCK + (setup->allocate_from % MODEL_BLOCK != 0);

        return blocks > setup->size / MODEL_BLOCK ? setup->size : blocks * MODEL_BLOCK;
}

/* By the mapping only, or not at all: where space isn't reserved, the library won't. */
static bool may_be_refused(const struct model_setup *setup)
{
        return setup->engine == RMMAP_ENGINE_MAP && !(setup->flags & RMMAP_CATCH_FAULTS);
}

bool model_start(struct model *model, const struct model_setup *setup, uint64_t seed)
{
        struct rmmap_options options = options_of(setup);
        int err;

        memset(model, 0, sizeof(*model));
        model->setup = *setup;
        model->path = test_path("model");
        model->random = seed;
        err = rmmap_create(model->path, setup->size, &options, &model->file);
        if (err == -EOPNOTSUPP && may_be_refused(setup))
                return false;
        ck_ok(err);
        model->bytes = calloc(1, (size_t)setup->size);
        model->buffer = malloc((size_t)(setup->size + 2 * MODEL_BLOCK));
        model->owned = calloc((size_t)(setup->size / MODEL_BLOCK) + 1, sizeof(bool));
        ck_assert(model->bytes != NULL && model->buffer != NULL && model->owned != NULL);
        model->next = model->first = first_of(setup);
        model->fresh = true;
        return true;
}

void model_own(struct model *model, uint64_t start, uint64_t end, bool owned)
{
        for (uint64_t at = start; at < end; at += MODEL_BLOCK)
                model->owned[at / MODEL_BLOCK] = owned;
}

static void compare_file(struct model *model)
{
        model_check(model, test_file_holds(model->path, 0, model->bytes, (size_t)model->setup.size),
                    "the file's bytes are others");
}

void model_reopen(struct model *model)
{
        struct rmmap_options options;
        bool rewrite;
        int err;

        model->setup.allocate_from =
                model_below(model, 3) ? model_size(model, model->setup.size) : 0;
        model->read_only = model_below(model, 8) == 0;
        rewrite = !model->read_only && model_below(model, 2) == 0;
        model_note(model, "reopen from %llu%s", (unsigned long long)model->setup.allocate_from,
                   model->read_only ? ", read-only"
                   : rewrite        ? ", to rewrite"
                                    : "");
        if (model->count > 0)
                model->stale = model->ranges[0].range;
        model->count = 0;
        model->file = rmmap_release(model->file);
        compare_file(model);
        options = options_of(&model->setup);
        options.flags &= ~RMMAP_NO_PREALLOCATE; /* is for create */
        options.flags |= model->read_only ? RMMAP_READ_ONLY : rewrite ? RMMAP_REWRITE : 0;
        err = rmmap_open(model->path, &options, &model->file);
        if (err == -EOPNOTSUPP && may_be_refused(&model->setup)) {
                options.engine = RMMAP_ENGINE_AUTO;
                err = rmmap_open(model->path, &options, &model->file);
        }
        model_expect(model, err, 0);
        model->next = model->first = first_of(&model->setup);
        if (model->setup.allocate_from == 0 && !model->read_only && !rewrite)
                model->next = model->setup.size;
        model->fresh = true;
        model->claimed = false;
        model_own(model, 0, model->setup.size, false);
}

void model_end(struct model *model)
{
        model_note(model, "release");
        model->file = rmmap_release(model->file);
        compare_file(model);
        free(model->bytes);
        free(model->buffer);
        free(model->owned);
}

struct model_range *model_pick(struct model *model)
{
        return model->count == 0 ? NULL : &model->ranges[model_below(model, model->count)];
}

void model_keep(struct model *model, struct rmmap_range range, uint64_t start, uint64_t end)
{
        struct model_range *slot =
                model->count < MODEL_RANGES ? &model->ranges[model->count++] : model_pick(model);

        model_check(model,
                    rmmap_range_start(range) == start && rmmap_range_end(range) == end &&
                            rmmap_range_equal(range, range),
                    "the range has other bounds");
        if (slot == NULL)
                return;
        memset(slot, 0, sizeof(*slot));
        slot->range = range;
        slot->start = start;
        slot->end = end;
}

void model_scribble(struct model *model, size_t length)
{
        uint64_t seed = model_below(model, UINT64_MAX);

        for (size_t i = 0; i < length; i++)
                model->buffer[i] = (unsigned char)(seed + i * 7 + i / 256);
}
