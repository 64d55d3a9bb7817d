#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What make install puts in place is all that a user needs: with nothing but PKG_CONFIG_PATH and
# LD_LIBRARY_PATH, programs build and run, shared and static; each example builds by the line in its
# head; every name has its page. And make uninstall takes it all away.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
build=${top_builddir:?}
pkg_config=${PKG_CONFIG:-pkg-config}

if [ "${RMMAP_SANITIZER:-no}" != no ]; then
        echo "SKIP: what a sanitizer is in isn't meant to be installed"
        exit 77
fi
if ! $pkg_config --version >/dev/null 2>&1; then
        echo "SKIP: pkg-config is missing"
        exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
skipped=0
# shellcheck source=tests/steps.sh
. "$here/../steps.sh"

skip()
{
        echo "SKIP: $1"
        skipped=$((skipped + 1))
}

step "make install" make_alone install DESTDIR="$work/root" || exit 1

# ---- where things are now
value_of()
{
        sed -n "s|^$1 = ||p" "$build/Makefile" | head -n 1
}
find_one()
{
        find "$work/root" -name "$1" | head -n 1
}
libdir=$(dirname "$(dirname "$(find_one ranged-mmap.pc)")")
mandir=$(dirname "$(dirname "$(find_one librangedmmap.7)")")
bindir=$(dirname "$(find_one allocator-contract)")

# What isn't below / but below a directory of ours is the same file with longer paths.
mkdir "$work/pkgconfig" "$work/bin"
sed "s|=/|=$work/root/|" "$libdir/pkgconfig/ranged-mmap.pc" >"$work/pkgconfig/ranged-mmap.pc"
export PKG_CONFIG_PATH="$work/pkgconfig"
export LD_LIBRARY_PATH="$libdir"
# The lines in the heads of examples say cc and pkg-config: those that configure found.
stands_for()
{
        printf '#!/bin/sh\nPATH=%s\nexec %s "$@"\n' "'$PATH'" "$2" >"$work/bin/$1"
        chmod +x "$work/bin/$1"
}
stands_for cc "${CC:-cc}"
stands_for pkg-config "$pkg_config"
export PATH="$work/bin:$PATH"

# ---- what is there
no_trace_of_the_build()
{
        ! grep -l "$build" "$libdir/pkgconfig/ranged-mmap.pc" "$(find_one rmmap.h)" || return 1
        ! readelf -d "$bindir/allocator-contract" 2>/dev/null | grep "$build"
}
step "nothing leads back to the build directory" no_trace_of_the_build

# Headers, libraries and programs; what belongs to manual and documentation is looked at below.
two_headers()
{
        found=$(find "$work/root" -name '*.h' -o -name '*.hpp' | wc -l)
        [ "$found" -eq 2 ] && [ -e "$(dirname "$(find_one rmmap.h)")/rmmap.hpp" ]
}
step "the header is installed, and that for C++ beside it" two_headers

guides_of_readme()
{
        readme=$(find_one README)
        lost=0
        for guide in $(grep -o '](doc/[^)]*)' "$readme" | tr -d ']()' | sort -u); do
                [ -s "$(dirname "$readme")/$guide" ] && continue
                echo "README names $guide, which isn't installed"
                lost=1
        done
        [ "$lost" -eq 0 ] && grep -q '](doc/guide-[^)]*)' "$readme"
}
step "the guides that README names are installed" guides_of_readme

# ---- pkg-config
right_version()
{
        version=$(pkg-config --modversion ranged-mmap)
        [ "$version" = "$(value_of PACKAGE_VERSION)" ] && echo "$version"
}
step "pkg-config --modversion" right_version
no_private_libraries()
{
        # Who links the shared library needs no more than its name.
        [ "$(pkg-config --libs ranged-mmap | xargs)" = "-L$libdir -lrangedmmap" ]
}
[ -n "$(find_one librangedmmap.so)" ] && step "pkg-config --libs" no_private_libraries

# ---- a program of somebody's
cd "$work" || exit 99
builds_and_runs()
{
        output=$1
        shift
        "$@" -o "$work/$output" || return
        [ "$("$work/$output" "$work/file")" = "$(value_of PACKAGE_VERSION)" ]
}
# shellcheck disable=SC2046 # lists of words
if [ -n "$(find_one librangedmmap.so)" ]; then
        step "a program, shared" builds_and_runs shared \
                cc "$here/program.c" $(pkg-config --cflags --libs ranged-mmap)
        step "it needs librangedmmap.so.0" sh -c \
                "readelf -d '$work/shared' | grep -q 'NEEDED.*librangedmmap.so.0'"
else
        skip "no shared library is installed"
fi
# A C++ compiler whose programs run with this library: think of -m32, and of another libc.
# shellcheck disable=SC2046
if [ -n "$(find_one librangedmmap.so)" ]; then
        printf '#include <system_error>\n#include <rmmap.h>\nint main() { return !rmmap_version(); }\n' \
                >probe.cc
        if ${CXX:-c++} -std=c++17 probe.cc -o probe $(pkg-config --cflags --libs ranged-mmap) \
                2>/dev/null && ./probe; then
                step "a program in C++" builds_and_runs cxx \
                        ${CXX:-c++} -std=c++17 "$here/program.cc" \
                        $(pkg-config --cflags --libs ranged-mmap)
        else
                skip "no C++ compiler makes programs with this library"
        fi
