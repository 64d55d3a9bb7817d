#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The program rmmap: what it prints, what it exits with, and that nothing but a whole copy ever has
# the final name. RMMAP names the program.
#
# One line for each case: "ok", "FAILED" or "SKIP:". rmmap-test.sh NAME...: only these cases.
set -u
export LC_ALL=C
umask 022

here=$(cd "$(dirname "$0")" && pwd)
rmmap=${RMMAP:-${top_builddir:-.}/tools/rmmap}
rmmap=$(cd "$(dirname "$rmmap")" 2>/dev/null && pwd)/$(basename "$rmmap")
# What libtool starts instead would get the signals.
[ ! -x "$(dirname "$rmmap")/.libs/rmmap" ] || {
        export LD_LIBRARY_PATH=${top_builddir:-.}/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        rmmap=$(dirname "$rmmap")/.libs/rmmap
}
[ -x "$rmmap" ] || {
        echo "FAIL: there is no $rmmap"
        exit 1
}
program=$rmmap
states=$(cd "${top_builddir:-.}" && pwd)/tests/tools/states
work=$(mktemp -d "${TMPDIR:-/tmp}/rmmap-test.XXXXXX") || exit 1
# shellcheck source=tests/cases.sh
. "$here/../cases.sh"
views=
background=
# So large that there is time, though it is made of holes.
huge=1T
[ "${RMMAP_SANITIZER:-no}" = no ] || huge=256G
mkfifo "$work/fifo"

clean_up()
{
        [ -z "$background" ] || kill -KILL "$background" 2>/dev/null
        [ -z "$mounted" ] || umount "$mounted"
        for view in $views; do umount "$view"; done
        chmod -R u+w "$work"
        rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- what a case is made of -------------------------------------------------------------------

prints()
{
        grep -q -E -e "$1" "$out" || complain "it doesn't print '$1'"
}

same()
{
        cmp -s "$dir/$1" "$dir/$2" || complain "$1 and $2 differ"
}

# stopped_amid: waits until all threads of it have stopped. Whether the four that copy are among
# them: then it has its lock, and all that comes after the copying is still to come.
stopped_amid()
{
        local turn task stat count moving
        for ((turn = 0; turn < 5000; turn++)); do
                count=0 moving=0
                for task in "/proc/$background/task/"*; do
                        { read -r stat <"$task/stat"; } 2>/dev/null || continue
                        case ${stat##*) } in
                        [Tt]*) count=$((count + 1)) ;;
                        [!ZX]*) moving=1 ;;
                        esac
                done
                [ $moving -ne 0 ] || break
                doze 0.002
        done
        [ $moving -eq 0 ] && [ $count -ge 5 ]
}

# start [PART]: copies a source so large, though of holes only, that there is time to do something
# to it. It is stopped as soon as it copies, which shows by a file of the name PART, a pattern.
start()
{
        local try turn part=${1-copy.rmmap-part}
        for ((try = 1; try <= 20; try++)); do
                (cd "$dir" && exec env --default-signal=INT \
                        "$rmmap" copy --threads=4 --no-sync source copy) \
                        </dev/null >"$out" 2>"$err" &
                background=$!
                for ((turn = 0; turn < 5000; turn++)); do
                        if compgen -G "$dir/$part" >/dev/null; then
                                kill -STOP $background 2>/dev/null
                                ! stopped_amid || return
                                kill -CONT $background 2>/dev/null
                        fi
                        kill -0 $background 2>/dev/null || break
                        doze 0.002
                done
                # It was over too soon.
                wait $background
                rm -f "$dir/copy"
        done
        complain "it was over before something could be done, $((try - 1)) times"
}

# doze SECONDS: a sleep that starts no program.
doze()
{
        read -r -t "$1" <>"$work/fifo"
}

# spent: sets $spent to the time on processors, in milliseconds, of all that was waited for. It is
# what a program did, on a busy machine as on an idle one.
spent()
{
        local text user system
        times >"$work/times"
        { read -r _ && read -r user system; } <"$work/times"
        spent=0
        for text in "$user" "$system"; do
                text=${text%s}
                spent=$((spent + ${text%m*} * 60000 + 10#$(printf '%s' "${text#*m}" | tr -d .)))
        done
}

# spent_so_far: the same of what start has stopped.
spent_so_far()
{
        local stat
        read -r stat <"/proc/$background/stat"
        # shellcheck disable=SC2086 # words: the state, then 10 others, then user and system
        set -- ${stat##*) }
        spent=$(((${12} + ${13}) * 1000 / $(getconf CLK_TCK)))
}

# finish STATUS: it goes on, and must exit with it.
finish()
{
        local got
        kill -CONT "$background"
        # The shell's own words about signals are of no use here.
        wait "$background" 2>/dev/null
        got=$?
        background=
        [ "$got" -eq "$1" ] || complain "exit status $got instead of $1: $(head -n 3 "$err")"
}

needs_more()
{
        case $1 in
        huge)
                truncate -s $huge "$dir/source" 2>/dev/null || reason="no file of $huge here"
                # The class that an ELF file has in its head.
                [ "$(od -An -tu1 -j4 -N1 "$rmmap" | tr -d ' ')" = 2 ] ||
                        reason="a 32-bit process maps no file of $huge"
                ;;
        fuse)
                command -v bindfs >/dev/null || reason="bindfs is missing"
                [ -w /dev/fuse ] || reason="/dev/fuse is missing, or may not be used"
                ;;
        page_cache)
                echo something >"$dir/probe"
                case $(stat -f -c %T "$dir") in
                ext2/ext3 | xfs)
                        [ -n "$(cached probe)" ] || reason="this kernel doesn't count cached pages"
                        ;;
                *) reason="this file system keeps pages for reasons of its own" ;;
                esac
                rm "$dir/probe"
                ;;
        states) [ -x "$states" ] || reason="tests/tools/states isn't built" ;;
        python3 | flock) command -v "$1" >/dev/null || reason="$1 is missing" ;;
        esac
}

