#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The suite for allocators, two examples and C++, with the DLL, where RMMAP_EMULATOR runs programs
# for Windows (make check-wine).
# shellcheck disable=SC2086 # lists of words
set -u
top=${top_srcdir:?} build=${top_builddir:?}
here=$top/tests/windows
plugins=$build/tests/plugins/.libs
# The DLL, and those of the compiler that the plug-ins want.
WINEPATH=$build/lib/.libs
for name in winpthread-1 gcc_s_seh-1 gcc_s_dw2-1; do
        WINEPATH="$WINEPATH;$(dirname "$($CC -print-file-name=lib$name.dll)")"
done
export WINEPATH
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
failed=0

fail()
{
        echo "FAIL: $1"
        head -n 30 log | sed 's/^/  /'
        failed=1
}

link="-static -L$build/lib/.libs -l:librangedmmap.dll.a -lpthread"
strict='-O1 -Wall -Wextra -Werror'
c="$CC -std=gnu11 -D_GNU_SOURCE $strict -I$build/include -I$here -include $here/programs.h"
run=${RMMAP_EMULATOR:-}

# says STATUS WORDS PROGRAM ARGUMENT...: ends so, and says that.
says()
{
        status=$1 words=$2
        shift 2
        $run "$@" >log 2>&1 </dev/null
        got=$?
        [ $got -eq "$status" ] || fail "$*: status $got, not $status"
        [ -z "$words" ] || grep -q -e "$words" log || fail "$*: doesn't say $words"
}

# ---- allocator-contract: the process stays its own child, and the check of a fork can't be made
$c -o contract.exe "$top"/tests/allocator-contract*.c $link >log 2>&1 || fail 'allocator-contract'
new_tmpdir()
{
        TMPDIR=$(mktemp -d "$work/XXXXXX")
        export TMPDIR
}
kept()
{
        new_tmpdir
        says 1 '^# .* kept, 1 broken' ./contract.exe --no-fork "$@"
        grep -q '^not ok [0-9]* - file: released in a forked child' log || fail "$*: another one"
}
kept --builtin concurrent
kept --builtin sequential
kept "$plugins/bitmap.dll" bitmap_allocator
kept "$plugins/stack.dll" stack_allocator
new_tmpdir
says 1 '^not ok .* every byte from first on once.*was given before' \
        ./contract.exe --no-fork "$plugins/broken.dll" overlaps

# ---- examples
$c -o write-chunks.exe "$top/examples/write-chunks.c" $link >log 2>&1 || fail write-chunks
says 0 '^67112864 bytes are on the disk' ./write-chunks.exe
says 0 '^67112864 bytes are on the disk' ./write-chunks.exe chunks
[ "$(wc -c <chunks)" -eq 67112864 ] || fail 'chunks has another size'
[ "$(tail -c 8 chunks | od -A n -t u8 | tr -d ' ')" = 67112856 ] || fail 'the last word of chunks'
says 1 'No such file' ./write-chunks.exe no/such/directory

$c -o append-records.exe "$top/examples/append-records.c" $link >log 2>&1 || fail append-records
says 0 '' ./append-records.exe records one two
says 0 '' ./append-records.exe records three
says 0 three ./append-records.exe records
[ "$(tr -d '\r' <log | tr '\n' ' ')" = 'one two three ' ] || fail 'the records are others'
printf X | dd of=records bs=1 seek=34 conv=notrunc 2>/dev/null
says 0 '' ./append-records.exe records four
says 0 four ./append-records.exe records
[ "$(tr -d '\r' <log | tr '\n' ' ')" = 'one two four ' ] || fail 'a damaged record counts'

# ---- C++, by the compiler of the same name, with the threads of POSIX if there is a choice
cxx=${CC%gcc*}g++
! command -v "$cxx-posix" >/dev/null 2>&1 || cxx=$cxx-posix
if command -v ${cxx##* } >/dev/null 2>&1; then
        for dialect in c++17 c++2b; do
                for name in windows/uses install/program; do
                        $cxx -std=$dialect $strict -I"$top/include" \
                                -I"$build/include" -o cxx.exe "$top/tests/$name.cc" $link \
                                >log 2>&1 || fail "$name as $dialect"
                        says 0 '' ./cxx.exe file
                done
        done
else
        echo "SKIP: $cxx is missing"
fi
exit $failed
