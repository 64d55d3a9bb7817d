#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What rmmap.hpp is there to refuse doesn't compile, each line for its own reason; and a line that
# differs from it only in that compiles without a warning. With clang so does -Wconsumed: what is
# moved from isn't used.
# shellcheck disable=SC2086,SC2154 # lists of words; setup.sh's variables
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/setup.sh"
[ -z "$sanitize" ] || skip "it only compiles: a sanitizer has nothing to see"

# check FILE COMPILER STANDARD FLAG...: what is refused, and its twin that is taken.
check()
{
        file=$1 cxx=$2 std=$3
        shift 3
        kind=$(kind_of "$cxx")
        case $kind in
        clang) plain='-ferror-limit=0 -fno-caret-diagnostics' ;;
        gcc) plain='-fmax-errors=0 -fno-diagnostics-show-caret' ;;
        esac
        # Twins that compile as the standards around it do so as C++20.
        if [ $std != c++20 ] &&
                ! "$cxx" -std=$std "$@" -fsyntax-only $include $strict "$here/$file" \
                        >"$work/log" 2>&1; then
                fail "$file, $cxx -std=$std $*: the twins don't compile" "$work/log"
                return
        fi
        "$cxx" -std=$std "$@" -fsyntax-only $include -DREFUSED $plain "$here/$file" \
                >"$work/log" 2>&1
        if "${AWK:-awk}" -v compiler=$kind -v source="$file" -f "$here/errors-expected.awk" \
                "$here/$file" "$work/log" >"$work/verdict"; then
                echo "PASS: $file, $cxx -std=$std $*: $(cat "$work/verdict")"
        else
                fail "$file, $cxx -std=$std $*:" "$work/verdict"
        fi
}

old=
clangs=
for dialect in $(echo "$dialects" | tr ' ' ,); do
        cxx=${dialect%,*} std=${dialect#*,}
        check refused.cc "$cxx" "$std"
        check refused-allocator.cc "$cxx" "$std"
        # What is left depends on the compiler, not on the standard: one will do.
        [ "$cxx" != "$old" ] || continue
        old=$cxx
        check refused-throwing.cc "$cxx" "$std" -fno-exceptions
        [ "$(kind_of "$cxx")" = clang ] || continue
        clangs="$clangs $cxx"
        check consumed.cc "$cxx" "$std" -Werror=consumed
done

[ "$failed" -eq 0 ] || exit 1
[ -n "$clangs" ] || [ "${TEST_DIALECTS:-}" != all ] ||
        skip "only clang knows -Wconsumed, and there is none"