# cached FILE: its bytes in the page cache; nothing where the kernel can't tell.
cached()
{
        (cd "$dir" && "$rmmap" info --json "$1" 2>/dev/null) |
                sed -n 's/.*"bytes_cached": *\([0-9]*\).*/\1/p'
}

random()
{
        head -c "$2" /dev/urandom >"$dir/$1"
}

# ---- copy: what arrives -----------------------------------------------------------------------

sizes()
{
        local size threads
        for size in 0 1 4095 4096 4097 1048577 10485763; do
                random source $size
                for threads in 1 3; do
                        run 0 copy --threads=$threads source copy
                        same source copy
                        there source copy
                        rm -f "$dir/copy"
                done
        done
}

cache_is_left_alone()
{
        random source 33554432
        sync "$dir/source"
        dd if="$dir/source" iflag=nocache count=0 status=none
        run 0 copy source copy
        [ "$(cached copy)" -lt 2097152 ] || complain "$(cached copy) bytes of the copy stay"
        [ "$(cached source)" -lt 2097152 ] || complain "$(cached source) bytes of the source stay"
        same source copy # reads both
        run 0 copy source again
        [ "$(cached source)" -gt 30000000 ] || complain 'a source that was there is dropped'
        run 0 copy --no-sync source third
        [ "$(cached third)" -gt 30000000 ] || complain 'without a sync the copy is dropped'
}

into_directory()
{
        random source 5000
        mkdir "$dir/place"
        run 0 copy source place
        same source place/source
        run 0 copy "$dir/source" "place/other"
        same source place/other
}

exists()
{
        random source 5000
        echo old >"$dir/copy"
        run 9 copy source copy
        [ "$(cat "$dir/copy")" = old ] || complain "the old file is gone"
        run 0 copy --force source copy
        same source copy
        there source copy
        random source 5001
        : >"$dir/source.empty"
        run 0 copy -f source.empty copy
        same source.empty copy
}

same_file()
{
        random source 5000
        cp "$dir/source" "$dir/before"
        ln "$dir/source" "$dir/other"
        ln -s source "$dir/link"
        local name
        for name in source ./source other link; do
                run 2 copy -f source $name
                says 'are the same file'
        done
        run 2 copy -f source .
        same before source
        there source before other link
}

not_files()
{
        random source 5000
        mkfifo "$dir/fifo"
        mkdir "$dir/directory"
        ln -s nowhere "$dir/link"
        run 3 copy missing copy
        run 3 copy fifo copy
        run 3 copy directory copy
        run 3 copy /dev/null copy
        run 11 copy -f source fifo
        run 11 copy -f source link
        run 11 copy source missing/copy
        there source fifo directory link
}

wrong_usage()
{
        random source 10
        run 2
        run 2 nonsense
        run 2 copy
        run 2 copy source
        run 2 copy source a b
        run 2 copy --threads=0 source copy
        run 2 copy -j257 source copy
        run 2 copy -j 1x source copy
        run 2 copy --sparse=maybe source copy
        run 2 copy --nonsense source copy
        run 2 info
        run 2 info --nonsense source
        run 2 doctor a b
        there source
        for command in '' copy info doctor; do
                # shellcheck disable=SC2086 # none, or one word
                run 0 $command --help
                prints '^Usage: rmmap'
        done
        run 0 --version
        prints '^rmmap [0-9.]+ \(librangedmmap [0-9.]+\)$'
}

# blocks NAME: KiB on the disk
blocks()
{
        du -k "$dir/$1" | cut -f 1
}

sparse()
{
        truncate -s 64M "$dir/source"
        printf data | dd of="$dir/source" bs=1 seek=$((20 << 20)) conv=notrunc status=none
        printf more | dd of="$dir/source" bs=1 seek=$(((64 << 20) - 4)) conv=notrunc status=none
        [ "$(blocks source)" -lt 1024 ] || {
                echo "SKIP: sparse, in part: no holes on this file system"
                return
        }
        run 0 copy source copy
        same source copy
        [ "$(blocks copy)" -le "$(blocks source)" ] ||
                complain "the copy takes $(blocks copy) KiB, its source $(blocks source)"
        run 0 copy --sparse=never source whole
        same source whole
        [ "$(blocks whole)" -ge 65536 ] || complain "it has holes: $(blocks whole) KiB"
        truncate -s 32M "$dir/hole"
        run 0 copy hole holes
        same hole holes
}

