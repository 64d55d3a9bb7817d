#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# All that is done to writers: power loss, lost write-back, kill -9. RMMAP_ROUNDS of each; without
# it as many as fit into a few minutes. Each part says what it counted. Needs top_builddir, with the
# programs built; and root.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${top_builddir:?says where the programs are}"
passed=0 failed=0 skipped=0

# A file system in memory makes more kills a second; check-process-death as such is on a disk.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}

# part NAME ROUNDS COMMAND...: ROUNDS: its own default, if RMMAP_ROUNDS doesn't say
part()
{
        name=$1 rounds=${RMMAP_ROUNDS:-$2}
        shift 2
        echo "==== $name"
        env RMMAP_ROUNDS="$rounds" "$@"
        case $? in
        0) passed=$((passed + 1)) ;;
        77) skipped=$((skipped + 1)) ;;
        *)
                failed=$((failed + 1))
                echo "FAILED: $name"
                ;;
        esac
}

part power-loss 100 sh "$here/power-loss-test.sh"
part guide 8 sh "$here/guide-test.sh"
part lost-writes 1 "$top_builddir/tests/crash/lost-writes"
part process-death 1000 env TEST_TMPDIR="$memory" "$top_builddir/tests/check-process-death"
part checkpoint-kills 1000 env TEST_TMPDIR="$memory" "$top_builddir/tests/check-checkpoint-kills"
part publish-kills 1000 env TEST_TMPDIR="$memory" "$top_builddir/tests/check-publish-kills"
part shared-kills 5000 env TEST_TMPDIR="$memory" "$top_builddir/tests/check-shared-kills"
part rmget 200 bash "$here/../rmget/rmget-test.sh" killed_at_random

echo "$passed passed, $failed failed, $skipped skipped"
[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || exit 77
[ "$failed" -eq 0 ]
