#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# check-planted.sh [NAME...]: plants each of the mistakes in a copy of the source, one at a time, and
# sees that the race detectors, the fuzzing targets or the tests find it. Run by make in the top
# build directory.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
MAKE=${MAKE:-make}
seconds=${PLANTED_SECONDS:-30}
base=$PWD/build-planted
source=$base/source

command -v clang >/dev/null || { echo "SKIP: clang is missing"; exit 77; }
command -v valgrind >/dev/null || { echo "SKIP: valgrind is missing"; exit 77; }
# Afresh: what an older run built has mistakes in it.
rm -rf "$base"
mkdir -p "$base"
$MAKE --no-print-directory -s distdir distdir="$source" || exit 1
# Another copy, to put back what was changed.
cp -R "$source" "$base/whole" && chmod -R u+w "$source" || exit 1

# build DIR GOAL COMPILER CONFIGURE-ARGUMENT...
build()
{
        (
                dir=$1 goal=$2 cc=$3
                shift 3
                mkdir -p "$base/$dir" && cd "$base/$dir" || exit
                [ -e config.status ] ||
                        "$source/configure" -q --disable-static --disable-examples CC="$cc" "$@" ||
                        exit
                $MAKE --no-print-directory -s "$goal"
        ) >"$base/log" 2>&1
}

# Is it found? 0: yes; 1: no; 2: can't be built.
found_by()
{
        case $1 in
        tsan)
                build tsan tests/check-stress gcc CFLAGS='-g -O1' --with-sanitizer=thread || return 2
                steady=
                if setarch -R true 2>/dev/null; then steady='setarch -R'; fi
                $steady timeout 200 "$base/tsan/tests/check-stress" >"$base/log" 2>&1
                [ $? -ne 0 ] && grep -q 'WARNING: ThreadSanitizer' "$base/log"
                ;;
        helgrind | drd)
                build annotated tests/check-stress gcc CFLAGS='-g -O1' --enable-annotations ||
                        return 2
                top_builddir=$base/annotated RMMAP_TOOL=$1 timeout 300 \
                        "$source/build-aux/run-test" "$base/annotated/tests/check-stress" \
                        >"$base/log" 2>&1
                [ $? -ne 0 ] && grep -qi 'data race\|conflicting' "$base/log"
                ;;
        fuzz-*)
                build fuzz "tests/fuzz/$1" clang CFLAGS='-g -O1' \
                        --with-sanitizer=fuzzer-no-link,address,undefined || return 2
                mkdir -p "$base/found"
                (cd "$base" && timeout 200 "fuzz/tests/fuzz/$1" -max_total_time="$seconds" \
                        -max_len=600 -artifact_prefix=found/ "$source/tests/fuzz/corpus/${1#fuzz-}" \
                        >"$base/log" 2>&1)
                [ $? -ne 0 ] && grep -q 'Test unit written' "$base/log"
                ;;
        check-*)
                build plain "tests/$1" gcc CFLAGS='-g -O1' || return 2
                top_builddir=$base/plain timeout 900 "$base/plain/tests/$1" >"$base/log" 2>&1
                [ $? -ne 0 ] && grep -q ':[EF]:' "$base/log"
                ;;
        esac
}

# The new text's times must differ from the objects', also where they come in whole seconds.
replace()
{
        sleep 1
        cat "$1" >"$2"
}

FUZZ_DIRECTORY=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 99
export FUZZ_DIRECTORY
trap 'rm -rf "$FUZZ_DIRECTORY"' EXIT
trap 'exit 1' HUP INT TERM

failed=0 total=0
grep -v '^#' "$here/mistakes" | while read -r name rest; do
        case " ${*:-$name} " in *" $name "*) printf '%s %s\n' "$name" "$rest" ;; esac
done >"$base/list"

# Without a mistake none may be found; this builds everything, too.
for tool in $(cut -d ' ' -f 3 "$base/list" | tr , '\n' | sort -u); do
        found_by "$tool"
        case $? in
        1) echo "no mistake: none found by $tool" ;;
        2) tail "$base/log"; echo "FAIL: the source can't be built for $tool"; failed=1 ;;
        *) tail "$base/log"; echo "FAIL: $tool finds what wasn't planted"; failed=1 ;;
        esac
done
while read -r name file tools expression <&3; do
        sed -E -z "$expression" "$base/whole/$file" >"$base/changed"
        if cmp -s "$base/whole/$file" "$base/changed"; then
                echo "FAIL: $name changes nothing in $file any more"
                failed=1
                continue
        fi
        replace "$base/changed" "$source/$file"
        for tool in $(echo "$tools" | tr , ' '); do
                total=$((total + 1))
                begin=$(date +%s)
                found_by "$tool"
                case $? in
                0) echo "$name: found by $tool in $(($(date +%s) - begin)) s, build included" ;;
                2) tail "$base/log"; echo "FAIL: $name can't be built for $tool"; failed=1 ;;
                *) tail "$base/log"; echo "FAIL: $tool did not find $name"; failed=1 ;;
                esac
        done
        replace "$base/whole/$file" "$source/$file"
done 3<"$base/list"
echo "$total searches for planted mistakes"
[ "$failed" -eq 0 ] && [ "$total" -gt 0 ]
