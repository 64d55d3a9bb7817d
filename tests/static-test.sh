#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The static library defines what the map exports and nothing else, so that a program that is linked
# with it may call its own things as it likes: also like the library's inside.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/..}
archive=${top_builddir:?}/lib/.libs/librangedmmap.a
inside=$top_builddir/lib/.libs/librangedmmap-internal.a

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
skip()
{
        echo "SKIP: $1"
        exit 77
}

[ -e "$archive" ] || skip "there is no static library (--disable-static)"
nm --version >/dev/null 2>&1 || skip "nm is missing"
readelf -h "$archive" 2>/dev/null | grep -q 'Type: *REL' ||
        skip "the static library holds no machine code yet (link-time optimisation)"

readelf -h "$inside" 2>/dev/null | grep -q 'Type: *REL' ||
        skip "the library's objects hold no machine code (link-time optimisation)"

# What begins like this is the compiler's own, or that of sys/sdt.h.
names()
{
        nm -g --defined-only "$1" | sed -n 's/.* [A-TV-Z] \([^ ]*\)$/\1/p' | grep -v '^_[_.]' | sort -u
}
names "$archive" >"$work/archive"
sed -n 's/^[ 	]*\(rmmap_[a-z_0-9]*\);$/\1/p' "$top/lib/librangedmmap.map" | sort >"$work/map"
names "$inside" | grep -v '^rmmap_' >"$work/inside"

failed=0
if ! diff "$work/map" "$work/archive" >"$work/difference"; then
        echo "FAIL: < in the map only, > in the static library only:"
        grep '^[<>]' "$work/difference"
        failed=1
fi
[ -s "$work/inside" ] || { echo "FAIL: no names of the inside were found"; exit 1; }
echo "$(wc -l <"$work/archive") names are public, $(wc -l <"$work/inside") are the library's own"

# A program that has all those names itself, for other things.
if [ "${RMMAP_SANITIZER:-no}" != no ]; then
        [ "$failed" -eq 0 ] || exit 1
        skip "a sanitizer makes global names of its own"
fi
{
        printf '#include <rmmap.h>\n'
        sed 's/.*/int &[64];/' "$work/inside"
        cat <<'END'
int main(int argc, char **argv)
{
        unsigned char data[RMMAP_ALIGNMENT] = {1};
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;

        if (argc != 2 || rmmap_create(argv[1], 1 << 20, NULL, &file) != 0 ||
            rmmap_allocate(file, sizeof(data), &range) != 0 ||
            rmmap_write_range(file, range, data, sizeof(data), &receipt) != 0 ||
            rmmap_sync_range(file, receipt) != 0)
                return 1;
        rmmap_release(file);
        return 0;
}
END
} >"$work/program.c"
private=$(sed -n 's/^Libs.private: //p' "$top_builddir/ranged-mmap.pc")
# shellcheck disable=SC2086 # lists of words
if ! ${CC:-cc} -I"$top_builddir/include" -o "$work/program" "$work/program.c" "$archive" \
        $private 2>"$work/log"; then
        echo "FAIL: a program that has such names can't be linked:"
        grep -v warning "$work/log" | head -n 10
        failed=1
elif ! "$work/program" "$work/file"; then
        echo "FAIL: a program that has such names doesn't work"
        failed=1
fi

# All of it linked statically: the linker has nothing to warn of, like dlopen.
echo 'int main(void) { return 0; }' >"$work/empty.c"
if ${CC:-cc} -static -o "$work/empty" "$work/empty.c" 2>/dev/null; then
        # shellcheck disable=SC2086 # lists of words
        if ! ${CC:-cc} -static -I"$top_builddir/include" -o "$work/static" "$work/program.c" \
                "$archive" $private >"$work/log" 2>&1 || [ -s "$work/log" ]; then
                echo "FAIL: a static program can't be linked, or not without a warning:"
                head -n 10 "$work/log"
                failed=1
        fi
else
        echo "SKIP: no static program can be linked here"
fi

# A program that has probes of its own: those of both must lie where their notes say.
if grep -q '^#define RMMAP_PROBES 1' "$top_builddir/config.h"; then
        sed -e 's/^int .*\[64\];$//' -e '1i #include <sys/sdt.h>' \
                -e 's/^        rmmap_release/        STAP_PROBE1(mine, here, 1);\n&/' \
                "$work/program.c" >"$work/probed.c"
        # shellcheck disable=SC2086 # lists of words
        if ! ${CC:-cc} -I"$top_builddir/include" -o "$work/probed" "$work/probed.c" "$archive" \
                $private >"$work/log" 2>&1 || [ -s "$work/log" ]; then
                echo "FAIL: a program with probes of its own can't be linked:"
                head -n 10 "$work/log"
                failed=1
        fi
        base=$(readelf -SW "$work/probed" | sed -n 's/.* \.stapsdt\.base *PROGBITS *\([^ ]*\) .*/\1/p')
        readelf -n "$work/probed" | sed -n 's/.*Base: 0x\([^,]*\),.*/\1/p' | sort -u >"$work/bases"
        [ "$base" = "$(cat "$work/bases")" ] || {
                echo "FAIL: notes name other bases than $base: $(cat "$work/bases")"
                failed=1
        }
fi
exit $failed
