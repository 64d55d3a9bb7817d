#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Three lists of the probes are one: the notes in the shared library, librangedmmap-probes(7), and
# the list of probes.h. Arguments are compared by number, size and sign. Each has its semaphore. A
# library that was built without probes has none.
set -u
export LC_ALL=C
# shellcheck source=tests/probes/prepare.sh
. "$(dirname "$0")/prepare.sh"
readelf --version >/dev/null 2>&1 || skip "readelf is missing"

readelf --notes "$library" | "${AWK:-awk}" '
        $1 == "Provider:" { ours = $2 == "librangedmmap" }
        $1 == "Name:" { name = $2 }
        $1 == "Location:" && ours && $NF ~ /^0x0*$/ { print "FAIL: no semaphore of " name }
        $1 == "Arguments:" && ours {
                line = name
                for (i = 2; i <= NF; i++) {
                        size = $i
                        sub(/@.*/, "", size)
                        line = line " " size
                }
                print line
        }
' | sort -u >"$work/library"
grep '^FAIL' "$work/library" && exit 1

if ! has_probes; then
        [ ! -s "$work/library" ] || { cat "$work/library"; fail "probes in a build without them"; }
        [ "$failed" -eq 0 ] || exit 1
        skip "the library is built without probes (<sys/sdt.h> is missing, or --disable-probes)"
fi

case $(readelf -h "$library" | sed -n 's/.*Class: *//p') in
ELF64) word=8 ;;
*) word=4 ;;
esac
"${AWK:-awk}" -v word="$word" '
        /^\.It Fn / {
                line = $3
                count = split($0, part, "\"")
                for (i = 2; i <= count; i += 2) {
                        if (part[i] ~ /\*/ || part[i] ~ /^size_t /)
                                line = line " " word
                        else if (part[i] ~ /^uint64_t /)
                                line = line " 8"
                        else if (part[i] ~ /^int /)
                                line = line " -4"
                        else if (part[i] ~ /^ssize_t /)
                                line = line " -" word
                        else
                                line = line " ?" part[i]
                }
                print line
        }
' "$top/man/librangedmmap-probes.7" | sort >"$work/page"
sed -n '/define PROBES(X)/,/^$/p' "$top/lib/probes.h" | grep -o 'X([a-z_]*)' |
        sed 's/X(\(.*\))/\1/' | sort >"$work/header"

diff "$work/page" "$work/library" >"$work/difference" ||
        { cat "$work/difference"; fail "< in the manual page, > in the library"; }
cut -d ' ' -f 1 "$work/page" | diff - "$work/header" >"$work/difference" ||
        { cat "$work/difference"; fail "< in the manual page, > in probes.h"; }
echo "$(wc -l <"$work/library") probes"
[ "$(wc -l <"$work/library")" -ge 15 ] || fail "too few were found"
exit $failed
