/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "policy.h"
#include "rmmap.h"

/* Three-valued: a row may leave a fact open. */
enum need { NO, YES, ANY };

struct row {
        uint32_t asked;
        enum need reserved, guarded, coherent, has_file_io, writable;
        int answer; /* an engine, or a negative errno */
        const char *reason;
};

/* The first row that fits decides. */
/* clang-format off */
static const struct row rows[] = {
        /* asked              reserved guarded coherent file I/O writable */
        {RMMAP_ENGINE_PWRITE, ANY,     ANY,    ANY,     NO,      ANY, -EOPNOTSUPP, NULL},
        {RMMAP_ENGINE_PWRITE, ANY,     ANY,    ANY,     YES,     ANY, RMMAP_ENGINE_PWRITE,
         "asked for"},
        {RMMAP_ENGINE_MAP,    YES,     ANY,    ANY,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "asked for"},
        {RMMAP_ENGINE_MAP,    ANY,     YES,    ANY,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "asked for; faults are caught"},
        {RMMAP_ENGINE_MAP,    NO,      NO,     ANY,     ANY,     ANY, -EOPNOTSUPP, NULL},
        {RMMAP_ENGINE_AUTO,   YES,     ANY,    YES,     YES,     YES, RMMAP_ENGINE_AUTO,
         "space is reserved: each write takes the faster way"},
        {RMMAP_ENGINE_AUTO,   YES,     ANY,    YES,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "space is reserved"},
        {RMMAP_ENGINE_AUTO,   ANY,     YES,    ANY,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "faults are caught"},
        {RMMAP_ENGINE_AUTO,   ANY,     NO,     NO,      YES,     ANY, RMMAP_ENGINE_PWRITE,
         "mapping and file I/O may differ on this file system"},
        {RMMAP_ENGINE_AUTO,   NO,      NO,     YES,     YES,     ANY, RMMAP_ENGINE_PWRITE,
         "space is not reserved: a full disk must be an error, not a signal"},
};
/* clang-format on */

static bool fits(enum need need, bool fact)
{
        return need == ANY || (need == YES) == fact;
}

static const struct row *find(const struct policy_facts *facts)
{
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct row *row = &rows[i];

                if (row->asked == facts->asked && fits(row->reserved, facts->reserved) &&
                    fits(row->guarded, facts->guarded) && fits(row->coherent, facts->coherent) &&
                    fits(row->has_file_io, facts->has_file_io) &&
                    fits(row->writable, facts->writable))
                        return row;
        }
        return NULL;
}

int policy_decide(const struct policy_facts *facts, struct policy *policy)
{
        const struct row *row = find(facts);

        if (row == NULL || row->answer < 0)
                return row == NULL ? -EOPNOTSUPP : row->answer;
        policy->engine = (uint32_t)row->answer;
        /* Never both ways where they aren't one. */
        policy->mapped = facts->coherent || policy->engine != RMMAP_ENGINE_PWRITE;
        policy->never_calls = facts->asked == RMMAP_ENGINE_MAP;
        policy->reason = row->reason;
        return 0;
}
