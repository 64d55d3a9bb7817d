#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# check-fuzz.sh SECONDS TARGET...: searches for inputs that break the fuzzing targets, SECONDS each,
# as many at once as there are processors. Run by make in the build directory that has them. An
# input that breaks one is kept, and the line FAIL names it; what was found to be new stays in
# fuzz/TARGET.corpus, so that the next run goes on from there.
set -u
seconds=$1
shift
here=$(cd "$(dirname "$0")" && pwd)

if [ "$seconds" = --one ]; then
        seconds=$1 name=$2
        target=tests/fuzz/fuzz-$name
        mkdir -p "fuzz/$name.corpus" "fuzz/$name.broken"
        # In memory where that can be; a target that ends badly leaves its file behind.
        FUZZ_DIRECTORY=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 1
        export FUZZ_DIRECTORY
        trap 'rm -rf "$FUZZ_DIRECTORY"' EXIT
        trap 'exit 1' HUP INT TERM
        "$target" -max_total_time="$seconds" -print_final_stats=1 -max_len=600 -timeout=100 \
                -artifact_prefix="fuzz/$name.broken/" \
                "fuzz/$name.corpus" "$here/corpus/$name" >"fuzz/$name.log" 2>&1
        status=$?
        count=$(sed -n 's/^stat::number_of_executed_units: //p' "fuzz/$name.log")
        if [ "$status" -eq 0 ] && [ "${count:-0}" -gt 0 ]; then
                echo "$name: $count executions in $seconds s"
        else
                tail -n 60 "fuzz/$name.log"
                kept=$(sed -n 's/.*Test unit written to //p' "fuzz/$name.log" | tail -n 1)
                echo "FAIL: $name ended with $status; the input is $PWD/${kept:-(none was kept)}"
        fi
        exit 0
fi

mkdir -p fuzz
printf '%s\n' "$@" | xargs -P "$(nproc 2>/dev/null || echo 2)" -n 1 \
        sh "$0" --one "$seconds" >fuzz/results
cat fuzz/results
! grep -q '^FAIL' fuzz/results && [ "$(grep -c ' executions in ' fuzz/results)" -eq $# ]