mode_of()
{
        stat -c '%a' "$dir/$1"
}

attributes()
{
        random source 5000
        touch -d '2001-02-03 04:05:06.789' "$dir/source"
        chmod 4754 "$dir/source"
        umask 027
        run 0 copy source plain
        umask 022
        [ "$(mode_of plain)" = 750 ] || complain "mode $(mode_of plain) instead of 750"
        [ "$dir/plain" -nt "$dir/source" ] || complain "the time was kept"
        run 0 copy --preserve source kept
        [ "$(mode_of kept)" = 4754 ] || complain "mode $(mode_of kept) instead of 4754"
        [ "$(stat -c '%y %u %g' "$dir/kept")" = "$(stat -c '%y %u %g' "$dir/source")" ] ||
                complain "$(stat -c '%y %u %g' "$dir/kept") instead of the source's"
        chmod 0 "$dir/plain" "$dir/kept"
        chmod 400 "$dir/source"
        run 0 copy -p source secret
        [ "$(mode_of secret)" = 400 ] || complain "mode $(mode_of secret) instead of 400"
        : >"$dir/empty"
        chmod 640 "$dir/empty"
        touch -d '2001-02-03 04:05:06.789' "$dir/empty"
        run 0 copy -p empty nothing
        [ "$(mode_of nothing)" = 640 ] || complain "an empty copy has mode $(mode_of nothing)"
        [ "$(stat -c %y "$dir/nothing")" = "$(stat -c %y "$dir/empty")" ] ||
                complain "an empty copy has the time $(stat -c %y "$dir/nothing")"
}

owner()
{
        random source 5000
        chown 1234:2345 "$dir/source"
        run 0 copy -p source copy
        [ "$(stat -c '%u %g' "$dir/copy")" = "1234 2345" ] || complain "another owner"
        run 0 copy source mine
        [ "$(stat -c '%u' "$dir/mine")" = "$(id -u)" ] || complain "not mine"
}

# ---- copy: what goes wrong amid it ------------------------------------------------------------

nobody_else_reads_the_part()
{
        chmod 666 "$dir/source"
        start
        [ "$(mode_of copy.rmmap-part)" = 600 ] || complain "mode $(mode_of copy.rmmap-part)"
        finish 0
        there source copy
        [ "$(mode_of copy)" = 644 ] || complain "mode $(mode_of copy) at the end"
}

interrupted()
{
        local signal before unit signals='INT:130 TERM:143 HUP:129'
        # Under nohup it must not be heeded.
        if grep -q '^SigIgn:.*[13579bdf]$' /proc/self/status; then signals=${signals% HUP:*}; fi
        spent
        before=$spent
        run 0 copy --no-sync source copy
        rm "$dir/copy"
        spent
        unit=$((spent - before))
        # Twelve times that, or more. ThreadSanitizer has no room for it; there it is only ended.
        case ${RMMAP_SANITIZER:-no} in *thread*) ;; *) truncate -s 12T "$dir/source" ;; esac
        for signal in $signals; do
                start
                kill -"${signal%:*}" $background
                spent
                before=$spent
                spent_so_far
                before=$((before + spent))
                finish "${signal#*:}"
                spent
                [ $((spent - before)) -le $((4 * unit)) ] ||
                        complain "it went on for $((spent - before)) ms; $huge take $unit"
                says 'nothing is left behind'
                there source
        done
}

killed()
{
        start
        kill -KILL $background
        finish 137
        there source copy.rmmap-part
        truncate -s 1M "$dir/source"
        # It may be anybody's: it is told of, and stays.
        run 0 copy source copy
        says 'copy.rmmap-part: already there, and left alone'
        same source copy
        there source copy copy.rmmap-part
}

# Who opens the copy by its name reads the older file or the whole new one, at every moment.
replaced_for_readers()
{
        local reader=$work/reader
        random one 3000000
        random two 4000000
        cp "$dir/one" "$dir/copy"
        : >"$work/wrong"
        (
                while [ ! -e "$work/enough" ]; do
                        cat "$dir/copy" >"$reader"
                        cmp -s "$reader" "$dir/one" || cmp -s "$reader" "$dir/two" ||
                                echo "$(stat -c %s "$reader") bytes" >>"$work/wrong"
                done
        ) 2>>"$work/wrong" &
        background=$!
        for ((turn = 0; turn < 40; turn++)); do
                run 0 copy -fq two copy
                run 0 copy -fq --no-sync one copy
        done
        : >"$work/enough"
        wait $background
        background=
        [ ! -s "$work/wrong" ] || complain "a reader had $(head -n 1 "$work/wrong")"
        there copy one two
}

