#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The programs of the README and the guides compile without a warning, and do what their guide says: in an empty
# directory; after having been killed between any two calls that change a file; when two are started
# at once; and on a full disk, which is an error and no signal. From the environment: what
# programs.sh reads.
# shellcheck disable=SC2154 # work is made by programs.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
awk=${AWK:-awk}
. "$here/../man/programs.sh"

# killed PROGRAM NAME[:COUNT[:PATH]]...: in one directory, before its first, second and so on call
# that changes a file, each time going on where the last one died; then to its end. And before the
# call of each NAME, where something in the directory changes.
killed() {
        program=$1
        shift
        rm -rf "$program.dir" && mkdir "$program.dir" && cd "$program.dir" || return
        for call in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 30 50 80 130; do
                LD_PRELOAD=$work/die-at.so DIE_AT=$call "$program"
                status=$?
                # One that goes on may be at its end before it comes to a later call.
                case $status:$call in
                137:* | 0:1[0-9] | 0:[2-9]0 | 0:130) ;;
                *)
                        echo "status $status instead of death before call $call"
                        return 1
                        ;;
                esac
        done
        "$program" || return
        # Then early in the next life; then to the end.
        for call; do
                rm -f ./*
                dies "$program" "$call" || return
                LD_PRELOAD=$work/die-at.so DIE_AT=20 "$program"
                "$program" || return
        done
}

# dies PROGRAM NAME[:COUNT[:PATH]]: before that call.
dies() {
        (
                IFS=:
                # shellcheck disable=SC2086 # the parts of a call
                set -- "$1" $2
                [ -z "${4:-}" ] || export DIE_PATH="$4"
                LD_PRELOAD=$work/die-at.so DIE_ON=$2 DIE_AT=${3:-1} "$1"
        )
        status=$?
        [ "$status" -eq 137 ] && return
        echo "status $status instead of death before $2"
        return 1
}

# ---- the database

# hold PROGRAM LOG: starts it, with what the environment says of its gap; $pid, once it stopped there.
hold() {
        LD_PRELOAD=$work/die-at.so HOLD=1 "$1" >"$2" 2>&1 &
        pid=$!
        tries=0
        until [ "$(sed 's/.*) \(.\).*/\1/' "/proc/$pid/stat" 2>/dev/null)" = T ]; do
                tries=$((tries + 1))
                if [ "$tries" -gt 5000 ] || ! kill -0 "$pid" 2>/dev/null; then
                        echo "it doesn't stop: $(cat "$2")"
                        return 1
                fi
                sleep 0.02
        done
}

# goes_on PID STATUS LOG TEXT: let go, it ends so and says so.
goes_on() {
        kill -CONT "$1" && wait "$1"
        ended "$?" "$2" "$3" "$4"
}

ended() {
        cat "$3"
        [ "$1" -eq "$2" ] && grep -qi "$4" "$3" && return
        echo "status $1 instead of $2, or not '$4'"
        return 1
}

# second_is_busy PROGRAM
second_is_busy() {
        "$1" >second 2>&1
        ended "$?" 1 second busy
}

