#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# allocator-contract passes good allocators, and each of its checks fails a broken one for the right
# reason: a suite that can't fail is worth nothing.
set -u
tests=${top_builddir:?}/tests
examine=$tests/allocator-contract
plugins=$tests/plugins/.libs
if [ ! -e "$plugins/broken.so" ]; then
        echo "SKIP: no shared modules in this build"
        exit 77
fi
out=$(mktemp -d "${TMPDIR:-/tmp}/check-contract.XXXXXX") || exit 99
trap 'rm -rf "$out"' EXIT
export TMPDIR="$out"
failures=0
timeout=60

fail()
{
        echo "FAIL: $*"
        sed 's/^/    /' "$out/said"
        failures=$((failures + 1))
}

# good ARGUMENT...: all is kept, line by line, by this plan of how many aren't examined.
good()
{
        not_examined=$1
        shift
        # ThreadSanitizer takes half a minute for the memory of an allocator of the largest file.
        "$examine" --timeout 600 "$@" >"$out/said" 2>&1
        status=$?
        [ $status -eq 0 ] || fail "$*: status $status"
        grep -q '^not ok' "$out/said" && fail "$*: says not ok and ends well"
        [ "$(grep -c '^ok ' "$out/said")" -eq 30 ] || fail "$*: not 30 checks"
        [ "$(grep -c ' # SKIP ' "$out/said")" -eq "$not_examined" ] ||
                fail "$*: not $not_examined skipped"
}

# broken SYMBOL CHECK REASON: that check, among others maybe, fails for that reason.
broken()
{
        "$examine" --timeout "$timeout" "$plugins/broken.so" "$1" >"$out/said" 2>&1
        status=$?
        [ $status -eq 1 ] || fail "$1: status $status"
        grep -q "^not ok [0-9]* - $2: .*$3" "$out/said" || fail "$1: not found out by '$2'"
}

# refused WORDS ARGUMENT...: nothing is examined, and these words say why.
refused()
{
        words=$1
        shift
        "$examine" "$@" >"$out/said" 2>&1
        status=$?
        [ $status -eq 2 ] || fail "$*: status $status"
        grep -q "$words" "$out/said" || fail "$*: doesn't say $words"
}

good 6 --builtin concurrent
good 7 --builtin sequential
good 0 --builtin reusing
good 2 "$plugins/bitmap.so" bitmap_allocator
good 15 "$plugins/stack.so" stack_allocator
good 19 "$plugins/stack.so" least_allocator
good 2 --no-fork "$plugins/bitmap.so" bitmap_allocator

every='allocate: every byte from first on once'
left='allocate: all that is left when less is, and then nothing'
rounds='allocate: rounds up to the alignment'
exact='exact: the whole size, or nothing is taken'
claim='claim: true of what was out before, of that only, and takes nothing'
broken overlaps "$every" 'was given before'
broken overlaps 'file: written and read by its ranges' 'overwritten by another'
broken unaligned "$rounds" 'starts at no multiple'
broken past_the_end "$every" 'ends past the total'
broken more_than_asked "$rounds" 'longer than asked'
broken empty "$left" 'is empty'
broken all_or_nothing "$left" 'answers -28'
broken before_first "$every" 'starts before first'
broken forbidden_errno "$left" 'answers -5 .*may not'
broken exact_short "$exact" 'shorter than asked'
broken exact_takes "$exact" 'after a refusal'
broken nothing_asked 'allocate: refuses size 0 and unknown flags' 'of 0 bytes'
broken any_flag 'allocate: refuses size 0 and unknown flags' 'unknown flag'
broken wraps "$left" 'was given before'
broken racy 'threads: every byte once' ''
broken crashes "$left" ''
timeout=1
broken hangs 'allocate: refuses size 0 and unknown flags' 'not done after seconds: 1'
timeout=60
broken shared_state 'create: many, apart from each other' 'remaining of another one'
broken create_fails_oddly 'create: of any size, or a known error' 'answers -5 '
broken bound_to_thread 'threads: destroyed in another one' ''
broken bound_to_process 'file: released in a forked child' ''
broken counts_blocks "$every" 'remaining between'
broken claim_forgets_first "$claim" 'out before: -34'
broken claim_gives_own "$claim" 'handed out since: 0'
broken claim_takes "$claim" ''
broken give_back_forgets 'give_back: makes room again' 'remaining after give_back'
broken give_back_rewinds 'give_back: no byte twice at a time' 'was given before'
broken give_back_forgets "give_back: refuses what isn't out" 'not out: 0'
broken grow_forgets 'grow: the new bytes once, as all others' 'remaining after grow'
broken grow_unaligned 'grow: the new bytes once, as all others' ''
broken place_loses 'allocate_at: just this place, if it is free' 'remaining after allocate_at'
broken place_anywhere 'allocate_at: refuses what is no place' 'answers 0'
broken trim_cuts 'trim: cuts nothing that is out, loses nothing' 'trim cuts what is out'
broken trim_forever "trim: of a file that doesn't grow" 'remaining after grow'
broken save_overruns 'save: tells its length, and keeps to it' ''
broken restore_believes 'restore: sees damage' 'damage of byte'
broken restore_of_any_size 'restore: refuses another size' 'another size'
broken restore_late 'restore: before the first allocate only' 'after allocate'
broken restore_goes_back 'restore: first holds when it is higher' 'remaining between'
broken restore_keeps_end 'restore: replaces the end as a start' ''
broken restore_does_nothing 'restore: goes on where save stopped' 'remaining after restore'
broken too_short 'the struct is whole' 'size is'

refused 'usage:'
refused 'usage:' "$plugins/broken.so"
refused 'too many' "$plugins/broken.so" overlaps more
refused 'no such option' --nonsense
refused 'wants a name' --builtin
refused 'no such built-in' --builtin other
refused 'either' --builtin concurrent "$plugins/broken.so" overlaps
refused 'seconds' --timeout 0 --builtin concurrent
refused 'seconds' --timeout 3x --builtin concurrent
refused 'seconds' --timeout
refused 'missing.so' "$plugins/missing.so" overlaps
refused 'no symbol' "$plugins/broken.so" nothing_of_this_name

if ! "$examine" --help >"$out/said" || ! grep -q '^usage:' "$out/said"; then
        fail '--help'
fi
if ! "$examine" --version >"$out/said" || ! grep -q 'ranged-mmap' "$out/said"; then
        fail '--version'
fi
echo "$failures failures"
[ "$failures" -eq 0 ]
