#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Each guarantee of librangedmmap-safety(7) is held by a test or a model, which says so in a comment
# ("Holds A.1, C.4."); and nothing is said to hold one that isn't there.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/..}
page=$top/man/librangedmmap-safety.7

# P are the callers' promises. C.1 and D.5 tell what is not promised.
promise_nothing='^\(P\..*\|C\.1\|D\.5\)$'

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

sed -n 's/^\.It \([A-Z]\.[0-9][0-9]*\)$/\1/p' "$page" | sort >"$work/all"
grep -v "$promise_nothing" "$work/all" >"$work/promised"
# A list may go on in the next line.
find "$top/tests" \( -name '*.c' -o -name '*.sh' -o -name '*.pml' \) ! -name guarantees-test.sh |
        sort | while read -r file; do
        tr '\n' ' ' <"$file" | sed 's/ \* / /g' |
                grep -o 'Holds \([A-Z]\.[0-9]*[, ]*\)*' | tr ', ' '\n\n' |
                sed -n "s|^\([A-Z]\.[0-9][0-9]*\)\.*\$|\1 ${file#"$top"/}|p"
done | sort -u >"$work/holders"
cut -d ' ' -f 1 "$work/holders" | sort -u >"$work/held"

failed=0
[ "$(uniq -d "$work/all" | wc -l)" -eq 0 ] || { echo "FAIL: a letter is there twice"; failed=1; }
[ -s "$work/promised" ] || { echo "FAIL: the page has no letters"; failed=1; }
for letter in $(comm -23 "$work/promised" "$work/held"); do
        echo "FAIL: no test says that it holds $letter"
        failed=1
done
for letter in $(comm -13 "$work/promised" "$work/held"); do
        echo "FAIL: the page promises no $letter, which these hold:"
        grep "^${letter%.*}\.${letter#*.} " "$work/holders"
        failed=1
done
cat "$work/holders"
exit $failed