fi
echo 'int main(void) { return 0; }' >empty.c
# shellcheck disable=SC2046
if [ -z "$(find_one librangedmmap.a)" ]; then
        skip "no static library is installed"
elif ! cc -static empty.c -o empty 2>/dev/null; then
        skip "this machine can't link programs statically"
else
        step "a program, static" builds_and_runs static \
                cc -static "$here/program.c" $(pkg-config --static --cflags --libs ranged-mmap)
        step "it runs where no library is installed" \
                env -u LD_LIBRARY_PATH "$work/static" "$work/file"
fi

# Known to pkg-config isn't there for this compiler: think of -m32.
# shellcheck disable=SC2046
is_there()
{
        pkg-config --exists "$1" 2>/dev/null &&
                cc "$work/empty.c" -o "$work/empty" $(pkg-config --libs "$1") 2>/dev/null
}

# ---- the examples, each alone in a directory, by the line in its head
build_example()
{
        name=$(basename "$1" .c)
        line=$(sed -n 's/^ \* *\(cc [^ ]*\.c .*pkg-config --cflags --libs.*\)$/\1/p' "$1" |
                head -n 1)
        if [ -z "$line" ]; then
                echo "FAIL: $name doesn't say how to build it"
                failed=$((failed + 1))
                return
        fi
        modules=$(echo "$line" | sed -n 's/.*--libs \([^)]*\)).*/\1/p')
        for module in $modules; do
                is_there "$module" || { skip "$name: no $module here"; return; }
        done
        mkdir "$work/$name.d"
        cp "$1" "$work/$name.d"
        cd "$work/$name.d" || exit 99
        step "$line" sh -ec "$line"
        [ -x "$name" ] || { echo "FAIL: there is no $name now"; failed=$((failed + 1)); }
        cd "$work" || exit 99
}
examples=0
for example in "$top"/examples/*.c; do
        build_example "$example"
        examples=$((examples + 1))
done
[ "$examples" -ge 3 ] || { echo "FAIL: only $examples examples"; failed=$((failed + 1)); }

# The one of several files.
# shellcheck disable=SC2046
if is_there libcurl && is_there libcrypto; then
        step "rmget" cc -o rmget -iquote "$top/examples/rmget" \
                "$top"/examples/rmget/*.c "$top"/examples/rmget/linux/*.c -pthread \
                $(pkg-config --cflags --libs ranged-mmap libcurl libcrypto)
else
        skip "rmget: no libcurl or libcrypto here"
fi

# ---- the installed program on somebody's allocator, as an example's head says
# shellcheck disable=SC2046
if [ -n "$(find_one librangedmmap.so)" ]; then
        step "a plug-in" cc -shared -fPIC "$top/examples/custom-allocator.c" -pthread \
                $(pkg-config --cflags --libs ranged-mmap) -o custom-allocator.so
        step "allocator-contract on it" "$bindir/allocator-contract" ./custom-allocator.so \
                slot_allocator
fi

# ---- the manual
sed -n 's/^[ 	]*\(rmmap_[a-z_0-9]*\);$/\1/p' "$top/lib/librangedmmap.map" >names
sed -n 's/^\(struct\|enum\) \(rmmap_[a-z_]*\)[ ;].*/\2/p' "$(find_one rmmap.h)" >>names
every_page_is_there()
{
        missing=0
        while read -r name; do
                [ -e "$mandir/man3/$name.3" ] && continue
                echo "$name.3 isn't installed"
                missing=1
        done <names
        for page in man7/librangedmmap.7 man7/librangedmmap-safety.7 man1/allocator-contract.1 \
                man5/rmmap-checkpoint.5 man5/rmmap-shared-state.5; do
                [ -e "$mandir/$page" ] || { echo "$page isn't installed"; missing=1; }
        done
        # A link must lead somewhere, within the manual.
        find "$mandir" -type l ! -exec test -e {} ';' -print | grep . && missing=1
        [ "$missing" -eq 0 ] && [ "$(wc -l <names)" -gt 70 ]
}
step "every name has its page" every_page_is_there
# ---- a program that make install leaves alone, with its page and its completion
if [ -x "$build/examples/rmget/rmget" ]; then
        step "make install-tools" make_alone install-tools DESTDIR="$work/root" \
                packaged_tools=examples/rmget/rmget
        completes_rmget()
        {
                [ -x "$bindir/rmget" ] && [ -s "$mandir/man1/rmget.1" ] || return
                # Where that of rmmap is, if anywhere.
                completion=$(find "$work/root" -path '*/completions/rmmap')
                [ -z "$completion" ] || [ -s "$(dirname "$completion")/rmget" ]
        }
        step "rmget has its page and its completion" completes_rmget
        step "make uninstall-tools" make_alone uninstall-tools DESTDIR="$work/root" \
                packaged_tools=examples/rmget/rmget
else
        skip "make install-tools: rmget isn't built"
fi

# ---- and away with it
step "make uninstall" make_alone uninstall DESTDIR="$work/root"
nothing_is_left()
{
        ! find "$work/root" ! -type d -print | grep .
}
step "make uninstall leaves nothing" nothing_is_left

echo "$failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$skipped" -eq 0 ] || exit 77
