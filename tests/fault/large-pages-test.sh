#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The test programs on a kernel with pages of 64 KiB: Debian's for ppc64le, in an emulated machine
# whose first process runs them. Needs qemu-system-ppc64, the cross compiler
# (gcc-powerpc64le-linux-gnu, libc6-dev-ppc64el-cross), cpio, and apt-get to fetch the kernel, unless
# TEST_KERNEL names one.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "${top_srcdir:-$here/../..}" && pwd)
triplet=powerpc64le-linux-gnu
# Of the make that started this: it would have ours name directories, and set variables.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

for tool in qemu-system-ppc64 "$triplet-gcc" cpio; do
        command -v "$tool" >/dev/null && continue
        echo "SKIP: $tool is missing"
        exit 77
done
if [ -e "$top/config.status" ]; then
        echo "SKIP: the source directory is configured"
        exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The newest kernel of the distribution, with lists of packages of our own: the system's stay.
fetch_kernel()
{
        local name
        mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
        : >"$work/state/status"
        cat >"$work/apt.conf" <<END
APT::Architecture "ppc64el";
APT::Architectures { "ppc64el"; };
Dir::State "$work/state";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/nonexistent";
APT::Sandbox::User "root";
END
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
                "http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" \
                >"$work/sources.list"
        export APT_CONFIG=$work/apt.conf
        apt-get -q update >&2 &&
                name=$(apt-cache depends linux-image-powerpc64le |
                        sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1) &&
                (cd "$work" && apt-get -q download "$name") >&2 &&
                dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | tar -x -C "$work" ./boot &&
                echo "$work"/boot/vmlinu*
}

kernel=${TEST_KERNEL:-}
if [ -z "$kernel" ] && ! kernel=$(fetch_kernel); then
        echo "SKIP: no kernel for ppc64le could be fetched"
        exit 77
fi

# All but what loads the library or starts itself; check-sweep and check-memory, which count libc's
# own memory when all is static; and those that cut or fill files by pages of 4 KiB, where a store
# behind the end but in the same page raises nothing.
programs=$(make -s -f - show <<END
include ${top_builddir:?}/Makefile
show:; @echo \$(check_tests)
END
)
programs=$(printf '%s\n' $programs | grep -v -e check-load \
        -e check-errors -e check-decode -e check-sweep -e check-memory -e check-faults \
        -e check-signals -e check-file-system | xargs)

(
        mkdir "$work/build" && cd "$work/build" &&
                "$top/configure" --quiet --host="$triplet" --disable-shared --disable-examples \
                        CC="$triplet-gcc" PKG_CONFIG=false \
                        CHECK_CFLAGS="-I$top/tests/stand-in" CHECK_LIBS=-lpthread &&
                make -s -j 2 check LDFLAGS=-all-static TESTS= check_PROGRAMS="$programs" \
                        check_LTLIBRARIES=tests/libsupport.la &&
                mkdir -p "$work/root/tests" && cp $programs "$work/root/tests" &&
                "$triplet-gcc" -static -O2 -o "$work/root/init" "$here/run-all-init.c"
) >"$work/log" 2>&1 || {
        tail -n 30 "$work/log"
        exit 1
}
"$triplet-strip" "$work"/root/tests/* "$work/root/init"
file "$work/root/tests/check-create" 2>/dev/null | grep -q 'dynamically' && exit 1
(cd "$work/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs"

timeout "${TEST_SECONDS:-540}" qemu-system-ppc64 -M pseries -cpu POWER9 -smp 1 -m 2G -nographic \
        -nodefaults -serial stdio -kernel "$kernel" -initrd "$work/initramfs" \
        -append "console=hvc0 quiet panic=-1" </dev/null 2>&1 | tr -d '\r' >"$work/console"
grep -a -e 'PAGE [0-9]*$' -e '^RESULT' -e '^    ' -e '^DONE' "$work/console"

grep -q -a 'PAGE 65536$' "$work/console" || { tail -n 20 "$work/console"; exit 1; }
grep -q -a '^DONE' "$work/console" || { echo "FAIL: it didn't come to its end"; exit 1; }
echo "$(grep -c -a '^RESULT .* 0$' "$work/console") passed," \
        "$(grep -a '^RESULT' "$work/console" | grep -c -v -e ' 0$' -e ' 77$') failed," \
        "$(grep -c -a '^RESULT .* 77$' "$work/console") skipped, with pages of 64 KiB"
! grep -a '^RESULT' "$work/console" | grep -v -e ' 0$' -e ' 77$'
