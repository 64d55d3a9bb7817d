#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Every mistake of check-planted.sh, which takes long and so runs seldom, can still be planted: its
# expression changes its file.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

failed=0 total=0
grep -v '^#' "$here/mistakes" >"$work/list"
while read -r name file _ expression; do
        total=$((total + 1))
        sed -E -z "$expression" "$top/$file" >"$work/changed" &&
                ! cmp -s "$top/$file" "$work/changed" && continue
        echo "FAIL: $name changes nothing in $file any more"
        failed=$((failed + 1))
done <"$work/list"
echo "$((total - failed)) of $total mistakes can be planted"
[ "$failed" -eq 0 ] && [ "$total" -gt 0 ]
