#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# check-models.sh [--renew] [MODEL...]: searches every state of the models of the library's
# protocols. A model must be right, and each of its twins, which have a mistake put in by -D, must be
# found wrong. What a model mirrors must be as it was when somebody compared the two; --renew says
# that this was done again.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

# The text of a function without comments and white space.
checksum_of()
{
        awk -v name="$2" '
                index($0, name "(") && /^[a-z]/ { inside = 1 }
                inside { text = text $0 "\n" }
                inside && /^}/ { exit }
                inside && /;$/ && !/^[ \t]/ { inside = 0; text = "" }
                END { printf "%s", text }' "$top/$1" |
                sed 's|/\*.*\*/||; /\/\*/,/\*\//d' | tr -d ' \t\n' | cksum | cut -d ' ' -f 1
}

empty=$(printf '' | cksum | cut -d ' ' -f 1)

check_mirrored()
{
        bad=0
        while read -r model file name sum; do
                case $model in '#'*) continue ;; esac
                now=$(checksum_of "$file" "$name")
                if [ "$now" = "$empty" ]; then
                        echo "FAIL: $file has no function $name, which $model mirrors"
                        bad=1
                elif [ "$now" != "$sum" ]; then
                        echo "FAIL: $name in $file changed: compare it with $model, then run" \
                                "tests/models/check-models.sh --renew"
                        bad=1
                fi
        done <"$here/mirrored"
        return $bad
}

renew_mirrored()
{
        while read -r model file name sum; do
                case $model in
                '#'*) echo "$model $file $name $sum" ;;
                *) echo "$model $file $name $(checksum_of "$file" "$name")" ;;
                esac
        done <"$here/mirrored" >"$here/mirrored.new" && mv "$here/mirrored.new" "$here/mirrored"
        ! grep " $empty\$" "$here/mirrored" || { echo "FAIL: no such functions"; return 1; }
}

# search MODEL WANT [DEFINE]: in a directory of its own; one line tells how it went.
search()
{
        model=$1 want=$2 define=${3:-}
        cd "$work" && mkdir "$model.$define" && cd "$model.$define" || return
        if ! spin ${define:+"-D$define"} -a "$here/$model.pml" >log 2>&1 || grep -q Error log ||
                ! cc -O2 -w -DSAFETY -o pan pan.c >>log 2>&1; then
                cat log
                echo "FAIL: $model $define can't be built"
                return
        fi
        ./pan -m20000 -w22 >log 2>&1
        states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' log)
        mistake=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' log)
        # What cut the search short for another reason proves nothing, either way.
        if grep -q 'max search depth too small\|out of memory\|pan: .*reached' log; then
                result="the search was cut short"
        elif grep -q 'errors: 0$' log && ! grep -q 'Search not completed' log; then
                result=right
        elif [ -n "$mistake" ]; then
                result=wrong
        else
                result="no answer"
        fi
        line="$model${define:+ with $define}: $result, ${states:-no} states${mistake:+, $mistake}"
        if [ "$result" = "$want" ] && [ "${states:-0}" -gt 0 ]; then
                echo "$line"
        else
                tail -n 20 log
                echo "FAIL: $line; wanted: $want"
        fi
        rm -f pan pan.?
}

if [ "${1:-}" = --search ]; then
        shift
        search "$@"
        exit
elif [ "${1:-}" = --renew ]; then
        renew_mirrored
        exit
fi

command -v spin >/dev/null || { echo "SKIP: spin is missing"; exit 77; }
command -v cc >/dev/null || { echo "SKIP: there is no compiler called cc"; exit 77; }
work=$(mktemp -d) || exit 99
export work
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

check_mirrored
failed=$?

[ $# -gt 0 ] || set -- allocator checkpoint group-commit refcount reusing wb-error
for model in "$@"; do
        echo "$model right"
        for define in $(sed -n 's/^ \* twins: //p' "$here/$model.pml"); do
                echo "$model wrong $define"
        done
done >"$work/searches"
xargs -P "$(nproc 2>/dev/null || echo 2)" -L 1 sh "$0" --search <"$work/searches" >"$work/results"

sort "$work/results"
total=$(wc -l <"$work/searches")
good=$(grep -c ' states' "$work/results")
bad=$(grep -c '^FAIL' "$work/results")
echo "$total searches, $bad failed, $(grep -c ': wrong,' "$work/results") mistakes found"
[ "$failed" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$good" -eq "$total" ]
