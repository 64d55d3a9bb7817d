#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The tools of a build for Windows, under wine. In its build directory: make check-wine.
# tools-test.sh NAME...: only these cases.
set -u
export LC_ALL=C.UTF-8
umask 022

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
command -v wine >/dev/null || {
        echo "SKIP: wine is missing"
        exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/windows-tools.XXXXXX") || exit 1
# shellcheck source=tests/cases.sh
. "$here/../cases.sh"
# shellcheck source=tests/windows/wine.sh
. "$here/wine.sh"
background=
clean_up()
{
        [ -z "$background" ] || kill -KILL "$background" 2>/dev/null
        end_wine
        rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# What the tools need is beside them, as in the zip.
for file in "$build"/tools/.libs/rmmap.exe "$build"/lib/.libs/librangedmmap-0.dll; do
        cp "$file" "$work" || exit 1
done
printf '#!/bin/sh\nexec wine "%s/rmmap.exe" "$@"\n' "$work" >"$work/rmmap"
chmod +x "$work/rmmap"
program=$work/rmmap
begin_wine

prints()
{
        grep -q -E -e "$1" "$out" || complain "it doesn't print '$1'"
}

same()
{
        cmp -s "$dir/$1" "$dir/$2" || complain "$1 and $2 differ"
}

random()
{
        head -c "$1" /dev/urandom >"$dir/$2"
}

# ---- copy

large()
{
        # Beyond 260 characters in all.
        local part long=
        for part in 1 2 3 4 5; do
                long=$long$(printf "%060d" $part)/
        done
        mkdir -p "$dir/$long"
        random 104857600 'größe 漢字.bin'
        printf 'end' >>"$dir/größe 漢字.bin"
        run 0 copy 'größe 漢字.bin' "${long}copie 漢字"
        same 'größe 漢字.bin' "${long}copie 漢字"
        run 0 copy "${long}copie 漢字" back
        same 'größe 漢字.bin' back
        run 0 copy --threads=7 --no-sync back "${long//\//\\}"
        same back "${long}back"
        says 'back: 100.0 MiB in'
        there 'größe 漢字.bin' back "${long%%/*}"
        rm -rf "${dir:?}"/*
}

sizes()
{
        local size
        : >"$dir/empty"
        run 0 copy empty copy-of-empty
        same empty copy-of-empty
        for size in 1 4095 4096 4097 4194305; do
                random $size source
                run 0 copy -f source copy
                same source copy
        done
        # A drive's own directory, here its root, which no test shares.
        run 0 copy source c:
        run 9 copy source 'C:\'
        says '^rmmap: C:.source: already there'
        run 0 info c:/source
        there copy copy-of-empty empty source
}

holes()
{
        truncate -s 9999999 "$dir/source"
        printf data | dd of="$dir/source" bs=1 seek=5000000 conv=notrunc status=none
        run 0 copy source copy
        same source copy
        run 0 copy --sparse=never -f source copy
        same source copy
}

existing()
{
        random 5000 source
        echo old >"$dir/copy"
        run 9 copy source copy
        says 'copy: already there; --force replaces it'
        [ "$(cat "$dir/copy")" = old ] || complain "it was written to"
        run 0 copy --force source copy
        same source copy
        run 2 copy source .\\source
        says 'are the same file'
        there copy source
}

missing()
{
        run 3 copy nothing copy
        says 'nothing: No such file or directory'
        mkdir "$dir/place"
        run 3 copy place copy
        says 'place: not a regular file'
        run 3 copy NUL copy
        says 'NUL: not a regular file'
        there place
}

not_written()
{
        random 5000 source
        run 11 copy source nowhere\\copy
        says 'nowhere.copy: No such file or directory'
        there source
}

preserved()
{
        random 5000 source
        touch -d '2001-02-03 04:05:06' "$dir/source"
        run 0 copy source copy
        [ "$dir/copy" -nt "$dir/source" ] || complain "it has the old time without --preserve"
        run 0 copy --force --preserve source copy
        says 'owner and permissions are those of its directory'
        [ "$(stat -c %Y "$dir/copy")" = "$(stat -c %Y "$dir/source")" ] ||
                complain "its time is $(stat -c %y "$dir/copy")"
        chmod a-w "$dir/source"
        run 0 copy source read-only
        [ "$(stat -c %A "$dir/read-only" | tr -d rx-)" = '' ] || complain "it can be written to"
        there copy read-only source
}

# One that writes the copy is seen by another, and when it is killed, what it leaves is left alone.
two_at_once()
{
        local turn
        truncate -s 2G "$dir/large"
        random 5000 source
        (cd "$dir" && exec wine "$work/rmmap.exe" copy --no-sync large copy) </dev/null >/dev/null 2>&1 &
        background=$!
        for ((turn = 0; turn < 10000; turn++)); do
                [ ! -s "$dir/copy.rmmap-part" ] || break
                sleep 0.005
        done
        kill -STOP $background
        run 10 copy source copy
        says 'copy: another rmmap is writing it'
        kill -KILL $background
        wait $background 2>/dev/null
        background=
        run 0 copy source copy
        says 'copy.rmmap-part: already there, and left alone'
        same source copy
        there copy copy.rmmap-part large source
}

# ---- the others

usage()
{
        run 0 --version
        prints '^rmmap [0-9.]+ .librangedmmap [0-9.]+.$'
        run 0 copy --help
        prints '^Usage: rmmap copy'
        ! grep -q $'\r' "$out" || complain "its lines end as on Windows"
        run 2 copy source
        says 'rmmap copy --help lists the options'
        run 2 nonsense
        run 2 doctor --also=. .
        says 'isn.t available on Windows'
        there
}

is_json()
{
        if ! command -v python3 >/dev/null; then
                notes="without python3, which reads JSON"
                return
        fi
        python3 -c 'import json, sys
assert json.loads(sys.stdin.readline())["path"] == sys.argv[1]' "$1" <"$out" ||
                complain "it prints no line of JSON about $1"
}

info()
{
        random 5000 'größe'
        : >"$dir/empty"
        run 0 info 'größe' empty
        prints '^  file            größe$'
        prints '^  size            4.9 KiB .5000 bytes.$'
        prints '^  read by '
        prints '^  written by '
        prints 'nothing to map in an empty file'
        run 0 info --json 'größe'
        is_json 'größe'
        run 3 info nothing
        says 'nothing: No such file or directory'
}

doctor()
{
        run 0 doctor
        prints '^  kernel          Windows [0-9.]+ on x86_64, pages of 4096 bytes'
        prints '^  room '
        prints '^good     locks: handles see each other'
        prints '^good     fork: Windows has no fork'
        prints '^note     name: the directory can.t be synced'
        ! grep -q '^bad' "$out" || complain "something is bad"
        mkdir "$dir/größe"
        random 5000 'größe/file'
        run 0 doctor --json 'größe\file'
        is_json 'größe\file'
        there 'größe'
        run 3 doctor nowhere
        says 'nowhere: No such file or directory'
}

case_ large
case_ sizes
case_ holes
case_ existing
case_ missing
case_ not_written
case_ preserved
case_ two_at_once
case_ usage
case_ info
case_ doctor
finish_cases