# Also after a kill; what is left behind then has a name of its own.
killed_at_random()
{
        local rounds=${RMMAP_ROUNDS:-10} round took after=0
        random one 3000000
        random two 4000000
        took=${EPOCHREALTIME/./}
        run 0 copy two copy
        took=$(((${EPOCHREALTIME/./} - took) * 5 / 4))
        for ((round = 0; round < rounds; round++)); do
                cp "$dir/one" "$dir/copy"
                (cd "$dir" && exec "$rmmap" copy -fq two copy) 2>/dev/null &
                background=$!
                doze "$(printf '0.%06d' $((RANDOM * took / 32768 % 1000000)))"
                kill -KILL $background
                wait $background
                background=
                rm -f "$dir"/*.rmmap-part
                there copy one two
                cmp -s "$dir/copy" "$dir/one" || {
                        same copy two
                        after=$((after + 1))
                }
        done 2>/dev/null
        notes="$rounds kills, $after after the copy had its name"
}

# Another program's lock on the copy, for a moment, keeps it only from its name.
looked_at()
{
        start
        flock -s "$dir/copy.rmmap-part" sleep 0.2 &
        finish 0
        wait
        there source copy
}

# kept NAME: it is what was put there as "mine".
kept()
{
        cmp -s "$work/mine" "$dir/$1" || complain "$1 isn't what it was"
}

# What this run didn't make it neither writes nor removes, whatever it is called.
not_ours()
{
        local name=copy.rmmap-part
        head -c 70000 /dev/urandom >"$work/mine"
        cp "$work/mine" "$dir/$name"
        run 0 copy $name copy
        same $name copy
        there $name copy
        run 0 copy -f "./$name" "$dir/copy"
        run 9 copy $name copy
        kept $name
        run 11 copy $name missing/copy
        rm "$dir/copy" && mkdir "$dir/place"
        below 50 run 11 copy $name copy
        mv "$dir/$name" "$dir/place/source"
        ln -s place/source "$dir/$name"
        run 0 copy $name copy
        rm "$dir/copy" "$dir/$name"
        ln "$dir/place/source" "$dir/$name"
        run 0 copy place/source copy
        rm "$dir/copy" "$dir/$name"
        mkdir "$dir/$name"
        run 0 copy place/source copy
        kept copy
        kept place/source
        there $name copy place
}

not_ours_interrupted()
{
        mv "$dir/source" "$dir/copy.rmmap-part"
        ln -s copy.rmmap-part "$dir/source"
        start '.rmmap-part-*'
        kill -TERM $background
        finish 143
        there source copy.rmmap-part
        [ "$(stat -c %s "$dir/copy.rmmap-part")" -gt 1000000 ] || complain "the source was cut"
}

# Who takes the temporary name amid the copy keeps what he put there, and no copy is made of it.
name_is_taken()
{
        echo mine >"$work/mine"
        start
        cp "$work/mine" "$dir/new"
        mv -f "$dir/new" "$dir/copy.rmmap-part"
        finish 11
        says "copy.rmmap-part: isn't the file any more that was made here"
        kept copy.rmmap-part
        there source copy.rmmap-part
}

two_at_once()
{
        start
        run 10 copy source copy
        says 'another rmmap'
        finish 0
        there source copy
}

# changed COMMAND...: the source is, amid the copy.
changed()
{
        start
        "$@"
        finish 5
        says 'changed\|shorter'
        there source
}

shrinks() { changed truncate -s 1M "$dir/source"; }
grows() { changed truncate -s +1 "$dir/source"; }
rewritten() { changed dd if=/dev/zero of="$dir/source" bs=1 count=1 conv=notrunc status=none; }

appears_meanwhile()
{
        start
        echo mine >"$dir/copy"
        finish 9
        there source copy
        [ "$(head -c 9 "$dir/copy")" = mine ] || complain "what appeared was replaced"
}

full_disk()
{
        random source $((9 << 20))
        run 7 copy source "$mounted/copy"
        says 'needs 9.0 MiB'
        # Holes without which it wouldn't fit, but the data doesn't either.
        truncate -s 64M "$dir/source"
        run 7 copy source "$mounted/copy"
        [ -z "$(ls -A "$mounted")" ] || complain "left behind: $(ls -A "$mounted")"
        random source $((5 << 20))
        run 0 copy source "$mounted/copy"
        run 7 copy -f source "$mounted/copy"
        cmp -s "$dir/source" "$mounted/copy" || complain "the old copy isn't whole"
        mv "$mounted/copy" "$mounted/copy.rmmap-part"
        run 7 copy "$mounted/copy.rmmap-part" "$mounted/copy"
        cmp -s "$dir/source" "$mounted/copy.rmmap-part" || complain "the source isn't what it was"
        rm "$mounted/copy.rmmap-part"
        [ -z "$(ls -A "$mounted")" ] || complain "left behind: $(ls -A "$mounted")"
}

# below KIB COMMAND...: the same with files no larger than that.
below()
{
        local kib=$1
        shift
        (
                ulimit -f "$kib"
                problems=
                "$@"
                printf '%s' "$problems" >"$work/problems"
        )
        problems="$problems$(cat "$work/problems")"
}

file_limit()
{
        random source 100000
        below 50 run 11 copy source copy
        says 'copy: File too large'
        there source
}

# ---- copy: sources and systems of other kinds -------------------------------------------------

# The size of these tells nothing of what reading gives.
size_tells_nothing()
{
        local source
        for source in /proc/version /proc/filesystems /proc/kallsyms; do
                [ -r $source ] || continue
                run 0 copy $source copy
                cat $source >"$dir/source"
                same source copy
                rm "$dir/copy"
        done
        # A page, it says; and there is less.
        source=/sys/kernel/mm/transparent_hugepage/enabled
        if [ "$(stat -c %s $source 2>/dev/null)" = 4096 ]; then
                run 0 copy $source copy
                cat $source >"$dir/source"
                same source copy
                rm "$dir/copy"
        fi
        run 3 copy /proc/self/mem copy
        if [ "$(wc -c </proc/kallsyms)" -gt 100000 ]; then
                below 50 run 11 copy /proc/kallsyms copy
                says 'copy: File too large'
        fi
        there source
}

long_names()
{
        local length name
        random source 5000
        for length in 244 245 255; do
                name=$(printf "%0${length}d" 0)
                run 0 copy source "$name"
                same source "$name"
                run 0 copy -f source "$name"
                there source "$name"
                rm "$dir/$name"
        done
        run 11 copy source "$(printf '%0256d' 0)"
        says 'File *name too long'
        there source
}

# Messages go nowhere then, and never into the copy.
no_descriptors()
{
        local how
        random source 5000
        for how in '0<&-' '1>&-' '2>&-' '0<&- 1>&- 2>&-'; do
                (cd "$dir" && eval "exec $how" && exec timeout 60 "$rmmap" copy source copy) ||
                        complain "with $how: exit status $?"
                same source copy
                (cd "$dir" && eval "exec $how" && exec timeout 60 "$rmmap" copy source copy)
                [ $? -eq 9 ] || complain "with $how an existing file isn't refused"
                same source copy
                there source copy
                rm "$dir/copy"
        done 2>"$err"
        (cd "$dir" && exec timeout 60 "$rmmap" info source >&- 2>"$err")
        [ $? -eq 1 ] || complain "info without standard output succeeds"
        says "standard output can't be written"
}

rename_without_flags()
{
        local error
        random source 5000
        for error in EINVAL ENOSYS EPERM; do
                # By a second name, which goes again.
                without "renameat2=$error" 0 copy source copy
                same source copy
                there source copy
                rm "$dir/copy"
                # No hard links either: after a look.
                without "renameat2=$error ?link,linkat=EPERM" 0 copy source copy
                same source copy
                there source copy
                rm "$dir/copy"
        done
        # What goes wrong is told as it is.
        without "renameat2=EIO" 11 copy source copy
        says 'copy: I.*/[oO].* error'
        there source
}

