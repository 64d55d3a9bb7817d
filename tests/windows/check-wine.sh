#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# In a build directory for Windows, as make check-wine: make check under Wine. Exit status 77: there
# is no Wine for this processor.
set -u
export LC_ALL=C.UTF-8 RMMAP_EMULATOR=wine # LC_ALL: of the names of files

command -v wine >/dev/null || {
        echo "SKIP: wine is missing"
        exit 77
}
work=$PWD
# shellcheck source=tests/windows/wine.sh
. "$(dirname "$0")/wine.sh"
trap end_wine EXIT
begin_wine

echo 'int main(void) { return 42; }' >wine-probe.c
# shellcheck disable=SC2086 # a command with its arguments
$CC -o wine-probe.exe wine-probe.c || exit 1
wine ./wine-probe.exe >/dev/null 2>&1
[ $? -eq 42 ] || {
        echo "SKIP: wine doesn't run what $CC makes"
        exit 77
}
"${MAKE:-make}" check
