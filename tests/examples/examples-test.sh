#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Runs each small example and looks at what it says and leaves behind. EXAMPLES_DIR is where the
# programs are. (rmget has a test of its own.)
set -u
export LC_ALL=C

examples=${EXAMPLES_DIR:-${top_builddir:-.}/examples}
work=$(mktemp -d "${TMPDIR:-/tmp}/examples-test.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# shellcheck source=tests/cases.sh
. "$(dirname "$0")/../cases.sh"
err=$out

# run STATUS PROGRAM ARGUMENTS...
run()
{
        timeout -k 5 120 "$examples/$2" "${@:3}" </dev/null >"$out" 2>&1
        ended $? "$@"
}

needs_more()
{
        [ -x "$examples/$1" ] || reason="$1 isn't built"
}

# Nothing stays in /tmp, and an error is an exit status.
write_chunks()
{
        run 0 write-chunks
        says '^67112864 bytes are on the disk'
        run 0 write-chunks "$work/chunks"
        [ "$(wc -c <"$work/chunks")" -eq 67112864 ] || complain "chunks has another size"
        # The last word of the file is its own offset, in the machine's order.
        [ "$(tail -c 8 "$work/chunks" | od -A n -t u8 | tr -d ' ')" = 67112856 ] ||
                complain "the last word isn't its offset"
        rm "$work/chunks"
        run 1 write-chunks "$work/no/such/directory"
        says 'No such file'
        run 0 write-chunks --help
}

custom_allocator()
{
        run 0 custom-allocator
        says '^no two had the same bytes at once, and all are free again'
}

completion()
{
        run 0 completion
        says '^48 of 48 chunks are durable'
        run 0 completion "$work/completed"
        [ "$(tr -d x <"$work/completed" | wc -c)" -eq 0 ] || complain "there is more than x"
        rm "$work/completed"
        run 1 completion "$work/no/such/directory"
}

append_records()
{
        local log=$work/log
        run 0 append-records
        says '^writer 3 was killed'
        run 0 append-records "$log" one two
        run 0 append-records "$log" three
        run 0 append-records "$log"
        [ "$(tr '\n' ' ' <"$out")" = "one two three " ] || complain "the records are others"
        # Eight bytes of head each: damage the last letter of the last record.
        printf X | dd of="$log" bs=1 seek=34 conv=notrunc 2>/dev/null
        run 0 append-records "$log" four
        run 0 append-records "$log"
        [ "$(tr '\n' ' ' <"$out")" = "one two four " ] || complain "a damaged record counts"
        run 1 append-records "$log" ''
}

# writes NAME COUNT: a writer of $dir/log in the background, once it lives.
writes()
{
        local turn
        "$examples/shared-log" write "$dir/log" "$@" </dev/null >"$dir/$1" 2>&1 &
        writer=$!
        for ((turn = 0; turn < 1000; turn++)); do
                [ ! -s "$dir/$1" ] || return 0
                sleep 0.01
        done
        complain "writer $1 doesn't begin"
}

# found_all NAME...: what each of them said to be durable is in $out, in its order.
found_all()
{
        local name durable
        for name; do
                durable=$(tail -n 1 "$dir/$name")
                [ "${durable:-0}" -gt 0 ] || complain "of $name nothing is durable: $durable"
                awk -v name="$name" -v durable="${durable:-0}" '
                        $1 == name && $2 != count++ { exit 1 }
                        END { exit count < durable }' "$out" ||
                        complain "not all of the $durable durable records of $name, in their order"
        done
}

shared_log()
{
        run 0 shared-log "$dir/log"
        says '^writer 0 was killed'
        says '^writer 3 ended: 5000 records durable, 5000 found'
        run 1 shared-log "$dir/log"
        says 'File exists'
        run 1 shared-log write "$dir/no/such/directory" a 1
        run 1 shared-log follow "$dir/no/such/directory"
        run 0 shared-log --help
}

# One is killed, and another one begins, while the reader follows.
shared_log_killed()
{
        local writer killed reader
        writes a 20000
        writes b 200000000
        killed=$writer
        writes c 20000
        timeout -k 5 120 "$examples/shared-log" follow "$dir/log" </dev/null >"$out" 2>&1 &
        reader=$!
        sleep 0.2
        writes d 20000
        kill -KILL "$killed"
        wait "$killed" 2>/dev/null
        wait "$reader"
        ended $? 0 shared-log follow
        found_all a b c d
        [ "$(tail -n 1 "$dir/a")$(tail -n 1 "$dir/c")$(tail -n 1 "$dir/d")" = 200002000020000 ] ||
                complain 'a writer that lives was disturbed'
}

# A writer dies between its allocation and its first record; the others go on behind the hole.
shared_log_hole()
{
        writes a 100
        wait "$writer"
        (strace -f -o /dev/null -e inject=msync:signal=KILL "$examples/shared-log" write \
                "$dir/log" b 100 </dev/null >"$dir/b" 2>&1; exit $?) 2>/dev/null
        ended $? 137 shared-log write
        writes c 100
        wait "$writer"
        run 0 shared-log follow "$dir/log"
        says '^3 chunks, 1 of them holes'
        found_all a c
}

# The state file is as after a power failure: the session is another one.
shared_log_power()
{
        writes a 100
        wait "$writer"
        printf another | dd of="$dir/log.state" bs=1 seek=4160 conv=notrunc status=none
        writes b 100
        wait "$writer"
        run 0 shared-log follow "$dir/log"
        says '^258 chunks, 256 of them holes'
        found_all a b
}

for name in write-chunks custom-allocator completion append-records shared-log; do
        case_ ${name//-/_} $name
done
case_ shared_log_killed shared-log
# Elsewhere each process that opens the log leaves a hole.
case_ shared_log_hole shared-log strace linux
case_ shared_log_power shared-log linux
finish_cases || exit 1
[ "$passed" -gt 0 ] || exit 77
