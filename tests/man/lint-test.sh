#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The manual pages are well made: no tool that reads them complains, they have the sections they
# should have, and what they refer to exists. api-test.sh knows their names and errors.
#
# Allowed of mandoc's complaints, and nothing else: that a page that .Xr names isn't installed.
# That depends on the machine; references among our own pages are checked here. Of groff's: that a
# line with a long word isn't stretched, which it tells from 1.23 on.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
awk=${AWK:-awk}
cd "$top/man" || exit 99

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

skipped=
# check WHAT: good when its input is empty. At the end of a pipe, so what failed goes to a file.
check() {
        if grep . >"$work/found"; then
                echo "FAIL: $1"
                cat "$work/found"
                echo "$1" >>"$work/failed"
        else
                echo "PASS: $1"
        fi
}
have() {
        command -v "$1" >/dev/null 2>&1 && return
        skipped="$skipped $1"
        return 1
}

# "name section page" of each .Nm in a NAME section.
for page in *.[0-9]; do
        "$awk" -v page="$page" -v section="${page##*.}" '
                /^\.Sh / { in_name = ($2 == "NAME") }
                in_name && $1 == ".Nm" { print $2, section, page }
        ' "$page"
done >"$work/names"
cut -d' ' -f1 "$work/names" | sort >"$work/known"

# ---- what tools say

if have mandoc; then
        mandoc -T lint ./*.[0-9] 2>/dev/null | grep -v 'STYLE: referenced manual not found' |
                check 'mandoc -T lint'
fi
if have groff; then
        for page in *.[0-9]; do
                groff -ww -mandoc -Tutf8 -z "$page" 2>&1
        done | grep -v 'cannot adjust line$' | check 'groff -ww'
fi
if have lexgrog; then
        for page in *.[0-9]; do
                lexgrog "$page" | sed -n 's/.*"\([^ ]*\) - .*"$/\1/p' | sort >"$work/seen"
                grep " $page\$" "$work/names" | cut -d' ' -f1 | sort | diff - "$work/seen" |
                        sed "s/^/$page: /"
        done | check 'lexgrog finds every name'
fi

# ---- what each page has

for page in *.[0-9]; do
        head -n 1 "$page" | grep -q '^\.\\" SPDX-License-Identifier: MIT OR Apache-2\.0$' ||
                echo "$page: no SPDX line on top"
        [ "$(grep " $page\$" "$work/names" | head -n 1)" = "${page%.*} ${page##*.} $page" ] ||
                echo "$page: the first name is not the page's own"
        grep -qi "^\.Dt ${page%.*} ${page##*.}\$" "$page" || echo "$page: .Dt names another page"
        LC_ALL=C grep -n '[^ -~]' "$page" | sed "s/^/$page: not plain ASCII: /"
done | check 'heads of pages'

for page in *.3; do
        for section in NAME LIBRARY SYNOPSIS DESCRIPTION 'RETURN VALUES' EXAMPLES ERRORS \
                'THREAD SAFETY' 'SEE ALSO' HISTORY; do
                grep -q "^\.Sh $section\$" "$page" || echo "$page: no $section"
        done
done | check 'sections'

# ---- names

uniq -d "$work/known" | check 'no name twice'

# ---- references

for page in *.[0-9]; do
        sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' "$page" |
                grep '^rmmap\|^librangedmmap\|^allocator-contract' |
                while read -r name section; do
                        grep -q "^$name $section " "$work/names" ||
                                echo "$page: .Xr $name $section leads nowhere"
                done
        # A name that ought to be a reference or .Fn of its own page, but exists nowhere.
        grep -o 'rmmap_[a-z_]*[a-z]' "$page" | sort -u | while read -r name; do
                grep -qx "$name" "$work/known" || echo "$page: there is no $name"
        done
        # Likewise constants.
        grep -v '^\.Dt' "$page" | grep -o 'RMMAP_[A-Z_]*[A-Z]' | sort -u | while read -r name; do
                grep -qw "$name" "$top/include/rmmap.h.in" || echo "$page: there is no $name"
        done
done | check 'references'

[ ! -s "$work/failed" ] || exit 1
[ -z "$skipped" ] && exit 0
echo "SKIP: not installed:$skipped"
exit 77
