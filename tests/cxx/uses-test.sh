#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# rmmap.hpp does what rmmap.h does: uses.cc, which uses all of it, compiles without a warning and
# passes, as each C++ from 17 on, by each compiler, with exceptions and without; every function of
# the library is called; files of different standards can be linked.
# shellcheck disable=SC2086,SC2154 # lists of words; setup.sh's variables
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/setup.sh"
header=$top/include/rmmap.hpp

# ---- all of C, and no macros but our own
sed -n 's/^[ 	]*\(rmmap_[a-z_0-9]*\);$/\1/p' "$top/lib/librangedmmap.map" >"$work/names"
while read -r name; do
        grep -q "::$name(" "$header" || fail "rmmap.hpp never calls $name"
done <"$work/names"
echo "$(wc -l <"$work/names") functions of the library"
[ "$(wc -l <"$work/names")" -gt 60 ] || fail "the map wasn't read"
if grep -n '^[ \t]*#[ \t]*define' "$header" | grep -v 'define RMMAP_'; then
        fail "rmmap.hpp defines macros that aren't called RMMAP_"
fi

# ---- it runs
if [ "${RMMAP_OS:-linux}" != linux ]; then
        echo "SKIP: the floor build has no start of write-back"
        exit 77
fi
# What is jumped out of isn't the business of ThreadSanitizer, which sees locks and no jumps.
case ${RMMAP_SANITIZER:-no} in *thread*) export WITHOUT_JUMPS=1 ;; esac
cd "$work" || exit 99
# run COMPILER STANDARD FLAG...
run()
{
        cxx=$1 std=$2
        shift 2
        if ! "$cxx" -std=$std "$@" $strict $sanitize $include -o uses "$here/uses.cc" $link \
                >log 2>&1; then
                fail "$cxx -std=$std $*: doesn't compile" log
        elif ! ./uses file >log 2>&1; then
                fail "$cxx -std=$std $*:" log
        else
                echo "PASS: $cxx -std=$std $*: $(tail -n 1 log)"
        fi
}
ran=0
previous=
for dialect in $(echo "$dialects" | tr ' ' ,); do
        cxx=${dialect%,*} std=${dialect#*,}
        if [ "$cxx" != "$previous" ]; then
                previous=$cxx
                linking=yes
                links "$cxx" || linking=no
                [ "$linking" = yes ] || echo "without $cxx: $(head -n 1 "$work/log")"
        fi
        [ "$linking" = yes ] || continue
        run "$cxx" "$std"
        ran=$((ran + 1))
        case $std in
        c++17) run "$cxx" "$std" -fno-exceptions -fno-rtti ;;
        esac
done

# ---- files of two standards in one program: a range goes from one to the other
cat >one.cc <<'END2'
#include <rmmap.hpp>
char view(const rmmap::file &file, rmmap::receipt receipt);
char view(const rmmap::file &file, rmmap::receipt receipt)
{
        return static_cast<char>(file.range_view(receipt)[0]);
}
END2
cat >two.cc <<'END2'
#include <rmmap.hpp>
#include <string>
char view(const rmmap::file &file, rmmap::receipt receipt);
int main()
{
        rmmap::file file = rmmap::create("mixed", RMMAP_ALIGNMENT);
        rmmap::range range = file.allocate(RMMAP_ALIGNMENT);
        file.range_data(range)[0] = std::byte{'2'};
        return view(file, file.mark_written(std::move(range))) == '2' ? 0 : 1;
}
END2
mixed()
{
        "$1" -std=c++17 $sanitize $include -c one.cc &&
                "$1" -std="$2" $sanitize $include -c two.cc &&
                "$1" $sanitize -o two one.o two.o $link && ./two &&
                # The same name for what gives a std::span and what doesn't would be luck at best.
                nm -C one.o | grep -q 'range_view.*abi:cxx17' &&
                nm -C two.o | grep 'range_data' >names && ! grep -q 'abi:cxx17' names
}
cxx=${dialects%% *}
newest=$(echo "$dialects" | sed -n "s/^$cxx //p" | tail -n 1)
if [ "$ran" -gt 0 ] && [ "$newest" != c++17 ]; then
        mixed "$cxx" "$newest" >log 2>&1 || fail "$cxx, files of C++17 and $newest together:" log
fi

[ "$failed" -eq 0 ] || exit 1
[ "$ran" -gt 0 ] || skip "no C++ compiler here makes programs with this library"
