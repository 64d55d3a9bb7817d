#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Each program in the EXAMPLES of a manual page compiles without a warning and does what it says:
# it exits with 0, in an empty directory. From the environment: what programs.sh reads.
# shellcheck disable=SC2154 # work is made by programs.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
man=${top_srcdir:-$here/../..}/man
awk=${AWK:-awk}
. "$here/programs.sh"

for page in "$man"/*.[0-9]; do
        name=$(basename "$page")
        found=0
        for source in $("$awk" -v out="$work/$name" -f "$here/extract-examples.awk" "$page"); do
                found=1
                program=${source%.c}
                compile "$source" "$program" >"$work/log" 2>&1 &&
                        run_program "$program" >"$work/log" 2>&1
                verdict $? "${program##*/}"
        done
        case $found$name in
        0*.[15]) ;;
        0librangedmmap-*.7) ;;
        0*)
                echo 'no program in EXAMPLES' >"$work/log"
                verdict 1 "$name"
                ;;
        esac
done
finish
