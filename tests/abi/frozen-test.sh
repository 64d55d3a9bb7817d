#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What compilers took from a frozen header, and programs now hold, is what rmmap.h still says: the
# constants, enums and prototypes, word by word. And the frozen program beside such a header calls
# every function in it. Structs are looked at by check-abi and make abi-check.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
awk=${AWK:-awk}

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
printf '#include "rmmap.h"\n' >"$work/header.c"

# What a program of the time took into itself: not macros about the version or for the compiler, nor
# initializers, which grow with their structs.
not_kept='H|VERSION[A-Z_]*|[A-Z_]*_INIT|EXPORT|CHECKED|READS|WRITES|UPDATES'

# said DIRECTORY: what its rmmap.h says, a line each.
said()
{
        # shellcheck disable=SC2086 # lists of words
        ${CC:-cc} ${CPPFLAGS:-} -I"$1" -E -dM "$work/header.c" | grep '^#define RMMAP_' |
                grep -v -E "^#define RMMAP_($not_kept)[ (]" | sed 's/^#define //' || return
        # shellcheck disable=SC2086
        ${CC:-cc} ${CPPFLAGS:-} -I"$1" -E "$work/header.c" |
                "$awk" -f "$here/declarations.awk" | grep -e '^function' -e '^type enum'
}

said "${top_builddir:?}/include" | sort >"$work/now"
for frozen in "$here"/[0-9]*; do
        version=$(basename "$frozen")
        said "$frozen" | sort >"$work/then"
        comm -13 "$work/now" "$work/then" >"$work/lost"
        if [ -s "$work/lost" ]; then
                echo "FAIL: rmmap.h no longer says, as $version did:"
                sed 's/^/  /' "$work/lost"
                failed=1
        fi

        sed -n 's/^function .*\(rmmap_[a-z_0-9]*\)(.*/\1/p' "$work/then" | sort >"$work/functions"
        # shellcheck disable=SC2094
        nm -u "$top_builddir/tests/abi/$version"/*.o 2>/dev/null | awk '{ print $2 }' |
                grep '^rmmap_' | sort -u >"$work/called"
        if [ ! -s "$work/called" ]; then
                skipped="nm is missing, or objects hold no machine code (link-time optimisation)"
        elif ! comm -23 "$work/functions" "$work/called" | sed 's/^/  /' >"$work/uncalled" ||
                [ -s "$work/uncalled" ]; then
                echo "FAIL: the program of $version doesn't call:"
                cat "$work/uncalled"
                failed=1
        fi
        echo "$version: $(wc -l <"$work/then") lines, $(wc -l <"$work/functions") functions"
        [ "$(wc -l <"$work/then")" -gt 90 ] && [ "$(wc -l <"$work/functions")" -gt 60 ] || {
                echo "FAIL: too little was found"
                failed=1
        }
done
[ "$failed" -eq 0 ] || exit 1
[ -z "${skipped:-}" ] || {
        echo "SKIP: $skipped"
        exit 77
}
