#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What the pages' SYNOPSIS sections declare is what rmmap.h declares: prototypes, structs with all
# their members, constants.
#
# From the environment: CC; CFLAGS, where rmmap.h is; otherwise that of the build in top_builddir.
set -u
here=$(cd "$(dirname "$0")" && pwd)
man=${top_srcdir:-$here/../..}/man
[ -z "${top_builddir:-}" ] || : "${CFLAGS=-I$top_builddir/include}"

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# shellcheck disable=SC2086 # a list of words
compile() {
        ${CC:-cc} -Wall -Wextra -Werror ${CFLAGS:-} -c -o "$work/out.o" "$1"
}

printf '#include <rmmap.h>\nint none;\n' >"$work/probe.c"
if ! compile "$work/probe.c" >/dev/null 2>&1; then
        echo "SKIP: ${CC:-cc} ${CFLAGS:-} finds no rmmap.h"
        exit 77
fi

status=0
for page in "$man"/*.3; do
        {
                printf '#include <rmmap.h>\n'
                "${AWK:-awk}" -f "$here/synopsis.awk" "$page"
        } >"$work/synopsis.c"
        if compile "$work/synopsis.c" >"$work/log" 2>&1; then
                echo "PASS: $(basename "$page")"
        else
                echo "FAIL: $(basename "$page")"
                cat "$work/log"
                status=1
        fi
done
exit $status
