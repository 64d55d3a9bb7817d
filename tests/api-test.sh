#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What repeats rmmap.h is what build-aux/api.py makes from it: the symbol map, SYNOPSIS and the names
# in ERRORS of the manual pages, and so on; each public name has one page, which explains its errors.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/..}

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        echo "SKIP: python3 is missing, or older than 3.9"
        exit 77
fi
exec python3 -B "$top/build-aux/api.py" --check "$top"
