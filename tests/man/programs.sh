# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# Sourced by tests that compile the programs of a text. Leaves: compile SOURCE PROGRAM; run_program
# PROGRAM, in an empty directory PROGRAM.dir; $work, which is removed again; and counts.
#
# From the environment: CC; CFLAGS and LIBS, as pkg-config would give them; where they aren't set,
# those of the build in top_builddir.
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

run_program() {
        rm -rf "$1.dir"
        mkdir "$1.dir" && (cd "$1.dir" && "$1")
}

echo 'int main(void) { return 0; }' >"$work/probe.c"
compile "$work/probe.c" "$work/probe" >/dev/null 2>&1 ||
        skip "$cc can't make a program with $LIBS"

passed=0 failed=0
# verdict STATUS WHAT: counts it; $work/log tells why, when it is bad.
verdict() {
        if [ "$1" -eq 0 ]; then
                echo "PASS: $2"
                passed=$((passed + 1))
        else
                echo "FAIL: $2: status $1"
                cat "$work/log"
                failed=$((failed + 1))
        fi
}

finish() {
        echo "$passed passed, $failed failed, 0 skipped"
        [ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
}
