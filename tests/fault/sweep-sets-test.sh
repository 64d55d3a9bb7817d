#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# check-sweep misses nothing: its scenes call every function of the map that asks anything of libc,
# and all of that either goes through the library's tables of calls or is known not to fail.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
build=${top_builddir:?}

# What can't fail, or whose failure is no news: memory and text, what only tells, what gives up.
# Of dlopen only a second reference is wanted; signals' masks and the once can't go wrong. Where
# _FORTIFY_SOURCE is set, siglongjmp is a longjmp.
harmless='dladdr dlsym getpid memcpy memmove memset memcmp strlen strrchr strcmp strcpy strcspn strstr snprintf
        bcmp
        posix_fadvise posix_madvise sysconf clock_gettime sched_yield nanosleep raise longjmp siglongjmp sigsetjmp
        sigemptyset sigdelset errno_location
        pthread_cond_broadcast pthread_cond_signal pthread_cond_wait pthread_cond_destroy
        pthread_join eventfd_read eventfd_write write
        pthread_mutex_lock pthread_mutex_unlock pthread_mutex_destroy pthread_once
        pthread_setcancelstate pthread_sigmask sigaltstack sigfillset fstatvfs
        pthread_atfork register_atfork stack_chk_fail tls_get_addr'

# These work on their arguments and on memory that is there; check-errors and others call them.
ask_nothing='range_start range_end range_length range_is_empty range_equal range_split_up
        range_split_down range_encode range_decode range_view receipt_start receipt_end
        receipt_length receipt_is_empty receipt_range receipt_encode receipt_decode align_up
        align_down concurrent_allocator allocate_exact give_back_range allocator_save
        allocator_restore remaining allocated error fd raw_data raw_view version'

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

if [ "${RMMAP_SANITIZER:-no}" != no ]; then
        echo "SKIP: a sanitizer adds calls of its own"
        exit 77
elif [ ! -e "$build/tests/check-sweep.o" ] || [ ! -e "$build/lib/.libs/librangedmmap.so" ]; then
        echo "SKIP: no check-sweep or no shared library here"
        exit 77
elif ! nm --version >/dev/null 2>&1; then
        echo "SKIP: nm is missing"
        exit 77
fi

# wanted FILE...: the names that these need, but for the tables themselves; without glibc's
# underscores, _chk and 64.
wanted()
{
        nm -u -A "$@" 2>/dev/null | grep -v -- '-calls\.l\?o:' |
                sed -n 's/^.*: *U \([^@]*\).*$/\1/p' | sed 's/^_*//; s/_chk$//; s/64$//; s/v64v2$/v2/' | sort -u
}

# differ A B TEXT: names that A has and B hasn't.
differ()
{
        comm -23 "$work/$1" "$work/$2" | sed "s/^/FAIL: $3: /" | grep . && failed=1
}

sed -n 's/^[[:space:]]*\(rmmap_[a-z_0-9]*\);$/\1/p' "$top/lib/librangedmmap.map" |
        sort >"$work/public"
# shellcheck disable=SC2086 # a list of words
{
        wanted "$build"/tests/fault/scenes*.o | grep '^rmmap_'
        printf 'rmmap_%s\n' $ask_nothing
} | sort -u >"$work/called"
differ public called "no scene calls"
differ called public "called, but not in the map"

# What stands in the tables of calls; and everything else, which only calls.o may ask for.
sed -n '/define .*CALL/,/[^\\]$/s/X(/\n&/gp' "$top"/lib/os/*/calls.h |
        sed -n 's/^X(\([a-z_0-9]*\)).*/\1/p' | sed 's/v64v2$/v2/' | sort -u >"$work/tables"
wanted "$build/lib/.libs/librangedmmap-internal.a" >"$work/asked"
# shellcheck disable=SC2086 # a list of words
printf '%s\n' $harmless | sort -u >"$work/harmless"
comm -12 "$work/asked" "$work/tables" | sed 's/^/FAIL: called past the table: /' | grep . && failed=1
wanted "$build/lib/.libs/librangedmmap.so" | comm -23 - "$work/tables" >"$work/direct"
differ direct harmless "neither in a table nor known as harmless"

echo "$(wc -l <"$work/public") public functions, $(wc -l <"$work/tables") calls in tables"
[ "$(wc -l <"$work/public")" -gt 60 ] || failed=1
[ "$(wc -l <"$work/tables")" -gt 25 ] || failed=1
[ "$(wc -l <"$work/asked")" -gt 40 ] || failed=1
exit $failed
