#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The queue's descriptor in the event loops that people use: poll, epoll, libuv, GLib. Python's
# asyncio is in python/tests. From the environment: what programs.sh reads, and PKG_CONFIG; empty:
# there is none for this compiler.
# shellcheck disable=SC2154 # work is made by programs.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../man/programs.sh"

pkg_config=${PKG_CONFIG-pkg-config}

# try NAME MACRO [MODULE]: a loop, with the library of that name for pkg-config.
try()
{
        if [ $# -eq 3 ] && ! "$pkg_config" --exists "$3" 2>/dev/null; then
                echo "SKIP: $1: $3 is missing"
                return
        fi
        own_cflags=$CFLAGS own_libs=$LIBS
        if [ $# -eq 3 ]; then
                CFLAGS="$CFLAGS $("$pkg_config" --cflags "$3")"
                LIBS="$LIBS $("$pkg_config" --libs "$3")"
        fi
        CFLAGS="$CFLAGS -D_GNU_SOURCE -D$2"
        compile "$here/loop.c" "$work/$2" >"$work/log" 2>&1 &&
                timeout 60 "$work/$2" "$work/file" >"$work/log" 2>&1
        verdict $? "$1"
        CFLAGS=$own_cflags LIBS=$own_libs
}

try poll WITH_POLL
case $(uname -s) in
Linux)
        try epoll WITH_EPOLL
        try 'epoll, edge-triggered' WITH_EPOLL_EDGE
        ;;
*) echo "SKIP: epoll is Linux's" ;;
esac
try libuv WITH_UV libuv
try GLib WITH_GLIB glib-2.0
finish
