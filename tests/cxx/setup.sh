# SPDX-License-Identifier: MIT OR Apache-2.0
# What the tests of rmmap.hpp begin with: a directory, the compilers for C++17 and later, and how to
# link with this build. To be read by the dot command, with $here set.
# shellcheck shell=sh disable=SC2034,SC2086,SC2154 # for those who read it; lists of words
export LC_ALL=C
top=${top_srcdir:-$here/../..}
build=${top_builddir:?}
. "$top/tests/compilers.sh"

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

skip()
{
        echo "SKIP: $1"
        exit 77
}

fail()
{
        echo "FAIL: $1"
        [ $# -lt 2 ] || head -n 30 "$2" | sed 's/^/  /'
        failed=1
}

include="-I$top/include -I$build/include"
strict='-pedantic -Wall -Wextra -Werror -Wundef -Wshadow -Wconversion -Wcast-qual'
strict="$strict -Wold-style-cast -Wzero-as-null-pointer-constant -Wnon-virtual-dtor"
link="-pthread -L$build/lib/.libs -Wl,-rpath,$build/lib/.libs -lrangedmmap"
sanitize=
[ "${RMMAP_SANITIZER:-no}" = no ] || sanitize="-fsanitize=$RMMAP_SANITIZER"

printf '#include <system_error>\n#include <thread>\nint main() { return 0; }\n' >"$work/probe.cc"
printf '#include <rmmap.h>\nint main() { return rmmap_version() == 0; }\n' >"$work/link.cc"

# "COMPILER STANDARD" for each that there is, the compiler of configure first; without
# TEST_DIALECTS=all, which takes some minutes of a processor, only that one's oldest and newest.
# A sanitizer has one runtime in a program: that of the compiler of the library.
dialects()
{
        compilers='g++ clang++' standards='c++17 c++20 c++2b'
        [ "${TEST_DIALECTS:-}" = all ] || compilers='' standards='c++17 c++2b'
        for cxx in $(programs "${CXX:-c++}" $compilers); do
                [ -z "$sanitize" ] || [ "$(kind_of "$cxx")" = "$(kind_of "${CC:-cc}")" ] || continue
                for std in $standards; do
                        "$cxx" -std=$std -fsyntax-only "$work/probe.cc" >/dev/null 2>&1 &&
                                echo "$cxx $std"
                done
        done
}
dialects=$(dialects)
[ -n "$dialects" ] || skip "there is no C++ compiler that knows C++17 and has its headers"

# Whether what a compiler makes can be linked with this build, and runs.
links()
{
        "$1" $sanitize -o "$work/link" "$work/link.cc" $include $link >"$work/log" 2>&1 &&
                "$work/link" >>"$work/log" 2>&1
}
