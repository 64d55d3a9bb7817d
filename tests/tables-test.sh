#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The tables of speed in the documents, and the drawing, are what bench/table makes of the runs that
# are kept; its rows are scenarios that the benchmark has, and their goals the benchmark's.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/..}
awk=${AWK:-awk}
failed=0

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

for file in README doc/performance.md doc/which-way.svg; do
        cat "$top/$file" >"$work/file"
        grep -q '^<!-- bench/table ' "$work/file" || { echo "FAIL: $file has no table"; failed=1; }
        "$top/bench/table" --renew "$top" "$work/file" || failed=1
        diff -u "$top/$file" "$work/file" || { echo "FAIL: $file: make tables"; failed=1; }
done

# ---- "scenario goal goal" of the benchmark, 0 for none, and of the rows

# Each scenario up to the brace that ends it.
tr '\n' ' ' <"$top/bench/scenarios.c" | sed 's/{\.name = /\n&/g' |
        sed -n 's/^{\.name = "\([^"]*\)"\(.*\)/\1\2/p' | sed 's/,.*\.goal = {\([^}]*\)}.*/ \1/; t
                s/,.*/ 0, 0/' | "$awk" '{ gsub(/,/, ""); print $1, $2 + 0, $3 + 0 }' |
        sort >"$work/scenarios"
[ -s "$work/scenarios" ] || { echo "FAIL: no scenario was found"; failed=1; }

# A goal is for some numbers of threads only: a row may be without.
"$awk" -F, -v all="$work/scenarios" '
        BEGIN {
                while ((getline line <all) > 0) {
                        split(line, word, " ")
                        mmap[word[1]] = word[2]
                        pwrite[word[1]] = word[3]
                }
        }
        /^#/ { next }
        !($2 in mmap) { print "FAIL: no such scenario: " $2 }
        $1 == "words" { named[$2] = 1 }
        $1 != "goals" { next }
        { shown[$2] = 1 }
        $4 != "" { told[$2] = 1 }
        $4 != "" && ($4 + 0 != mmap[$2] || $5 + 0 != pwrite[$2]) {
                print "FAIL: " $2 ": the goals are " mmap[$2] " and " pwrite[$2]
        }
        END {
                for (each in mmap) {
                        if (!(each in shown))
                                print "FAIL: no row for " each
                        else if (!(each in named))
                                print "FAIL: no words for " each
                        else if (mmap[each] > 0 && !(each in told))
                                print "FAIL: no row with the goals of " each
                }
        }' "$top/bench/table.rows" >"$work/log" || failed=1
cat "$work/log"
[ ! -s "$work/log" ] || failed=1
exit $failed
