#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What make dist-windows packs is all that a user of Windows needs: a program builds with what is
# unpacked, shared and static, and runs under wine; the DLL exports the names of the header and
# needs only the system's; two zips of one source are the same. In a build directory for Windows:
# make check-wine.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
build=${top_builddir:?}
objdump=${OBJDUMP:-objdump}
for tool in zip unzip; do
        command -v $tool >/dev/null || {
                echo "SKIP: $tool is missing"
                exit 77
        }
done
work=$(mktemp -d) || exit 99
# shellcheck source=tests/windows/wine.sh
. "$here/wine.sh"
trap 'end_wine; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck source=tests/steps.sh
. "$here/../steps.sh"

# The first zip, and one of files that are linked a second time.
packed_twice()
{
        make_alone dist-windows && mv "$build"/ranged-mmap-*-windows.zip "$work/first.zip" &&
                sleep 2 && rm -f "$build/lib/librangedmmap.la" "$build/tools/rmmap.exe" &&
                make_alone dist-windows &&
                cmp "$build"/ranged-mmap-*-windows.zip "$work/first.zip"
}
step "two zips are the same" packed_twice || exit 1
(cd "$work" && unzip -q first.zip) || exit 1
cd "$work"/ranged-mmap-* || exit 1
package=$(pwd)

lists()
{
        cat >"$work/wanted" <<'END'
LICENSE-APACHE.txt
LICENSE-MIT.txt
NEWS.txt
README.txt
WINDOWS.txt
bin/librangedmmap-0.dll
bin/rmmap.exe
include/rmmap.h
include/rmmap.hpp
lib/librangedmmap.a
lib/librangedmmap.def
lib/librangedmmap.dll.a
lib/pkgconfig/ranged-mmap.pc
END
        find . -type f | sed 's|^\./||' | grep -v '^bin/rmget.exe$' | sort | diff "$work/wanted" -
}
step "what is in it" lists

exports()
{
        "$objdump" -p bin/librangedmmap-0.dll |
                sed -n '/^\[Ordinal\/Name Pointer\] Table/,/^$/s/^\t\[ *[0-9]*\] //p' | sort >"$work/exported"
        sed -n 's/^\t//p' "$top/lib/librangedmmap.def" | sort >"$work/declared"
        [ "$(wc -l <"$work/declared")" -gt 50 ] && diff "$work/declared" "$work/exported"
}
step "the DLL exports the names of the .def file" exports

# imports FILE: what else than a DLL of the system it needs.
imports()
{
        "$objdump" -p "$1" | sed -n 's/.*DLL Name: //p' |
                grep -v -i -x -e 'kernel32.dll' -e 'msvcrt.dll' -e 'ntdll.dll' -e 'advapi32.dll' \
                        -e 'shell32.dll' -e 'ws2_32.dll' -e 'api-ms-win-crt-.*' >"$work/strange"
        [ "$(cat "$work/strange")" = "$2" ] || {
                cat "$work/strange"
                return 1
        }
}
step "the DLL needs only the system's" imports bin/librangedmmap-0.dll ''
step "rmmap needs these and the DLL" imports bin/rmmap.exe librangedmmap-0.dll

cat >"$work/program.c" <<'END'
#include <rmmap.h>
#include <stdio.h>

int main(void)
{
        struct rmmap_file *file = NULL;
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        static char data[8192] = "written under wine";
        int err;

        if ((err = rmmap_create("out.bin", 1 << 20, NULL, &file)) ||
            (err = rmmap_allocate(file, sizeof(data), &range)) ||
            (err = rmmap_write_range(file, range, data, sizeof(data), &receipt)) ||
            (err = rmmap_sync_range(file, receipt)))
                printf("error %d\n", -err);
        rmmap_release(file);
        return err != 0;
}
END
# built NAME FLAG LIBRARY...
built()
{
        mkdir -p "$work/$1"
        # shellcheck disable=SC2086,SC2046 # lists of words
        ${CC:?} -Wall -Werror -o "$work/$1/program.exe" "$work/program.c" $(
                shift
                PKG_CONFIG_LIBDIR=$package/lib/pkgconfig "${PKG_CONFIG:-pkg-config}" "$@" ranged-mmap
        )
}
static_built()
{
        mkdir -p "$work/static"
        # shellcheck disable=SC2086 # words
        ${CC:?} -Wall -Werror -Iinclude -o "$work/static/program.exe" "$work/program.c" \
                lib/librangedmmap.a -ladvapi32 -lntdll
}
runs()
{
        (cd "$work/$1" && timeout 100 wine program.exe && head -c 18 out.bin | grep -x 'written under wine')
}
tool_runs()
{
        timeout 100 wine bin/rmmap.exe copy README.txt copy && cmp README.txt copy
}

if ${PKG_CONFIG:-pkg-config} --version >/dev/null 2>&1; then
        step "a program for the DLL builds" built shared --cflags --libs && cp bin/*.dll "$work/shared"
else
        echo "SKIP: a program for the DLL: pkg-config is missing"
fi
step "a static program builds" static_built
if command -v wine >/dev/null && [ "$(head -c 2 bin/rmmap.exe)" = MZ ]; then
        begin_wine
        [ ! -e "$work/shared/program.exe" ] || step "the program for the DLL runs" runs shared
        step "the static program runs" runs static
        step "rmmap runs" tool_runs
else
        echo "SKIP: nothing was run: wine is missing"
        [ $failed -ne 0 ] || exit 77
fi
[ $failed -eq 0 ]
