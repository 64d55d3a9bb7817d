#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# A call by rmmap.hpp costs what it costs in C: as compiled by -O2, functions in C++ call what the
# same functions in C call, with as many instructions; and three more for each range that they use
# up, which is then zeros. cost.c and cost.cc are the functions, each with a cold way of failing.
# shellcheck disable=SC2086,SC2154 # lists of words; setup.sh's variables
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/setup.sh"
[ -z "$sanitize" ] || skip "it only compiles: a sanitizer has nothing to see"

objdump --version >/dev/null 2>&1 || skip "objdump is missing"
case $(uname -m) in
x86_64 | aarch64) ;;
*) skip "what a return looks like is only known for x86_64 and aarch64" ;;
esac

code_of()
{
        objdump -dr --no-show-raw-insn "$1" | "${AWK:-awk}" -f "$here/code-of.awk"
}

# compare C-COMPILER C++-COMPILER STANDARD
compare()
{
        "$1" -O2 $include -c -o "$work/c.o" "$here/cost.c" 2>"$work/log" &&
                "$2" -std="$3" -O2 $include -c -o "$work/cxx.o" "$here/cost.cc" 2>>"$work/log" || {
                fail "$1 and $2 -std=$3 don't compile it" "$work/log"
                return
        }
        code_of "$work/c.o" >"$work/c.list"
        code_of "$work/cxx.o" >"$work/cxx.list"
        echo "$1, $2 -std=$3:"
        "${AWK:-awk}" '
                BEGIN {
                        used_up["whole_way"] = used_up["way_in_pieces"] = 1
                        # A std::error_code is more than a number: only what is called is compared.
                        told_otherwise["with_codes"] = 1
                }
                function fail(text)
                {
                        print "FAIL: " text
                        failed = 1
                }
                {
                        key = $1
                        count = $2
                        $1 = $2 = ""
                        list = $0
                        # How C++ tells of errors: what throws, and its words; the name of errno.
                        gsub(/ _ZN5rmmap6detail4fail[A-Za-z0-9_]*/, "", list)
                        gsub(/ _ZN5rmmap6detail[0-9]+(into|at)_[a-z]+E/, "", list)
                        gsub(/ _ZNSt3_V216generic_categoryEv/, "", list)
                        gsub(/ __clang_call_terminate/, "", list)
                        gsub(/ fail(_[a-z]+)?/, "", list)
                        gsub(/^ +| +$/, "", list)
                        behind = sub(/!$/, "", key)
                        language = FNR == NR ? "C" : "C++"
                        if (list != "" && all[language, key] != "")
                                list_so_far = all[language, key] " "
                        else
                                list_so_far = all[language, key]
                        all[language, key] = list_so_far list
                        if (!behind) {
                                instructions[language, key] = count
                                calls[language, key] = list
                                keys[key]++
                        }
                }
                END {
                        for (key in keys) {
                                seen++
                                if (all["C", key] != all["C++", key])
                                        fail(key " calls " all["C++", key] ", not " all["C", key])
                                if (key in told_otherwise)
                                        continue
                                printf "  %-14s C %3d, C++ %3d instructions: %s\n", key,
                                        instructions["C", key], instructions["C++", key],
                                        calls["C++", key]
                                if (calls["C", key] != calls["C++", key])
                                        fail(key " calls something when nothing failed")
                                more = instructions["C++", key] - instructions["C", key]
                                if (more > 3 * used_up[key])
                                        fail(key " has " more " more instructions")
                        }
                        if (seen != 7)
                                fail(seen + 0 " functions were seen, not 7")
                        exit failed
                }
        ' "$work/c.list" "$work/cxx.list" || failed=1
}

compared=0
for cxx in $(echo "$dialects" | cut -d ' ' -f 1 | uniq); do
        # Of one house, or the difference is that of the compilers.
        case $(kind_of "$cxx") in
        clang) cc=clang ;;
        gcc) cc=gcc ;;
        esac
        command -v $cc >/dev/null || continue
        std=$(echo "$dialects" | sed -n "s|^$cxx ||p" | tail -n 1)
        compare $cc "$cxx" "$std"
        compared=$((compared + 1))
done
[ "$failed" -eq 0 ] || exit 1
[ "$compared" -gt 0 ] || skip "no compiler for C beside one for C++"
