#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The shared library exports what the map says, in its versions, and nothing else; and it is linked as
# a library should be. What the map should say, api-test.sh knows.
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

if [ ! -e "$library" ]; then
        echo "SKIP: $library isn't there (--disable-shared)"
        exit 77
elif ! readelf --version >/dev/null 2>&1; then
        echo "SKIP: readelf is missing"
        exit 77
fi

# "name node" of the map, "name version" of the library.
# shellcheck disable=SC2016 # awk's own
"$awk" '
        /[{]$/ { node = $1 }
        /^local:/ { node = "" }
        node != "" && /^[ \t]+[a-z_0-9]+;$/ { sub(/;/, ""); print $1, node }
' "$top/lib/librangedmmap.map" | sort >"$work/map"
# A version itself is a symbol, too: absolute, and of no version.
# shellcheck disable=SC2016
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
if ! diff "$work/map" "$work/library" >"$work/difference"; then
        echo "FAIL: < in the map only, > in the library only:"
        grep '^[<>]' "$work/difference"
        failed=1
fi

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

echo "$(wc -l <"$work/library") functions"
[ -s "$work/map" ] || { echo "FAIL: the map wasn't read"; exit 1; }
exit $failed
