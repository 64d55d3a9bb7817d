#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# autogen.sh that fails leaves no configure, half made or older, behind: ./quickstart would take it
# for a whole one, and the cause would be hidden the next time.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/..}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/bin"
for tool in automake libtoolize pkg-config; do
        ln -s /bin/true "$work/bin/$tool"
done
cp "$top/autogen.sh" "$work/autogen.sh"
failed=0

# autoreconf END: what it does once configure is half made. An older one would outlive a kill -9.
autoreconf()
{
        printf '#!/bin/sh\n[ ! -e configure ] || exit 9\necho half >configure\n%s\n' "$1" \
                >"$work/bin/autoreconf"
        chmod +x "$work/bin/autoreconf"
}

# expect STATUS WHAT: run it.
expect()
{
        PATH=$work/bin:$PATH sh "$work/autogen.sh" >"$work/said" 2>&1
        status=$?
        [ "$status" -eq "$1" ] && return
        sed 's/^/# /' "$work/said"
        echo "FAIL: $2: status $status, not $1"
        failed=1
}

expect_no_configure()
{
        [ ! -e "$work/configure" ] && return
        echo "FAIL: $1: a configure is there"
        failed=1
}

echo older >"$work/configure"
autoreconf "echo 'a macro is missing' >&2; exit 63"
for time in first second; do
        expect 63 "the $time time"
        expect_no_configure "the $time time"
        grep -q '^a macro is missing$' "$work/said" || {
                echo "FAIL: the $time time the cause isn't told"
                failed=1
        }
done

# shellcheck disable=SC2016 # its parent, not ours
autoreconf 'kill -TERM "$PPID"'
expect 1 terminated
expect_no_configure terminated

autoreconf 'echo whole >configure'
expect 0 "all is there"
[ "$(cat "$work/configure" 2>/dev/null)" = whole ] || {
        echo "FAIL: what was made isn't there"
        failed=1
}
exit $failed
