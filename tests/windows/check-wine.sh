#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# In a build directory for Windows, as make check-wine: make check under Wine. Exit status 77: there
# is no Wine for this processor.
set -u
LC_ALL=C.UTF-8 # of the names of files
WINEPREFIX=$PWD/wine
WINEDEBUG=-all
WINEDLLOVERRIDES='winedbg.exe,mscoree,mshtml='
DISPLAY=
RMMAP_EMULATOR=wine
export LC_ALL WINEPREFIX WINEDEBUG WINEDLLOVERRIDES DISPLAY RMMAP_EMULATOR

command -v wine >/dev/null || {
        echo "SKIP: wine is missing"
        exit 77
}
server=$(command -v wineserver || echo /usr/lib/wine/wineserver)
wine wineboot --init >/dev/null 2>&1
# shellcheck disable=SC2064 # its name is known
trap "'$server' -k" EXIT

echo 'int main(void) { return 42; }' >wine-probe.c
# shellcheck disable=SC2086 # a command with its arguments
$CC -o wine-probe.exe wine-probe.c || exit 1
wine ./wine-probe.exe >/dev/null 2>&1
[ $? -eq 42 ] || {
        echo "SKIP: wine doesn't run what $CC makes"
        exit 77
}
"${MAKE:-make}" check
