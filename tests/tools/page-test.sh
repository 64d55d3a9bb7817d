#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The page rmmap(1) lists the rows and the facts that rmmap info and rmmap doctor may print, each
# fact with its type, no more and no fewer than the sources have; and what is printed now is among
# them.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
rmmap=${RMMAP:-${top_builddir:-.}/tools/rmmap}
awk=${AWK:-awk}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

fail()
{
        echo "FAIL: $1"
        [ $# -lt 2 ] || sed 's/^/  /' "$2"
        failed=1
}

# ---- the page: "info row on_disk", "doctor fact engine string"
"$awk" '
        function unmarked(line) {
                gsub(/\\/, "", line)
                return line
        }
        /^\.S[hs] / { command = ($2 == "rmmap") ? $3 : ""; in_json = ($2 == "JSON") }
        in_json && $1 == ".Cm" && (last == "The facts of") { command = $2 }
        { last = $0 }
        !in_json && (command == "info" || command == "doctor") && /^\.It Cm / {
                count = split(unmarked(substr($0, 8)), names, / , /)
                for (i = 1; i <= count; i++) {
                        gsub(/ /, "_", names[i])
                        print command, "row", names[i]
                }
        }
        in_json && /^\.It Va / {
                name = $3
                getline
                type = $0
                sub(/[,:].*/, "", type)
                print command, "fact", name, type
                last = ""
        }
' "$top/man/rmmap.1" | sort >"$work/page"

# ---- the sources
# told COMMAND FILE...: the same of what is told there. An object has no function of its own.
told()
{
        command=$1
        shift
        sed -n -e 's/.*report_row(&\{0,1\}[a-z>-]*, "\([^"]*\)".*/row \1/p' \
                -e 's/.*examine_engine(doctor, "\([^"]*\)", "\([^"]*\)".*/row \1\nfact \2 string/p' \
                -e 's/.*fact_number(&\{0,1\}[a-z>-]*, "\([^"]*\)".*/fact \1 number/p' \
                -e 's/.*fact_flag(&\{0,1\}[a-z>-]*, "\([^"]*\)".*/fact \1 truth value/p' \
                -e 's/.*fact_text(&\{0,1\}[a-z>-]*, "\([^"]*\)".*/fact \1 string/p' \
                -e 's/.*facts_of_file(.*/fact file object/p' "$@" | sed "s/^/$command /"
        # Two calls in examine_engine have their name from there; no other may hide one.
        grep -h -E '(report_row|fact_[a-z]+)\(' "$@" |
                grep -v -e '[(]&\{0,1\}[a-z>-]*, "' -e 'doctor->report, \(name\|fact\),' \
                        >"$work/hidden" && fail "names that this test can't read:" "$work/hidden" >&2
}
told info "$top/tools/info.c" "$top/tools/side-file.c" "$top/tools/state-file.c" \
        >"$work/told"
told doctor "$top"/tools/doctor*.c "$top"/tools/*/doctor*.c >>"$work/told"
sort -u "$work/told" >"$work/sources"
[ "$(wc -l <"$work/sources")" -gt 65 ] || fail "only so much found in the sources:" "$work/sources"
comm -23 "$work/sources" "$work/page" >"$work/missing"
comm -13 "$work/sources" "$work/page" >"$work/unknown"
[ ! -s "$work/missing" ] || fail "not on the page:" "$work/missing"
[ ! -s "$work/unknown" ] || fail "on the page, or there twice, and nowhere told:" "$work/unknown"
echo "$(wc -l <"$work/page") rows and facts"

# ---- what is printed
if [ ! -x "$rmmap" ]; then
        fail "there is no $rmmap"
elif command -v python3 >/dev/null; then
        mkdir "$work/place"
        echo content >"$work/place/file"
        {
                "$rmmap" info --json "$work/place/file"
                "$rmmap" doctor --json "$work/place"
                "$rmmap" doctor --json "$work/place/file"
        } >"$work/output" || fail "rmmap doesn't do it"
        python3 - "$work/output" >"$work/unsorted" <<'END'
import json
import sys

types = {bool: "truth value", int: "number", str: "string", dict: "object"}


def facts(command, values):
    for name, value in values.items():
        print(command, "fact", name, types[type(value)])
        if isinstance(value, dict):
            facts("info", value)


for line in open(sys.argv[1]):
    said = json.loads(line)
    facts(said["command"], said["facts"])
    for row in said["findings"] if said["path"].endswith("place") else []:
        print(said["command"], "row", row["name"])
END
        # Rows of a file without --json: its columns.
        "$rmmap" info "$work/place/file" | sed -n 's/^  \(.\{16\}\).*/\1/p' |
                sed 's/ *$//; s/ /_/g; s/^/info row /' >>"$work/unsorted"
        sort -u "$work/unsorted" >"$work/printed"
        comm -23 "$work/printed" "$work/page" >"$work/missing"
        [ ! -s "$work/missing" ] || fail "printed, and not on the page:" "$work/missing"
        [ "$(wc -l <"$work/printed")" -gt 50 ] || fail "only so much is printed:" "$work/printed"
        echo "$(wc -l <"$work/printed") of them are printed here"
else
        echo "SKIP: python3 is missing; what is printed wasn't looked at"
fi
exit $failed
