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

for name in write-chunks custom-allocator completion append-records; do
        case_ ${name//-/_} $name
done
finish_cases || exit 1
[ "$passed" -gt 0 ] || exit 77
