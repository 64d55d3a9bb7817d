#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# errors-of.sh [PAGE...]: what the pages say about errors of the library's own, one "function ERRNO"
# a line. All pages of section 3 where none is named.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- "${top_srcdir:-$here/../..}"/man/*.3
exec "${AWK:-awk}" '
        /^\.Sh / { in_errors = ($2 == "ERRORS"); name = "" }
        /^\.El/ { name = "" }
        in_errors && $1 == ".It" { name = ($2 == "Fn") ? $3 : "" }
        in_errors && $1 == ".Er" && name != "" { print name, $2 }
' "$@"
