#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# rmmap.h stands alone: it compiles first in a file, without a warning, with each compiler there is,
# as C89 and later and as C++11 and later, on 64 and 32 bits, and on each C library there is; its
# names are its own; and the layout of its structs is that of abi/layout.c.
# shellcheck disable=SC2086 # many lists of words
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
include=${top_builddir:?}/include
. "$here/compilers.sh"

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
done=0

strict='-pedantic -Wall -Wextra -Werror -Wundef -Wshadow -Wconversion -Wcast-qual -Wpointer-arith'
strict="$strict -Wmissing-field-initializers -Wredundant-decls -Wmissing-declarations -Wfloat-equal"
for_c='-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wc++-compat'
for_cxx='-Wold-style-cast -Wzero-as-null-pointer-constant -Wnon-virtual-dtor'

printf '#include "%s/header/uses.h"\n' "$here" >"$work/uses.c"
cp "$work/uses.c" "$work/uses.cc"
# Headers for other machines than the compiler's are worse than none.
cat >"$work/probe.c" <<'END'
#include <stdint.h>
#include <sys/uio.h>
extern char right[sizeof(uint64_t) == 8 && sizeof(uintptr_t) == sizeof(void *) ? 1 : -1];
END
cp "$work/probe.c" "$work/probe.cc"
printf '#include "%s/abi/layout.c"\n' "$here" >"$work/layout.c"

# compiles WHAT COMPILER... FILE
compiles()
{
        what=$1
        shift
        done=$((done + 1))
        "$@" -I"$include" -c -o "$work/out.o" >"$work/log" 2>&1 && return
        echo "FAIL: $what: $*"
        sed 's/^/  /' "$work/log" | head -n 20
        failed=1
        return 1
}

# -idirafter: some systems keep asm/ where the compiler for 32 bits doesn't look.
for_32_bits="-m32 -idirafter /usr/include/$(gcc -print-multiarch 2>/dev/null)"
cd "$work" || exit 99

for cc in $(programs "${CC:-cc}" gcc clang musl-gcc tcc); do
        case $cc in
        tcc) flags= ;;
        *) flags="$strict $for_c" ;;
        esac
        for bits in '' "$for_32_bits"; do
                if ! $cc $bits -c -o out.o probe.c >log 2>&1; then
                        echo "without $cc $bits: $(head -n 1 log)"
                        continue
                fi
                for std in c89 gnu89 c99 gnu99 c11 c17 c2x c23; do
                        $cc -std=$std -c -o out.o probe.c >/dev/null 2>&1 || continue
                        # C89 has no constants of 64 bits on a machine of 32.
                        case "$std $bits" in
                        *89*-m32*) no_64=-Wno-long-long ;;
                        *) no_64= ;;
                        esac
                        compiles "C" $cc $bits -std=$std $flags $no_64 uses.c
                done
                compiles "layout" $cc $bits -std=c11 -Werror layout.c
        done
done

for cxx in $(programs "${CXX:-c++}" g++ clang++); do
        for bits in '' "$for_32_bits"; do
                if ! $cxx $bits -c -o out.o probe.cc >log 2>&1; then
                        echo "without $cxx $bits: $(head -n 1 log)"
                        continue
                fi
                for std in c++11 c++14 c++17 c++20 c++2b; do
                        $cxx -std=$std -c -o out.o probe.cc >/dev/null 2>&1 || continue
                        compiles "C++" $cxx $bits -std=$std $strict $for_cxx uses.cc || continue
                        # Names as C has them, or nothing would link.
                        if nm out.o >names 2>&1 && ! grep -q ' U rmmap_create$' names; then
                                echo "FAIL: $cxx -std=$std gives rmmap_create another name"
                                failed=1
                        fi
                done
        done
        cxx_done=yes
done

if grep -n '^[ \t]*#[ \t]*define' "$include/rmmap.h" | grep -v 'define RMMAP_'; then
        echo "FAIL: rmmap.h defines macros that aren't called RMMAP_"
        failed=1
fi

echo "$done compilations"
[ "$failed" -eq 0 ] || exit 1
[ "$done" -gt 5 ] || { echo "FAIL: too few compilations"; exit 1; }
if [ -z "${cxx_done:-}" ]; then
        echo "SKIP: there is no C++ compiler"
        exit 77
fi
