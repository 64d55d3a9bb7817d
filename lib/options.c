/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "options.h"
#include "base/abi-struct.h"
#include "base/compiler.h"

ASSERT_ABI_SIZE(struct rmmap_options, 4 * sizeof(void *) + 48);

ASSERT_ABI_SIZE(struct rmmap_checkpoint, 4 * sizeof(void *));

#define KNOWN_FLAGS (OPTIONS_CREATE | OPTIONS_OPEN)
#define DEFAULT_MODE 0666
#define HIGHEST_MODE 07777

int options_read_checkpoint(struct rmmap_checkpoint *checkpoint,
                            const struct rmmap_checkpoint *given)
{
        int err = abi_struct_read(checkpoint, sizeof(*checkpoint), sizeof(*checkpoint), given);

        if (err != 0)
                return err;
        if (checkpoint->path == NULL || checkpoint->identity == NULL ||
            checkpoint->identity_length == 0 || checkpoint->identity_length > LONGEST_IDENTITY)
                return -EINVAL;
        return 0;
}

/* The flags and sizes that a checkpoint can't go with. */
static int check_checkpoint(const struct rmmap_options *options)
{
        struct rmmap_checkpoint checkpoint;

        if (options->checkpoint == NULL)
                return 0;
        if ((options->flags & (RMMAP_READ_ONLY | RMMAP_UNNAMED)) || options->max_size != 0)
                return -EINVAL;
        return options_read_checkpoint(&checkpoint, options->checkpoint);
}

int options_read(struct rmmap_options *options, const struct rmmap_options *given, uint32_t allowed)
{
        static const struct rmmap_options defaults = RMMAP_OPTIONS_INIT;
        int err = abi_struct_read(options, sizeof(*options), sizeof(*options),
                                  given != NULL ? given : &defaults);

        if (err != 0)
                return err;
        if ((options->flags & ~KNOWN_FLAGS) || options->engine > RMMAP_ENGINE_PWRITE ||
            options->pattern > RMMAP_PATTERN_RANDOM)
                return -EOPNOTSUPP;
        if ((options->flags & ~allowed) || options->mode > HIGHEST_MODE)
                return -EINVAL;
        if ((options->flags & RMMAP_READ_ONLY) &&
            ((options->flags & (RMMAP_REWRITE | RMMAP_UNCACHED | RMMAP_PUNCH_HOLES)) ||
             options->grow_step != 0))
                return -EINVAL;
        if (options->grow_step != 0 && options->max_size == 0)
                return -EINVAL;
        if ((options->flags & RMMAP_KEEP) && (options->flags & (RMMAP_MUST_CREATE | RMMAP_UNNAMED)))
                return -EINVAL;
        if (options->mode == 0)
                options->mode = DEFAULT_MODE;
        return check_checkpoint(options);
}