# two_starts PROGRAM: whichever comes first, one has the database, the other is told; and nothing
# that was called durable goes.
two_starts() {
        first='' second='' program=$1
        trap 'kill -KILL $first $second 2>/dev/null' EXIT
        rm -rf "$program.dir" && mkdir "$program.dir" && cd "$program.dir" || return
        echo '-- the second while the first is at work'
        DIE_AT=30 hold "$program" one && first=$pid && second_is_busy "$program" &&
                goes_on "$first" 0 one 'commit 200 ' || return
        echo '-- the second while the first is creating'
        rm -f ./*
        DIE_ON=renameat2 DIE_AT=1 hold "$program" one && first=$pid && second_is_busy "$program" &&
                goes_on "$first" 0 one 'commit 200 ' || return
        echo '-- both found none; the faster one is at work, or is done'
        for fast in working finished; do
                rm -f ./*
                DIE_ON=open DIE_PATH=bank.db.new DIE_AT=1 hold "$program" two && second=$pid || return
                if [ "$fast" = working ]; then
                        DIE_AT=30 hold "$program" one && first=$pid &&
                                goes_on "$second" 1 two busy &&
                                goes_on "$first" 0 one 'commit 200 ' || return
                        wanted='commit 400 '
                else
                        "$program" && goes_on "$second" 0 two 'commit 400 ' || return
                        wanted='commit 600 '
                fi
                "$program" >one 2>&1
                ended "$?" 0 one "$wanted" || return
                [ "$(echo bank.db*)" = bank.db ] || return
        done
}

# found_is_synced PROGRAM: before a new run writes to any block, it has written the root that counts,
# made it durable, and then the name.
found_is_synced() {
        rm -rf "$1.dir" && mkdir "$1.dir" && cd "$1.dir" && "$1" || return
        TELL=1 LD_PRELOAD=$work/die-at.so "$1" 3>told || return
        head -n 5 told
        "$awk" '
                /^pwrite/ && $2 >= 2 * 4096 { block = 1; exit }
                /^pwrite/ { root = 1 }
                /^(fdatasync|msync) / && root { synced = 1 }
                /^fsync / && synced { named = 1 }
                END { exit !(block && synced && named) }' told
}

# ---- the downloader

# part_removed PROGRAM: the user removes what there is; its side file counts for no other one.
part_removed() {
        rm -rf "$1.dir" && mkdir "$1.dir" && cd "$1.dir" || return
        dies "$1" renameat && [ -f film.side ] && rm film.part && dies "$1" renameat && "$1" &&
                [ ! -e film.side ]
}

# ---- the logger

# takes_over_a_stump PROGRAM: a log whose writer was killed while it made it.
takes_over_a_stump() {
        rm -rf "$1.dir" && mkdir "$1.dir" && cd "$1.dir" && : >log && "$1" && [ -s log ]
}

# grows_later SOURCE: the log can't grow for a while.
grows_later() {
        echo "#define main main_of_guide
                #include \"$1\"
                #undef main" | cat - "$here/logger-disk-full.c" >"$work/disk-full.c" &&
                compile "$work/disk-full.c" "$work/disk-full" && mkdir "$work/disk-full.dir" &&
                unshare -m sh -c 'mount -t tmpfs -o size=1000k tmpfs "$1.dir" && cd "$1.dir" && "$1"' \
                        sh "$work/disk-full"
}

# ---- all of them

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

# shellcheck disable=SC2086 # a list of words
$cc $CFLAGS -shared -fPIC -o "$work/die-at.so" "$here/die-at.c" -ldl || exit 1

# preloaded PROGRAM GUIDE: what is done to it with die-at.so.
preloaded() {
        case ${RMMAP_SANITIZER:-no}:$2 in
        no:guide-database)
                (killed "$1" renameat2) >"$work/log" 2>&1
                verdict $? "${1##*/}, killed and run again"
                (two_starts "$1") >"$work/log" 2>&1
                verdict $? "${1##*/}, two starts"
                (found_is_synced "$1") >"$work/log" 2>&1
                verdict $? "${1##*/}, what it finds is synced"
                ;;
        no:guide-downloader)
                (killed "$1" renameat unlinkat) >"$work/log" 2>&1
                verdict $? "${1##*/}, killed and run again"
                (part_removed "$1") >"$work/log" 2>&1
                verdict $? "${1##*/}, its file removed"
                ;;
        *:guide-database | *:guide-downloader)
                echo "SKIP: no preload with a sanitizer: $2 isn't killed"
                ;;
        esac
}

can_mount=true
mkdir "$work/probe.dir"
unshare -m mount -t tmpfs tmpfs "$work/probe.dir" 2>/dev/null || can_mount=false

for guide in "$top/README" "$top"/doc/*.md; do
        name=$(basename "$guide" .md)
        found=0
        for source in $("$awk" -v out="$work/$name" -f "$here/extract-programs.awk" "$guide"); do
                found=1
                program=${source%.c}
                compile "$source" "$program" >"$work/log" 2>&1 &&
                        run_program "$program" >"$work/log" 2>&1
                verdict $? "${program##*/}"
                preloaded "$program" "$name"
                if [ "$name" = guide-logger ]; then
                        (takes_over_a_stump "$program") >"$work/log" 2>&1
                        verdict $? "${program##*/}, after a kill within rmmap_create"
                fi
                case $name in
                guide-*)
                        if [ "${RMMAP_OS:-linux}" != linux ]; then
                                echo "SKIP: the floor build has no reservation of space for $name"
                        elif $can_mount; then
                                on_full_disk "$program" >"$work/log" 2>&1
                                verdict $? "${program##*/}, disk full"
                                if [ "$name" = guide-logger ]; then
                                        grows_later "$source" >"$work/log" 2>&1
                                        verdict $? "${program##*/}, disk full for a while"
                                fi
                        else
                                echo "SKIP: no tmpfs can be mounted: no full disk for $name"
                        fi
                        ;;
                esac
        done
        case $found$name in
        0guide-* | 0README)
                echo 'no program' >"$work/log"
                verdict 1 "$name"
                ;;
        esac
done
finish
