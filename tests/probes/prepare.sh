# SPDX-License-Identifier: MIT OR Apache-2.0
# For the scripts that watch program.c from outside, to be read by them: $work, $library, $program.
# shellcheck shell=sh disable=SC2034
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
library=${top_builddir:?}/lib/.libs/librangedmmap.so

skip()
{
        echo "SKIP: $*"
        exit 77
}

[ "${RMMAP_OS:-linux}" = linux ] || skip "the floor build has no start of write-back"
[ -e "$library" ] || skip "there is no shared library (--disable-shared)"
work=$(mktemp -d "${TMPDIR:-/tmp}/probes-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# A tracer's break points are in the file, for everybody who runs it: each test has its own.
original=$(readlink -f "$library")
library=$work/traced/$(basename "$original")
mkdir "$work/traced" && cp "$original" "$library" || exit 99
[ -e "$work/traced/librangedmmap.so.0" ] || ln -s "$library" "$work/traced/librangedmmap.so.0"

has_probes()
{
        grep -q '^#define RMMAP_PROBES 1' "$top_builddir/config.h"
}

# As a user builds it, with symbols.
build_program()
{
        [ "${RMMAP_SANITIZER:-no}" = no ] || skip "a sanitizer doesn't live with a tracer"
        program=$work/program
        if ! ${CC:-cc} -g -O1 -Wall -I"$top_builddir/include" -o "$program" \
                "$top/tests/probes/program.c" "$library" \
                -Wl,-rpath,"$(dirname "$library")" 2>"$work/log"; then
                cat "$work/log"
                echo "FAIL: program.c can't be built"
                exit 1
        fi
        if ! "$program" "$work/file" >"$work/log" 2>&1; then
                cat "$work/log"
                echo "FAIL: program.c doesn't work without a tracer"
                exit 1
        fi
}

failed=0
fail()
{
        echo "FAIL: $*"
        failed=1
}
