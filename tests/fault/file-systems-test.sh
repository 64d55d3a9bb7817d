#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The test programs that work on files, once more on each file system that can be mounted here.
# All is mounted in a mount namespace of the script's own, so it is gone when the script is, and the
# loop devices with it. Needs top_builddir, with the programs built; and root.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${top_builddir:?says where the programs are}"

if [ "${1:-}" != inside ]; then
        if ! unshare --mount --propagation private true 2>/dev/null; then
                echo "SKIP: no mount namespace of its own (are you root?)"
                exit 77
        fi
        exec unshare --mount --propagation private sh "$here/file-systems-test.sh" inside
fi

# TEST_PROGRAMS: these only.
programs=${TEST_PROGRAMS:-'create open limits locks transfer from-fd flush dirty-budget dirty-info
        durability group-commit sticky-error fork fork-threads faults signals full-disk
        file-system resources'}
# How bytes move hangs on the file system, not on who moves them.
bytes=
[ -n "${TEST_PROGRAMS:-}" ] ||
        bytes='write-path stress mixed create-races model claim process-death'
# A few kills on each; make check-crash has many.
RMMAP_ROUNDS=${RMMAP_ROUNDS:-10}
export RMMAP_ROUNDS
passed=0 failed=0 skipped=0 as=

directory=$(mktemp -d "${TMPDIR:-/tmp}/rmmap-file-systems-XXXXXX") || exit 99
cleanup()
{
        cd / || return
        for mounted in "$directory"/*/*/over "$directory"/*/*; do
                mountpoint -q "$mounted" && umount "$mounted"
        done
        rm -rf --one-file-system "$directory"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

skip()
{
        echo "SKIP: $*"
        skipped=$((skipped + 1))
}

# run_on NAME BIG SMALL: a directory with room, and a file system that may be filled up.
run_on()
{
        for program in $programs; do
                # shellcheck disable=SC2086 # $as is words
                TEST_TMPDIR=$2 TEST_SMALL_DISK=$3 $as \
                        "$top_builddir/tests/check-$program" >"$directory/log" 2>&1
                case $? in
                0)
                        passed=$((passed + 1))
                        sed -n "s/^SKIP: /SKIP: $1: check-$program, in part: /p" "$directory/log"
                        ;;
                77) skip "$1: check-$program: $(sed -n 's/^SKIP: //p' "$directory/log")" ;;
                *)
                        failed=$((failed + 1))
                        echo "FAILED: $1: check-$program"
                        tail -n 40 "$directory/log"
                        ;;
                esac
        done
}

# image NAME SIZE: an image of that size, holding a file system of $kind, mounted at NAME.
image()
{
        truncate -s "$2" "$directory/$kind/$1.image" &&
                "mkfs.$kind" -q "$force" "$directory/$kind/$1.image" &&
                mkdir "$directory/$kind/$1" &&
                mount -t "$kind" -o loop "$directory/$kind/$1.image" "$directory/$kind/$1"
}

# on_images KIND BIG SMALL MKFS-OPTION
on_images()
{
        kind=$1 force=$4
        mkdir -p "$directory/$kind"
        if ! command -v "mkfs.$kind" >/dev/null; then
                skip "$kind: no mkfs.$kind"
        elif ! { image big "$2" && image small "$3"; } >"$directory/log" 2>&1; then
                skip "$kind: can't be mounted: $(tail -n 1 "$directory/log")"
        else
                ${quota:-:}
                run_on "$kind" "$directory/$kind/big" "$directory/$kind/small"
        fi
}

# Two layers on a file system of another kind, for the upper one. The lower one has a file.
overlay()
{
        mkdir "$1/lower" "$1/upper" "$1/work" "$1/over" &&
                head -c 3M /dev/zero >"$1/lower/older" &&
                mount -t overlay overlay \
                        -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/over"
}

on_tmpfs()
{
        mkdir -p "$directory/tmpfs/big" "$directory/tmpfs/small"
        if ! mount -t tmpfs -o size=512m rmmap-test "$directory/tmpfs/big" ||
                ! mount -t tmpfs -o size=8m rmmap-test "$directory/tmpfs/small"; then
                skip "tmpfs: can't be mounted"
        else
                run_on tmpfs "$directory/tmpfs/big" "$directory/tmpfs/small"
        fi
}

on_overlay()
{
        if ! mkdir "$directory/overlay" || ! cd "$directory/overlay"; then
                skip "overlayfs: no directory"
        elif ! { kind=ext4 force=-F && mkdir -p "$directory/ext4" && image lower-big 512M &&
                image lower-small 24M; } >"$directory/log" 2>&1; then
                skip "overlayfs: nothing to lay it over: $(tail -n 1 "$directory/log")"
        elif ! overlay "$directory/ext4/lower-big" || ! overlay "$directory/ext4/lower-small"; then
                skip "overlayfs: can't be mounted"
        else
                export TEST_UPPER=ext4
                export TEST_UPPER_DIRECTORY="$directory/ext4/lower-big/upper"
                export TEST_LOWER_FILE="$directory/ext4/lower-big/over/older"
                run_on overlayfs "$directory/ext4/lower-big/over" \
                        "$directory/ext4/lower-small/over"
                unset TEST_LOWER_FILE TEST_UPPER TEST_UPPER_DIRECTORY
        fi
        cd /
}

# A place with a quota, while btrfs is up: TEST_QUOTA.
make_quota()
{
        place=$directory/btrfs/big
        if btrfs quota enable "$place" && btrfs subvolume create "$place/quota" &&
                btrfs qgroup limit 16M "$place/quota"; then
                export TEST_QUOTA="$place/quota"
        fi >"$directory/log" 2>&1
}

# A file whose disk is lost behind its first MiB or so: TEST_BAD_FILE. The image ends there.
make_bad_disk()
{
        kind=ext4 force=-F
        mkdir -p "$directory/ext4" && image bad 64M >"$directory/log" 2>&1 || return
        head -c 1M /dev/zero >"$directory/ext4/bad/file" && sync -f "$directory/ext4/bad" &&
                head -c 40M /dev/zero >>"$directory/ext4/bad/file" &&
                umount "$directory/ext4/bad" &&
                mount -t ext4 -o loop,ro,noload "$directory/ext4/bad.image" "$directory/ext4/bad" &&
                cat "$directory/ext4/bad.image" >/dev/null &&
                head -c 1M "$directory/ext4/bad/file" >/dev/null &&
                truncate -s 24M "$directory/ext4/bad.image" &&
                export TEST_BAD_FILE="$directory/ext4/bad/file"
}

# Nobody in particular, with rights to nothing but the directory it is given.
on_nobody()
{
        mkdir "$directory/nobody" && chown 65534:65534 "$directory/nobody" &&
                chmod 711 "$directory" || return
        command -v setpriv >/dev/null || {
                skip "nobody: no setpriv"
                return
        }
        as='setpriv --reuid=65534 --regid=65534 --clear-groups'
        # shellcheck disable=SC2086 # words
        if ! $as test -x "$top_builddir/tests/check-create"; then
                skip "nobody: may not reach $top_builddir"
        else
                run_on nobody "$directory/nobody" ''
        fi
        as=
}

# The sweep is long, and most of it is the same everywhere: on one that has a disk.
make_bad_disk
anybody=$programs
programs="$anybody $bytes ${bytes:+sweep}"
on_images ext4 512M 24M -F
programs="$anybody $bytes"
on_images xfs 512M 320M -f
quota=make_quota
on_images btrfs 512M 160M -f
unset quota TEST_QUOTA
on_tmpfs
on_overlay
programs=$anybody
on_nobody

echo "$passed passed, $failed failed, $skipped skipped"
[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || exit 77
[ "$failed" -eq 0 ]