chmod_isnt_there()
{
        random source 5000
        chmod 644 "$dir/source"
        without fchmod=ENOSYS 0 copy source copy
        same source copy
        says 'copy: its permissions stay 600: Function not implemented'
        without fchmod=ENOSYS 11 copy -p source other
        says "other: --preserve: its permissions can't be set: Function not implemented"
        # Not ENOSYS, for which musl has an older call.
        without utimensat,?utimensat_time64=EPERM 11 copy -p source other
        says "other: --preserve: its times can't be set: Operation not permitted"
        without fchown,?fchown32=ENOSYS 0 copy -p source kept
        without fchmod=EIO 11 copy source other
        says 'other: I.*/[oO].* error'
        there source copy kept
}

locks_and_syncs_arent_there()
{
        random source 5000
        : >"$dir/empty"
        without flock=ENOSYS 0 copy source copy
        without flock=ENOLCK 0 copy -f source copy
        without flock=ENOLCK 0 copy empty nothing
        : >"$dir/copy.rmmap-part"
        without flock=ENOSYS 0 copy -f source copy
        same source copy
        rm "$dir/copy.rmmap-part" "$dir/copy"
        without fsync=EINVAL:2+ 0 copy source copy
        says 'durable but for its name$'
        rm "$dir/copy"
        without fsync=EIO 11 copy source copy
        says 'copy: I.*/[oO].* error'
        there source empty nothing
}

