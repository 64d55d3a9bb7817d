#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The programs in doc/cxx.md compile without a warning, as C++17, and exit with 0; with clang by
# -Werror=consumed, as the guide advises.
# shellcheck disable=SC2086,SC2154 # lists of words; setup.sh's variables
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/setup.sh"

"${AWK:-awk}" -v out="$work/program" '
        /^```cpp$/ { inside = 1; text = ""; next }
        /^```$/ && inside {
                inside = 0
                if (text ~ /(^|\n)int main\(/) {
                        file = out (++count) ".cc"
                        printf "%s", text >file
                        close(file)
                }
        }
        inside { text = text $0 "\n" }
' "$top/doc/cxx.md"
cd "$work" || exit 99
[ -e program2.cc ] || fail "the programs weren't found in doc/cxx.md"

ran=0
for cxx in $(echo "$dialects" | cut -d ' ' -f 1 | uniq); do
        links "$cxx" || { echo "without $cxx: $(head -n 1 log)"; continue; }
        consumed=
        [ "$(kind_of "$cxx")" != clang ] || consumed=-Werror=consumed
        for source in program?.cc; do
                ran=$((ran + 1))
                rm -f out.bin
                if "$cxx" -std=c++17 $strict $consumed $sanitize $include -o program $source $link \
                        >log 2>&1 && ./program >log 2>&1 && [ -s out.bin ]; then
                        echo "PASS: $cxx, $source"
                else
                        fail "$cxx, $source:" log
                fi
        done
done
[ "$failed" -eq 0 ] || exit 1
[ "$ran" -gt 0 ] || skip "no C++ compiler here makes programs with this library"
