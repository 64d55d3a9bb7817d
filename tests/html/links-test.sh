#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The HTML of the manual and the guides: made from the source, and every link and anchor walked.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
build=${top_builddir:-$top/build}
header=$build/include/rmmap.h
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

make_html() {
        (cd "$top" && sh build-aux/make-html "$top" "$header" "$1" man/*.[0-9])
}

make_html "$work/html" || exit
python3 -B "$here/links.py" "$work/html" "$top/lib/librangedmmap.map" "$header" || exit 1

# Built twice, the same; and every guide and page is there, whoever added it.
make_html "$work/again" >/dev/null &&
        diff -r "$work/html" "$work/again" || exit 1
for file in "$top"/doc/*.md "$top"/man/*.[0-9]; do
        name=$(basename "$file" .md).html
        [ -e "$work/html/$name" ] || {
                echo "FAIL: $file became no page"
                exit 1
        }
done
echo 'PASS: built twice to the same bytes, nothing left out'