# Data, then size and name of the part, then the final name, then the directory.
order_of_syncs()
{
        local calls=fsync,fdatasync,sync_file_range,msync
        random source 100000
        # To replace takes one rename everywhere.
        (cd "$dir" && strace -f -o "$work/trace" -e trace=fsync,fdatasync,?rename,?renameat,renameat2 \
                "$rmmap" copy -fq source copy)
        # Whole, or the end of a call that was shown in two parts, since another thread came between.
        grep -o -E ' (f(data)?sync|rename(at2?)?)(\(| resumed>).*= 0$' "$work/trace" |
                sed 's/^ \([a-z]*\).*/\1/' | tr '\n' ' ' >"$work/order"
        grep -q -E '^(fdatasync )*fsync (f(data)?sync )*rename(at)? fsync $' "$work/order" ||
                complain "it goes: $(cat "$work/order")"
        # Elsewhere the library writes what was stored in a mapping before it ends the mapping.
        [ "${RMMAP_OS:-linux}" = linux ] || calls=fsync,fdatasync
        (cd "$dir" && strace -f -o "$work/trace" -e trace=$calls "$rmmap" copy -q --no-sync source other)
        ! grep -q sync "$work/trace" || complain "--no-sync syncs"
}

# ---- what is shown ----------------------------------------------------------------------------

no_terminal()
{
        local begun=$SECONDS lines
        random source 100000
        run 0 copy source copy
        says '^rmmap: copy: 97.7 KiB in .* durable$'
        lines=$(grep -c '^rmmap: *[0-9]*%, .* left$' "$err")
        [ "$lines" -le $(((SECONDS - begun) / 5)) ] ||
                complain "$lines lines of progress in $((SECONDS - begun)) s"
        [ "$(wc -l <"$err")" -eq $((lines + 1)) ] && [ ! -s "$out" ] ||
                complain "it says more than one line"
        ! grep -q "$(printf '\r')" "$err" || complain "a bar without a terminal"
        run 0 copy --no-sync source other
        ! grep -q durable "$err" || complain "it claims to be durable"
        run 0 copy -q source third
        [ ! -s "$err" ] || complain "--quiet says something"
}

bar()
{
        local columns longest
        truncate -s $huge "$dir/source"
        for columns in 60 30; do
                terminal_of $columns --slowly copy -j1 --no-sync source copy
                rm "$dir/copy"
                prints '[0-9.]+ (B|[KMGT]iB)/s +[0-9:-]+'
                [ $columns -lt 60 ] || prints '^ *[0-9]+% \[=*>? *\]'
                longest=$(grep '%' "$out" | wc -L)
                [ "$longest" -lt $columns ] || complain "$longest of $columns columns are used"
        done
        terminal_of 100 --slowly copy -j1 --no-sync --no-progress source copy
        ! grep -q '%' "$out" || complain "--no-progress shows a bar"
}

# ---- info -------------------------------------------------------------------------------------

# json EXPRESSION: of what was printed last, as d, must be true.
json()
{
        python3 -c 'import json, sys
d = json.loads(open(sys.argv[1]).read()); f = d["facts"]
sys.exit(not eval(sys.argv[2]))' "$out" "$1" 2>"$work/python" ||
                complain "not so: $1 $(tail -n 1 "$work/python")"
}

info()
{
        random source 5000
        run 0 info source
        prints '^  file +source$'
        prints '^  size +4.9 KiB \(5000 bytes\)$'
        prints '^  written by +(mapping|pwrite)'
        prints '^  uncached +(dropped|advised|kept|unavailable) \('
        prints '^  locks +none'
        truncate -s 1M "$dir/holes"
        run 0 info holes
        prints 'with holes$|no holes$'
        : >"$dir/empty"
        run 0 info empty source
        prints 'nothing to map in an empty file'
        run 3 info source missing
        prints '^  file +source$'
        says 'missing: No such file'
        run 3 info .
        printf 'x' >"$dir/$(printf 'a\033[31m\nb')"
        run 0 info "$(printf 'a\033[31m\nb')"
        ! grep -q "$(printf '\033')" "$out" || complain "a name gets at the terminal"
}

# make_states: files of the library, in $dir.
make_states()
{
        (cd "$dir" && "$states") >"$out" 2>&1 || complain "states: $(cat "$out")"
}

# overwrite FILE OFFSET [TEXT]: damages it.
overwrite()
{
        printf '%s' "${3:-damaged}" | dd of="$dir/$1" bs=1 seek="$2" conv=notrunc status=none
}

info_of_side_file()
{
        make_states
        run 0 info side
        prints "^  checkpoint +of inode $(stat -c %i "$dir/recorded"), 20.0 KiB \\(20480 bytes\\)$"
        prints '^  identity +a\.job \(5 bytes\)$'
        prints '^  recorded +3 of 5 blocks, 60\.0%$'
        prints '^  damage +0 damaged copies$'
        cp "$dir/side" "$dir/whole"
        overwrite side 8
        run 0 info side
        prints '^  damage +1 damaged copies$'
        prints '^  recorded +3 of 5'
        overwrite side 8200
        overwrite side 12296
        run 0 info side
        prints "^  damage +3 damaged copies; it can't be used$"
        overwrite side 4100
        run 0 info side
        ! grep -q checkpoint "$out" || complain 'two damaged headers are a checkpoint'
        truncate -s 8700 "$dir/whole"
        run 0 info whole
        prints "it is cut, and can't be used$"
}

