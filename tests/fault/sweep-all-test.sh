#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# check-sweep with every setup, where make check tries a few; then with those few on every file
# system that can be mounted, their images in memory, since most of it is syncing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=${top_builddir:?}/tests/check-sweep
if [ ! -x "$program" ]; then
        echo "SKIP: $program isn't built"
        exit 77
fi
TEST_SWEEP=all "$program" || exit
TMPDIR=/dev/shm TEST_PROGRAMS=sweep exec sh "$here/file-systems-test.sh"
