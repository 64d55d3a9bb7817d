/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "engine-select.h"
#include "rmmap.h"

static const char *reason_of(const struct engine_facts *facts, uint32_t engine)
{
        if (facts->asked != RMMAP_ENGINE_AUTO)
                return "asked for";
        switch (engine) {
        case RMMAP_ENGINE_AUTO:
                return "space is reserved: each write takes the faster way";
        case RMMAP_ENGINE_MAP:
                return facts->reserved ? "space is reserved" : "faults are caught";
        default:
                return facts->coherent
                               ? "space is not reserved: a full disk must be an error, not a signal"
                               : "mapping and file I/O may differ on this file system";
        }
}

int engine_select(const struct engine_facts *facts, struct engine *selected)
{
        /* Without coherence, clients that map one file lose each other's parts of a page. */
        bool may_map = facts->coherent && (facts->reserved || facts->guarded);
        bool both = may_map && facts->has_file_io && facts->asked == RMMAP_ENGINE_AUTO;
        uint32_t engine;

        if (facts->asked == RMMAP_ENGINE_PWRITE || (facts->asked == RMMAP_ENGINE_AUTO && !may_map))
                engine = RMMAP_ENGINE_PWRITE;
        else
                engine = both && facts->reserved && facts->writable ? RMMAP_ENGINE_AUTO
                                                                    : RMMAP_ENGINE_MAP;
        if (engine == RMMAP_ENGINE_PWRITE ? !facts->has_file_io : !may_map)
                return -EOPNOTSUPP;
        selected->chosen = engine;
        selected->mapped = facts->coherent;
        selected->never_calls = facts->asked == RMMAP_ENGINE_MAP;
        selected->never_maps = facts->asked == RMMAP_ENGINE_PWRITE;
        selected->reads_both_ways = both && facts->reads_agree;
        selected->reason = reason_of(facts, engine);
        return 0;
}
