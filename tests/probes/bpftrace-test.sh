#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# bpftrace reads the script, attaches its probes, and counts what program.c does. The trace file
# system is mounted, if need be, in a mount namespace of the test's own.
set -u
export LC_ALL=C
if [ "${1:-}" != inside ] && unshare --mount --propagation private true 2>/dev/null; then
        exec unshare --mount --propagation private sh "$0" inside
fi
# shellcheck source=tests/probes/prepare.sh
. "$(dirname "$0")/prepare.sh"
has_probes || skip "the library is built without probes"
command -v bpftrace >/dev/null || skip "bpftrace is missing"
[ "$(id -u)" -eq 0 ] || skip "bpftrace takes root"
build_program
[ "$(od -An -tu1 -j4 -N1 "$program" | tr -d ' ')" = 2 ] || [ "$(getconf LONG_BIT)" = 32 ] ||
        skip "bpftrace of a 64-bit machine doesn't read the arguments of a 32-bit program"
[ -e /sys/kernel/tracing/uprobe_events ] || mount -t tracefs none /sys/kernel/tracing 2>/dev/null

sed "s|@LIBRARY[@]|$library|" "$top/tools/bpftrace/rmmap-latency.bt.in" >"$work/script"
grep -q "usdt:$library:" "$work/script" || fail "the script names no library"

# watch SCRIPT: until the program is over, and no longer than that.
watch()
{
        timeout 90 bpftrace "$1" >"$work/said" 2>&1 &
        tracer=$!
        turns=0
        while ! grep -q '^Tracing' "$work/said" && [ $turns -lt 600 ] && kill -0 $tracer 2>/dev/null
        do
                turns=$((turns + 1))
                sleep 0.1
        done
        grep -q '^Tracing' "$work/said" ||
                skip "bpftrace sees no user's probe here: $(grep -m 1 ERROR "$work/said")"
        "$program" "$work/file" >"$work/log" || fail "the program fails when it is traced"
        kill -INT $tracer 2>/dev/null
        wait $tracer
}

# A trial that has nothing to do with the library tells what the machine can.
cat >"$work/trial" <<END
BEGIN { printf("Tracing\n"); }
uprobe:$program:look_here { @looks = count(); }
END
watch "$work/trial"
grep -q '^@looks: 1' "$work/said" ||
        skip "bpftrace sees no user's probe here: $(grep -m 1 ERROR "$work/said")"

watch "$work/script"
# has PATTERN
has()
{
        grep -q -e "$1" "$work/said" || fail "no '$1'"
}
has '^@latency_us\[sync\]: *$'
has '^@latency_us\[batch\]: *$'
has '^@written_bytes\[mapping\]: 20481$'
has '^@written_bytes\[read into mapping\]: 4096$'
if grep -q 'reserved 1' "$work/log"; then
        has '^@latency_us\[durable write\]: *$'
        has '^@written_bytes\[durable\]: 4096$'
        has '^@written_bytes\[pwrite\]: 16384$'
else
        has '^@written_bytes\[pwrite\]: 20480$'
fi
has '^@write_bytes\[mapping\]: *$'
has '^@faults_caught: 1$'
has '^@sticky_errors: 1$'
has ': error -5 is sticky now$'
[ "$failed" -eq 0 ] || cat "$work/said"
echo "$(grep -c '^usdt:' "$work/script") probes attached"
exit $failed
