#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The programs of the guides compile without a warning, and do what their
# guide says: in an empty directory; after having been killed anywhere, again and again; and on a
# full disk, which is an error and no signal. From the environment: what programs.sh reads.
# shellcheck disable=SC2154 # work is made by programs.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
awk=${AWK:-awk}
. "$here/../man/programs.sh"

# killed PROGRAM: eight times after up to a tenth of a second, in one directory; then to its end.
killed() {
        rm -rf "$1.dir" && mkdir "$1.dir" && cd "$1.dir" || return
        for after in 0.01 0.09 0.03 0.05 0.02 0.07 0.04 0.06; do
                "$1" >/dev/null 2>&1 &
                sleep "$after"
                kill -9 $! 2>/dev/null
                wait $! 2>/dev/null
        done
        "$1"
}

# on_full_disk PROGRAM: it says that the disk is full, ends by itself, and leaves nothing half made.
on_full_disk() {
        rm -rf "$1.dir" && mkdir "$1.dir" || return
        unshare -m sh -c '
                mount -t tmpfs -o size=200k tmpfs "$1.dir" && cd "$1.dir" || exit 99
                "$1" >../said 2>&1
                echo $? >../status
                ls >../left' sh "$1" || return
        cat "$work/said"
        [ "$(cat "$work/status")" -eq 1 ] && grep -q 'No space left on device' "$work/said" ||
                return 1
        # A packed input may be there; a file that could not be had may not.
        ! grep -v packed "$work/left"
}

# ---- names: nothing in a guide or a table is made up

names() {
        grep -ho '\b\(rmmap\|RMMAP\)_[A-Za-z0-9_]*' "$@" | sort -u
}
names "$top/include/rmmap.h.in" >"$work/known"
names "$top"/doc/guide-*.md "$top"/doc/migrate-*.md | comm -23 - "$work/known" >"$work/log"
! grep -q . "$work/log"
verdict $? 'every name of ours in the guides is in rmmap.h'

libpmem=$(echo '#include <libpmem.h>' | $cc -E - 2>/dev/null |
        sed -n 's/^# 1 "\(.*\/libpmem\.h\)".*/\1/p' | head -n 1)
if [ -n "$libpmem" ]; then
        # Those that end in U or W are for Windows.
        names_of=$(grep -o '\b\(pmem\|PMEM\)_[A-Za-z0-9_]*' "$libpmem" | grep -v '[a-z][UW]$')
        printf '%s\n' "$names_of" | sort -u |
                while read -r name; do
                        grep -q "\`$name\`" "$top/doc/migrate-from-libpmem.md" || echo "$name"
                done >"$work/log"
        ! grep -q . "$work/log"
        verdict $? 'every name of libpmem.h is in the table'
else
        echo 'SKIP: libpmem.h is missing: its names are not compared'
fi

# ---- programs

can_mount=true
mkdir "$work/probe.dir"
unshare -m mount -t tmpfs tmpfs "$work/probe.dir" 2>/dev/null || can_mount=false

for guide in "$top"/doc/*.md; do
        name=$(basename "$guide" .md)
        found=0
        for source in $("$awk" -v out="$work/$name" -f "$here/extract-programs.awk" "$guide"); do
                found=1
                program=${source%.c}
                compile "$source" "$program" >"$work/log" 2>&1 &&
                        run_program "$program" >"$work/log" 2>&1
                verdict $? "${program##*/}"
                case $name in
                guide-database | guide-downloader)
                        (killed "$program") >"$work/log" 2>&1
                        verdict $? "${program##*/}, killed and run again"
                        ;;
                esac
                case $name in
                guide-*)
                        if $can_mount; then
                                on_full_disk "$program" >"$work/log" 2>&1
                                verdict $? "${program##*/}, disk full"
                        else
                                echo "SKIP: no tmpfs can be mounted: no full disk for $name"
                        fi
                        ;;
                esac
        done
        case $found$name in
        0guide-*)
                echo 'no program' >"$work/log"
                verdict 1 "$name"
                ;;
        esac
done
finish