info_of_state_file()
{
        local at
        make_states
        run 0 info state
        prints "^  shared state +of inode $(stat -c '%i on device %d' "$dir/shared"), made for 20.0 KiB"
        prints '\(20480 bytes\), which may grow to 256.0 KiB$'
        prints '^  given out +up to 12.0 KiB \(12288 bytes\), in multiples of 4096$'
        prints '^  mark +28.0 KiB \(28672 bytes\): after a power cut'
        prints '^  damage +none$'
        for at in '0 RMMSHAR2:another version' '48:header' '4096:counter' '8192:mark'; do
                cp "$dir/state" "$dir/bad"
                # shellcheck disable=SC2086 # an offset, and a text or none
                overwrite bad ${at%:*}
                run 0 info bad
                prints "^  damage +.*${at#*:}.*; it can't be used$"
                ! grep -q 'given out' "$out" || complain "it tells what it can't know"
        done
        for at in 80 8192 12287 16384; do
                cp "$dir/state" "$dir/bad"
                truncate -s $at "$dir/bad"
                run 0 info bad
                prints "^  shared state +of inode $(stat -c %i "$dir/shared") "
                prints "^  damage +it has another size.*; it can't be used$"
        done
        printf RMMSHAR1 >"$dir/bad"
        run 0 info bad
        ! grep -q shared "$out" || complain 'eight bytes are a state'
}

info_of_states_json()
{
        make_states
        run 0 info --json side
        json 'f["checkpoint_recorded"] == 3 and f["checkpoint_blocks"] == 5'
        json 'f["checkpoint_usable"] and f["checkpoint_damaged"] == 0'
        run 0 info --json state
        json 'f["shared_given_out"] == 12288 and f["shared_mark"] == 28672'
        json 'f["shared_size"] == 20480 and f["shared_max_size"] == 262144 and f["shared_usable"]'
        json "f['shared_inode'] == $(stat -c %i "$dir/shared")"
        overwrite state 8192
        run 0 info --json state
        json 'f["shared_usable"] is False and "shared_mark" not in f'
}

info_json()
{
        local name
        random source 5000
        run 0 info --json source
        json 'd["command"] == "info" and d["path"] == "source" and f["size"] == 5000'
        json 'f["file_system"] and f["write_engine"] in ("auto", "map", "pwrite")'
        json 'f["reserved"] in (True, False) and len(d["findings"]) >= 6'
        name=$(printf 'q"\\ \303\244 \377\001')
        cp "$dir/source" "$dir/$name"
        run 0 info --json "$name"
        json 'd["path"] == "q\"\\ \u00e4 \ufffd\u0001"'
}

info_of_locked()
{
        random source 5000
        exec 9<"$dir/source"
        flock --exclusive 9
        run 0 info source
        prints 'not now: it is locked'
        prints 'held by one alone|none that this process can see'
        exec 9<&-
}

# ---- doctor -----------------------------------------------------------------------------------

doctor()
{
        local name
        random source 5000
        run 0 doctor .
        for name in preallocation 'huge pages' populate 'early write-back' 'range sync' \
                'durable write' name faults fork locks; do
                prints "^(good|note)  *$name: "
        done
        prints '^  created file +(mapping|pwrite)'
        there source
        run 0 doctor source
        prints '^  written by'
        there source
        run 3 doctor missing
        ! grep -q '^\(bad\|unknown\)' "$out" || complain "something is bad: $(grep '^bad' "$out")"
}

doctor_json()
{
        run 0 doctor --json .
        json 'd["command"] == "doctor" and d["path"] == "."'
        json 'f["faults_caught"] and f["page_size"] >= 4096'
        json 'not f["reserved"] or f["engine"] == "auto"'
        json 'f["reserved"] or f["engine"] == "pwrite"'
        json 'f["engine_catching_faults"] == "map"'
        json 'all(r["verdict"] in ("good", "note") for r in d["findings"] if "verdict" in r)'
        random source 5000
        run 0 doctor --json source
        json 'f["file"]["size"] == 5000 and "size" not in f'
        json 'f["reserved"] in (True, False) and f["file"]["reserved"] in (True, False)'
        # What is told of the file system is what another program says.
        case $(stat -f -c %T .) in
        ext2/ext3) json 'f["file_system"] == "ext4"' ;;
        esac
        there source
}

doctor_without_advice()
{
        without madvise=EPERM 0 doctor .
        prints "^note +populate: (isn't to be had|files aren't mapped here)"
}

# widest MOST: no line that was printed is wider.
widest()
{
        local longest
        longest=$(wc -L <"$out")
        [ "$longest" -le "$1" ] || complain "$longest of $1 columns are used"
}

# No line is wider than that: on a terminal of more, of less, and without one.
doctor_columns()
{
        local columns name
        name=$(printf '%0120d' 0)
        random "$name" 5000
        mkdir "$dir/a"
        for columns in 200 100 60; do
                terminal_of $columns '' doctor --also=a a
                prints '^good +fork: '
                widest $((columns > 100 ? 100 : columns - 1))
                terminal_of $columns '' doctor "$name"
                widest $((columns > 100 ? 100 : columns - 1))
        done
        run 0 doctor --also=a a
        widest 100
        [ "$(wc -L <"$out")" -gt 80 ] || complain "less than 80 columns are used"
        run 0 doctor "$name"
        widest 100
        run 0 info "$name"
        prints "^  file +$name\$"
}

