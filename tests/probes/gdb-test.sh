#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Every probe fires, in the right order and with the right arguments: gdb stops at each.
set -u
export LC_ALL=C
# shellcheck source=tests/probes/prepare.sh
. "$(dirname "$0")/prepare.sh"
has_probes || skip "the library is built without probes"
command -v gdb >/dev/null || skip "gdb is missing"
build_program
gdb -nx -batch -ex 'break main' -ex run -ex 'info probes stap librangedmmap' "$program" \
        >"$work/log" 2>&1
grep -q 'Breakpoint 1, main' "$work/log" || skip "gdb can't run a program here"

# trace NAME FORMAT ARGUMENT...: of the arguments, by number; a duration only as known or not.
trace()
{
        printf 'break -probe-stap librangedmmap:%s\ncommands\nsilent\n' "$1"
        printf 'printf "%s %s\\n"' "$1" "$2"
        shift 2
        printf ', %s' "$@"
        printf '\ncontinue\nend\n'
}
a()
{
        echo "(long)\$_probe_arg$1"
}
r()
{
        echo "(int)\$_probe_arg$1"
}
known()
{
        echo "(unsigned long)\$_probe_arg$1 > 0"
}
{
        echo 'set debuginfod enabled off'
        echo 'set confirm off'
        echo 'set print pretty off'
        echo 'break main'
        echo 'run'
        trace create '%d %s %ld %d' "$(known 0)" "(char *)\$_probe_arg1" "$(a 2)" "$(r 3)"
        trace open '%d %s %ld %d' "$(known 0)" "(char *)\$_probe_arg1" "$(a 2)" "$(r 3)"
        trace open_fd '%d %d %ld %d' "$(known 0)" "$(known 1)" "$(a 2)" "$(r 3)"
        trace publish '%d %s %ld %d' "$(known 0)" "(char *)\$_probe_arg1" "$(a 2)" "$(r 3)"
        trace release '%d %ld' "$(known 0)" "$(a 1)"
        trace allocate '%d %ld %ld %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(r 3)"
        trace claim '%d %ld %ld %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(r 3)"
        trace give_back '%d %ld %ld %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(r 3)"
        trace trim '%d %ld %d' "$(known 0)" "$(a 1)" "$(r 2)"
        trace record '%d %d %d' "$(known 0)" "$(known 1)" "$(r 2)"
        trace grow '%d %ld %d' "$(known 0)" "$(a 1)" "$(r 2)"
        trace write_by_map '%d %ld %ld' "$(known 0)" "$(a 1)" "$(a 2)"
        trace write_by_call '%d %ld %ld %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(r 3)"
        trace write_by_read '%d %ld %ld' "$(known 0)" "$(a 1)" "$(a 2)"
        trace write_durable '%d %ld %ld %d %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(known 3)" "$(r 4)"
        trace flush '%d %ld %ld %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(r 3)"
        trace sync_entry '%d %ld %ld' "$(known 0)" "$(a 1)" "$(a 2)"
        trace sync_return '%d %ld %ld %d %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(known 3)" "$(r 4)"
        trace sync_batch '%d %ld %ld %d %d' "$(known 0)" "$(a 1)" "$(a 2)" "$(known 3)" "$(r 4)"
        trace fault '%d %ld' "$(known 0)" "$(a 1)"
        trace error '%d %d' "$(known 0)" "$(r 1)"
        echo 'handle SIGBUS nostop noprint pass'
        echo 'continue'
} >"$work/commands"
timeout 60 gdb -nx -batch -x "$work/commands" --args "$program" "$work/file" >"$work/said" 2>&1
names=$(sed -n 's/^break -probe-stap librangedmmap:\(.*\)/\1/p' "$work/commands" | sort)
sed "s|$work/||" "$work/said" |
        grep -E "^($(echo "$names" | tr '\n' '|')reserved) " >"$work/seen"

{
        cat <<'END'
create 1 file 8388608 0
allocate 1 0 12288 0
write_by_call 1 0 12288 0
flush 1 0 12288 0
sync_entry 1 0 12288
sync_batch 1 0 12288 1 0
sync_return 1 0 12288 1 0
allocate 1 12288 16384 0
END
        # One call where space is reserved, two elsewhere.
        if grep -q '^reserved 1' "$work/seen"; then
                echo 'write_durable 1 12288 4096 1 0'
        else
                printf '%s\n' 'write_by_call 1 12288 4096 0' 'sync_entry 1 12288 16384' \
                        'sync_batch 1 12288 16384 1 0' 'sync_return 1 12288 16384 1 0'
        fi
        cat <<'END'
sync_entry 1 0 12288
sync_batch 1 0 12288 1 -5
error 1 -5
sync_return 1 0 12288 1 -5
release 1 8388608
open 1 file 8388608 0
allocate 1 0 20480 0
write_by_map 1 0 20480
allocate 1 20480 24576 0
write_by_read 1 20480 4096
write_by_map 1 1048576 1
fault 1 1048576
release 1 8388608
open 0 file 0 -61
open_fd 1 1 4096 0
allocate 1 0 4096 0
allocate 1 0 0 -28
grow 1 8192 0
release 1 8192
create 1 file 4096 0
publish 1 file 100 0
release 1 100
create 1 file 16384 0
allocate 1 0 4096 0
write_by_call 1 0 4096 0
sync_entry 1 0 4096
sync_batch 1 0 4096 1 0
record 1 1 0
sync_return 1 0 4096 1 0
give_back 1 0 4096 0
give_back 1 0 4096 -22
release 1 16384
open 1 file 16384 0
claim 1 0 4096 0
claim 1 0 4096 -16
trim 1 8192 0
release 1 8192
END
} >"$work/expected"
grep -v '^reserved' "$work/seen" | diff "$work/expected" - ||
        { tail -n 20 "$work/said"; fail "< expected, > seen by gdb"; }

# Every one that is documented was in it.
sed -n 's/^\.It Fn \([a-z_]*\) .*/\1/p' "$top/man/librangedmmap-probes.7" | sort >"$work/documented"
echo "$names" | diff "$work/documented" - || fail "< documented, > traced"
echo "$(wc -l <"$work/expected") firings of $(wc -l <"$work/documented") probes"
exit $failed
