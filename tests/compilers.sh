# SPDX-License-Identifier: MIT OR Apache-2.0
# For tests that try several compilers; to be read by the dot command.
# shellcheck shell=sh

# programs NAME...: those there are, in this order, each once, whatever names it has.
programs()
{
        for program in "$@"; do
                program=${program%% *}
                path=$(command -v "$program" 2>/dev/null) || continue
                echo "$program $(readlink -f "$path")"
        done | awk '!seen[$2]++ { print $1 }'
}

# kind_of COMPILER: clang or gcc, by what it says of itself.
kind_of()
{
        if "${1%% *}" --version 2>/dev/null | grep -q clang; then
                echo clang
        else
                echo gcc
        fi
}
