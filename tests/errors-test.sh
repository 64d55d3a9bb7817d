#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The errors that the manual pages list, function by function, are those that can be brought about,
# no fewer and no more; and no function that returns an int goes without.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
program=${top_builddir:?}/tests/check-errors
header=$top_builddir/include/rmmap.h

if [ ! -x "$program" ]; then
        echo "SKIP: $program isn't built (libcheck is missing)"
        exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

: >"$work/found"
if ! TEST_ERRORS_FOUND=$work/found "$program" >"$work/log" 2>&1; then
        # What it found until then is worth looking at all the same.
        grep -v ':P:' "$work/log"
        echo "FAIL: check-errors"
        touch "$work/failed"
fi
sort -u "$work/found" >"$work/produced"
sh "$here/man/errors-of.sh" | sort -u >"$work/documented"
for list in produced documented; do
        cut -d ' ' -f 1 "$work/$list" | sort -u >"$work/functions-$list"
done
sed -n 's/^RMMAP_[A-Z]* int \(rmmap_[a-z_]*\)(.*/\1/p' "$header" | sort -u >"$work/functions"

# differ WHAT A B: nothing may be in A that isn't in B.
differ()
{
        comm -23 "$work/$2" "$work/$3" >"$work/difference"
        [ -s "$work/difference" ] || return 0
        echo "FAIL: $1:"
        sed 's/^/  /' "$work/difference"
        touch "$work/failed"
}
differ "documented, and never came" documented produced
differ "came, and no page names it" produced documented
differ "returns an int, and no page lists its errors" functions functions-documented
differ "returns an int, and no scene meets it" functions functions-produced
differ "has errors, and rmmap.h doesn't know it" functions-documented functions

for list in functions documented; do
        [ -s "$work/$list" ] || { echo "FAIL: no $list were found"; touch "$work/failed"; }
done
echo "$(wc -l <"$work/produced") errors of $(wc -l <"$work/functions") functions"
[ ! -e "$work/failed" ]
