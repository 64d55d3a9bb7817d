#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# gdb loads the printers by itself from where they are installed, and shows handles, ranges and
# receipts; less of them where the library was stripped.
set -u
export LC_ALL=C
# shellcheck source=tests/probes/prepare.sh
. "$(dirname "$0")/../probes/prepare.sh"
command -v gdb >/dev/null || skip "gdb is missing"
gdb -nx -batch -ex 'python import gdb.printing' >/dev/null 2>&1 || skip "this gdb has no Python"
top=${top_srcdir:-$here/../..}
build_program

# As make install does it; then below the library's path as it is in the build directory.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "${MAKE:-make}" -s -C "$top_builddir" install-data-local \
        DESTDIR="$work/root" >"$work/log" 2>&1 || { cat "$work/log"; fail "make install"; }
script=$(find "$work/root" -name '*-gdb.py')
[ -n "$script" ] || skip "nothing is installed for gdb (--without-gdb-auto-load-dir)"
[ "$(basename "$script")" = "$(basename "$library")-gdb.py" ] ||
        fail "$script isn't named after $(basename "$library")"
case $script in
*/gdb/auto-load/*) ;;
*) fail "$script is where gdb doesn't look" ;;
esac

# show LIBRARY COMMAND...: at look_here, with that library.
show()
{
        loads=$work/auto-load$(dirname "$1")
        mkdir -p "$loads" && cp "$script" "$loads"
        shown=$1
        shift
        {
                echo 'set debuginfod enabled off'
                echo 'set breakpoint pending on'
                echo "set auto-load scripts-directory $work/auto-load"
                echo "set auto-load safe-path $work"
                echo 'break look_here'
                echo "run $work/file"
                printf '%s\n' "$@"
        } >"$work/commands"
        LD_LIBRARY_PATH=$(dirname "$shown") timeout 60 gdb -nx -batch -x "$work/commands" \
                "$program" >"$work/said" 2>&1
}
says()
{
        grep -q -E -e "$1" "$work/said" || fail "gdb doesn't say '$1'"
}

# Else the search path that the program was linked with comes before LD_LIBRARY_PATH.
${CC:-cc} -g -O1 -I"$top_builddir/include" -o "$program" "$top/tests/probes/program.c" "$library" ||
        exit 99

show "$library" 'print file' 'print *file' 'print range' 'print receipt' 'print edited' \
        'print *(struct rmmap_receipt *)&range' 'print (struct rmmap_file *)0' \
        'python r = gdb.parse_and_eval("range")' 'set var range.opaque[2] = 0' 'print range' \
        'set var range.opaque[0] = 0' 'set var range.opaque[1] = 0' \
        'set var range.opaque[3] = 0' 'print range'
owner='owner 0x[0-9a-f]+'
if grep -q 'Python Exception\|Error in' "$work/said"; then
        fail "the script fails"
fi
grep -q 'Breakpoint 1, look_here' "$work/said" || skip "gdb can't run a program here"
file="file \"$work/file\", fd [0-9]+, 8388608 bytes \\(8.0 MiB\\), by mapping \\(asked for[^)]*\\)"
says "^\\\$1 = 0x[0-9a-f]+, $file, 1 reference, $owner\$"
says "^\\\$2 = $file, 1 reference, $owner\$"
says "^\\\$3 = range \\[0, 20480\\), 20.0 KiB, $owner, seal right\$"
says "^\\\$4 = receipt \\[0, 20480\\), 20.0 KiB, $owner, seal right\$"
says "^\\\$5 = range \\[0, 24576\\), 24.0 KiB, $owner, seal wrong\$"
says "^\\\$6 = receipt \\[0, 20480\\), 20.0 KiB, $owner, seal wrong: it is a range\$"
says '^\$7 = 0x0$'
says '^\$8 = range \[0, 20480\), 20.0 KiB, owner 0x0, seal wrong$'
says '^\$9 = no range \(zeros\)$'
[ "$failed" -eq 0 ] || cat "$work/said"

# A core dump, where there is no process to ask.
show "$library" "generate-core-file $work/core" 'kill'
if [ -s "$work/core" ]; then
        LD_LIBRARY_PATH=$(dirname "$library") gdb -nx -batch -ex 'set debuginfod enabled off' \
                -ex "set auto-load scripts-directory $work/auto-load" \
                -ex "set auto-load safe-path $work" -ex "core-file $work/core" \
                -ex 'frame function look_here' -ex 'print file' -ex 'print range' "$program" \
                >"$work/said" 2>&1
        says "^\\\$1 = 0x[0-9a-f]+, file, fd [0-9]+, 8388608 bytes .*, 1 reference, $owner\$"
        says "^\\\$2 = range \\[0, 20480\\), 20.0 KiB, $owner, seal right\$"
else
        echo "SKIP: gdb writes no core file"
fi

# As distributions install it.
mkdir "$work/stripped"
stripped=$work/stripped/$(basename "$library")
if strip -o "$stripped" "$library" 2>/dev/null; then
        ln -s "$(basename "$library")" "$work/stripped/librangedmmap.so.0"
        show "$stripped" 'print file' 'print range'
        says '^\$1 = 0x[0-9a-f]+ \(a file; the library has no symbols\)$'
        says "^\\\$2 = range \\[0, 20480\\), 20.0 KiB, $owner, seal not checked"
else
        echo "SKIP: strip is missing"
fi
[ "$failed" -eq 0 ] || cat "$work/said"
exit $failed