# two_views COMMAND...: the directory "under", mounted as "a" and "b" by bind mounts or the like.
two_views()
{
        mkdir "$dir/under" "$dir/a" "$dir/b"
        if ! "$@" "$dir/under" "$dir/a" 2>"$err"; then
                echo "SKIP: ${FUNCNAME[1]}, in part: $1: $(head -n 1 "$err")"
                return 1
        fi
        views=$dir/a
        "$@" "$dir/under" "$dir/b" && views="$views $dir/b"
}

no_views()
{
        local view
        for view in $views; do umount "$view"; done
        views=
        [ -z "$(ls -A "$dir/under")" ] || complain "left behind: $(ls -A "$dir/under")"
}

doctor_also()
{
        mkdir "$dir/other"
        run 0 doctor --also . .
        prints '^good +also locks: '
        prints '^good +also mapping: '
        prints '^good +also file io: '
        run 2 doctor --also other .
        says 'other: what is made in . isn.t seen there'
        run 3 doctor --also missing .
        says 'missing: No such file'
        there other
        two_views mount --bind || return
        run 0 doctor --json --also "$dir/b" "$dir/a"
        json 'f["also_locks"] and f["also_mapping"] and f["also_file_io"]'
        no_views
}

# FUSE: each mount has its own page cache, and its own locks; and it doesn't live in memory.
doctor_also_on_fuse()
{
        two_views bindfs --no-allow-other || return
        run 0 doctor --json --also "$dir/b" "$dir/a"
        json 'f["also_locks"] == False and f["also_mapping"] == False'
        json 'f["lives_in_memory"] == False and f["coherent"] == False'
        run 0 doctor --also "$dir/b" "$dir/a"
        prints '^note +also locks: a lock that is held on one mount is given on the other'
        prints '^note +also mapping: of two pieces of a page,'
        ! grep -q 'in memory$' "$out" || complain "it says that a file of FUSE lives in memory"
        no_views
}

doctor_on_tmpfs()
{
        run 0 doctor --json "$mounted"
        json 'f["file_system"] == "tmpfs" and f["reserved"] and f["bytes_free"] <= 8 << 20'
        json 'f["lives_in_memory"]'
        run 0 doctor "$mounted"
        prints '^note +file system: tmpfs, which lives in memory'
        prints '^good +early write-back: there is nothing to write back: the file lives in memory'
        ! grep -q 'is durable in' "$out" || complain "something is durable on tmpfs"
        [ -z "$(ls -A "$mounted")" ] || complain "left behind: $(ls -A "$mounted")"
        mount -o remount,ro "$mounted"
        run 11 doctor --json "$mounted"
        says 'Read-only file system'
        json 'any(r["name"] == "scratch" and r["verdict"] == "bad" for r in d["findings"])'
        mount -o remount,rw "$mounted"
}

doctor_without_room()
{
        head -c $((7 << 20)) /dev/zero >"$mounted/most"
        run 0 doctor "$mounted"
        prints '^unknown  preallocation: rmmap_create: No space'
        rm "$mounted/most"
        [ -z "$(ls -A "$mounted")" ] || complain "left behind: $(ls -A "$mounted")"
}

doctor_with_limit()
{
        below 1024 run 0 doctor --json .
        json 'f["limit_file_size"] == 1 << 20'
        there
}

# ---- all of it --------------------------------------------------------------------------------

for name in sizes into_directory exists same_file not_files wrong_usage sparse attributes \
        file_limit no_terminal info not_ours size_tells_nothing long_names no_descriptors; do
        case_ $name
done
case_ cache_is_left_alone linux page_cache
case_ owner root
for name in nobody_else_reads_the_part interrupted killed two_at_once shrinks grows rewritten \
        appears_meanwhile not_ours_interrupted name_is_taken; do
        case_ $name int huge
done
for name in chmod_isnt_there locks_and_syncs_arent_there; do
        case_ $name strace
done
case_ rename_without_flags strace linux
case_ replaced_for_readers
case_ killed_at_random
case_ looked_at int huge flock
case_ info_of_locked flock
case_ bar python3 huge
case_ full_disk tmpfs
case_ order_of_syncs strace
case_ info_json python3
case_ info_of_side_file states
case_ info_of_state_file states
case_ info_of_states_json states python3
case_ doctor
case_ doctor_json linux python3
case_ doctor_without_advice linux strace
case_ doctor_columns python3
case_ doctor_also python3
case_ doctor_also_on_fuse linux fuse python3
case_ doctor_on_tmpfs linux tmpfs python3
case_ doctor_without_room linux tmpfs
case_ doctor_with_limit python3

finish_cases
