#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Power loss on every disk of power-loss, RMMAP_ROUNDS cut points each (100): the library loses
# nothing; and broken mutants of it do, or the checker would be blind. Needs top_builddir, with the
# programs built; and root. TEST_SEED repeats a run.
set -u
program=${top_builddir:?says where the programs are}/tests/crash/power-loss
publish=$top_builddir/tests/crash/publish-cut
rounds=${RMMAP_ROUNDS:-100}
# A mutant is found out after a few cut points; this many without is blindness.
mutant_rounds=100
passed=0 failed=0 skipped=0
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM

# count STATUS WANTED WHAT
count()
{
        if [ "$1" -eq "$2" ]; then
                passed=$((passed + 1))
        elif [ "$1" -eq 77 ]; then
                skipped=$((skipped + 1))
        else
                failed=$((failed + 1))
                echo "FAILED: $3: status $1 instead of $2"
                cat "$log"
        fi
}

loses_nothing()
{
        "$program" "$1" "$rounds" >"$log" 2>&1
        count $? 0 "$1"
        cat "$log"
}

# is_caught STAGE TWIN...
is_caught()
{
        disk=$1
        shift
        for mutant in "$@"; do
                "$program" "$disk" "$mutant_rounds" "$mutant" >"$log" 2>&1
                count $? 1 "$disk, $mutant"
                sed -n '/^SKIP/p; s/cut points (.*/cut points until it was caught/p' "$log"
        done
}

for disk in shutdown:ext4 shutdown:xfs disk:ext4 disk:xfs disk:btrfs volatile \
        volatile-cached; do
        loses_nothing "$disk"
done

# Each mutant where what it leaves out makes the difference: on ext4 and xfs the journal takes a new
# name along with the file, and only a file system that reserves space is written durably in one
# call.
for disk in shutdown:ext4 shutdown:xfs disk:ext4 disk:xfs; do
        is_caught "$disk" no-fdatasync no-msync half-msync no-dsync
done
# btrfs syncs the whole file whatever range it is asked for.
is_caught disk:btrfs no-fdatasync no-msync deaf
is_caught disk:ext4 deaf
is_caught disk:xfs deaf
# On FUSE nothing is mapped, so there is no msync.
is_caught volatile no-fdatasync no-directory deaf
is_caught volatile-cached no-fdatasync no-directory deaf

# rmmap_publish: old or new, whole; ext4 and xfs take a new name along with the file's own sync.
for disk in shutdown:ext4 shutdown:xfs disk:ext4 disk:xfs disk:btrfs; do
        program=$publish
        loses_nothing "$disk"
        is_caught "$disk" no-fsync no-directory
done

# A checkpoint: what was synced is recorded and there, whenever the job is started again.
program=$top_builddir/tests/crash/checkpoint-cut
for disk in shutdown:ext4 shutdown:xfs disk:ext4 disk:xfs; do
        loses_nothing "$disk"
        is_caught "$disk" no-fdatasync
done

# The shared allocator: what was synced is there, and isn't handed out again. no-state leaves out
# only that the mark becomes durable.
program=$top_builddir/tests/crash/shared-cut
for disk in shutdown:ext4 shutdown:xfs disk:ext4 disk:xfs; do
        loses_nothing "$disk"
        is_caught "$disk" no-fdatasync no-state
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || exit 77
[ "$failed" -eq 0 ]
