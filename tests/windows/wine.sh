# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# Sourced by tests that run programs for Windows, and have a directory $work: a wine of their own.
export WINEPREFIX="$work/wine" WINEDEBUG=-all WINEDLLOVERRIDES="winedbg.exe,mscoree,mshtml=" DISPLAY=

begin_wine()
{
        mkdir -p "$WINEPREFIX"
        wine wineboot --init >/dev/null 2>&1
}

# Its server ends a moment after the last program.
end_wine()
{
        wineserver=$(command -v wineserver || echo /usr/lib/wine/wineserver)
        "$wineserver" -k 2>/dev/null && "$wineserver" -w 2>/dev/null
}
