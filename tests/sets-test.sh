#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Four lists of what is public are one: the map, what the shared library exports (with versions),
# the prototypes of rmmap.h, and the names of the manual pages; and each type has a page too.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/..}
awk=${AWK:-awk}
library=${top_builddir:?}/lib/.libs/librangedmmap.so

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# same A B: two lists that must be one; what only one of them has is named.
same()
{
        for side in "$1 $2" "$2 $1"; do
                # shellcheck disable=SC2086 # two words
                set -- $side
                comm -23 "$work/$1" "$work/$2" | sed "s/^/FAIL: in the $1, not in the $2: /"
        done >"$work/difference"
        [ -s "$work/difference" ] || return 0
        cat "$work/difference"
        failed=1
}

# ---- "name node" of the map, "name version" of the library
"$awk" '
        /[{]$/ { node = $1 }
        /^local:/ { node = "" }
        node != "" && /^[ \t]+[a-z_0-9]+;$/ { sub(/;/, ""); print $1, node }
' "$top/lib/librangedmmap.map" | sort >"$work/map"

if [ ! -e "$library" ]; then
        echo "SKIP: $library isn't there (--disable-shared)"
        skipped=yes
elif ! readelf --version >/dev/null 2>&1; then
        echo "SKIP: readelf is missing"
        skipped=yes
else
        # A version itself is a symbol, too: absolute, and of no version.
        readelf --dyn-syms --wide "$library" | "$awk" '
                $5 != "GLOBAL" && $5 != "WEAK" || $7 == "UND" || $7 == "ABS" { next }
                $4 != "FUNC" { print $8, "is a " $4; next }
                { name = $8; version = "no-version" }
                match(name, /@+/) {
                        version = substr(name, RSTART + RLENGTH)
                        name = substr(name, 1, RSTART - 1)
                }
                { print name, version }
        ' | sort >"$work/library"
        same map library
        readelf --dynamic --wide "$library" >"$work/dynamic"
        # The name that programs are linked to; and nothing that they didn't ask for.
        grep -q 'Library soname: \[librangedmmap\.so\.0\]' "$work/dynamic" || {
                echo "FAIL: the library's name isn't librangedmmap.so.0"
                failed=1
        }
        sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' "$work/dynamic" >"$work/needed"
        if [ "${RMMAP_SANITIZER:-no}" = no ] &&
                grep -v -E '^(libc|ld-.*|libpthread|libdl|libatomic)\.' "$work/needed"; then
                echo "FAIL: the library needs more than the C library"
                failed=1
        fi
        if grep -e TEXTREL -e RPATH -e RUNPATH "$work/dynamic"; then
                echo "FAIL: the library is linked in a way that it shouldn't be"
                failed=1
        fi
fi

# ---- names alone
printf '#include <rmmap.h>\n' >"$work/header.c"
# shellcheck disable=SC2086 # lists of words
if ! ${CC:-cc} ${CPPFLAGS:-} -I"$top_builddir/include" -E "$work/header.c" >"$work/header.i"; then
        echo "FAIL: rmmap.h can't be preprocessed"
        exit 1
fi
"$awk" -f "$here/sets.awk" "$work/header.i" >"$work/declared"
if grep '^unexpected' "$work/declared"; then
        echo "FAIL: rmmap.h declares something that is neither function nor type"
        failed=1
fi
cut -d ' ' -f 1 "$work/map" | sort >"$work/map-names"
sed -n 's/^function //p' "$work/declared" | sort >"$work/header"
sed -n 's/^type //p' "$work/declared" | sort -u >"$work/header-types"
for page in "$top"/man/*.3; do
        "$awk" -f "$top/build-aux/man-names" "$page"
done | sort >"$work/pages"
sort "$work/header" "$work/header-types" >"$work/header-all"
same map-names header
same header-all pages

uniq -d "$work/header" | sed 's/^/FAIL: declared twice: /' | grep . && failed=1
wc -l <"$work/map" | sed 's/$/ functions/'
wc -l <"$work/header-types" | sed 's/$/ types/'
[ "$(wc -l <"$work/map")" -gt 60 ] || { echo "FAIL: too few functions were found"; failed=1; }
[ "$(wc -l <"$work/header-types")" -gt 7 ] || { echo "FAIL: too few types were found"; failed=1; }
[ "$failed" -eq 0 ] || exit 1
[ -z "${skipped:-}" ] || exit 77
