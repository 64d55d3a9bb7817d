#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Each program in the EXAMPLES of a manual page compiles without a warning and does what it says:
# it exits with 0, in an empty directory.
#
# From the environment: CC; CFLAGS and LIBS, as pkg-config would give them; where they aren't set,
# those of the build in top_builddir.
set -u
here=$(cd "$(dirname "$0")" && pwd)
man=${top_srcdir:-$here/../..}/man
awk=${AWK:-awk}
cc=${CC:-cc}

skip() {
        echo "SKIP: $*"
        exit 77
}

if [ -n "${top_builddir:-}" ]; then
        : "${CFLAGS=-I$top_builddir/include}"
        : "${LIBS=-L$top_builddir/lib/.libs -Wl,-rpath,$top_builddir/lib/.libs -lrangedmmap}"
fi
: "${CFLAGS=}" "${LIBS=-lrangedmmap}"
case ${RMMAP_SANITIZER:-no} in
no) ;;
*) CFLAGS="$CFLAGS -fsanitize=$RMMAP_SANITIZER" ;;
esac

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# shellcheck disable=SC2086 # lists of words, all of them
compile() {
        $cc -Wall -Wextra -Werror -pthread $CFLAGS -o "$2" "$1" $LIBS
}

echo 'int main(void) { return 0; }' >"$work/probe.c"
compile "$work/probe.c" "$work/probe" >/dev/null 2>&1 ||
        skip "$cc can't make a program with $LIBS"

passed=0 failed=0
for page in "$man"/*.[0-9]; do
        name=$(basename "$page")
        found=0
        for source in $("$awk" -v out="$work/$name" -f "$here/extract-examples.awk" "$page"); do
                found=1
                program=${source%.c}
                mkdir "$program.dir"
                if compile "$source" "$program" >"$work/log" 2>&1 &&
                        (cd "$program.dir" && "$program") >"$work/log" 2>&1; then
                        echo "PASS: ${program##*/}"
                        passed=$((passed + 1))
                else
                        echo "FAIL: ${program##*/}: status $?"
                        cat "$work/log"
                        failed=$((failed + 1))
                fi
        done
        case $found$name in
        0*.1) ;;
        0librangedmmap-*.7) ;;
        0*)
                echo "FAIL: $name: no program in EXAMPLES"
                failed=$((failed + 1))
                ;;
        esac
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
