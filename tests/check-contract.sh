#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# allocator-contract passes good allocators, and fails each broken one for the right reason: a
# suite that can't fail is worth nothing.
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
        "$examine" "$@" >"$out/said" 2>&1
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

good 3 --builtin concurrent
good 5 --builtin sequential
good 0 "$plugins/bitmap.so" bitmap_allocator
good 10 "$plugins/stack.so" stack_allocator
good 14 "$plugins/stack.so" least_allocator
good 0 --no-fork "$plugins/bitmap.so" bitmap_allocator

broken overlaps 'allocate: every byte once' 'was given before'
broken overlaps 'file: written and read by its ranges' 'overwritten by another'
broken unaligned 'allocate: rounds up to the alignment' 'starts at no multiple'
broken unrounded 'allocate: rounds up to the alignment' 'ends at no multiple'
broken past_the_end 'allocate: every byte once' 'ends past the total'
broken more_than_left 'allocate: all that is left when less is' 'ends past the total'
broken more_than_asked 'allocate: rounds up to the alignment' 'longer than asked'
broken empty 'allocate: full stays full' 'is empty'
broken backwards 'allocate: rounds up to the alignment' 'is empty'
broken all_or_nothing 'allocate: all that is left when less is' 'answers -28'
broken one_block 'allocate: rounds up to the alignment' 'gives 4096 bytes'
broken before_first 'first: nothing before it, all behind it' 'starts before first'
broken forbidden_errno 'allocate: full stays full' 'answers -5 .*may not'
broken positive_answer 'allocate: rounds up to the alignment' 'answers 1, which it may not'
broken exact_short 'exact: never the short end' 'shorter than asked'
broken exact_takes 'exact: the whole size, or nothing is taken' 'after a refusal'
broken nothing_asked 'allocate: refuses size 0 and unknown flags' 'of 0 bytes'
broken any_flag 'allocate: refuses size 0 and unknown flags' 'unknown flag'
broken wraps 'allocate: full stays full' 'was given before'
broken racy 'threads: every byte once' ''
broken crashes 'allocate: full stays full' ''
timeout=1
broken hangs 'allocate: refuses size 0 and unknown flags' 'not done after seconds: 1'
timeout=60
broken shared_state 'create: many, apart from each other' 'remaining of another one'
broken create_fails_oddly 'create: of any size, or a known error' 'answers -5 '
broken bound_to_thread 'threads: destroyed in another one' ''
broken bound_to_process 'file: released in a forked child' ''
broken counts_blocks 'remaining: keeps the books' ''
broken counts_from_zero 'first: nothing before it, all behind it' 'remaining'
broken claim_yes 'claim: true of what was out before, and of that only' 'not handed out: 0'
broken claim_forgets_first 'claim: true of what was out before, and of that only' 'out before: -34'
broken claim_looks_at_start 'claim: true of what was out before, and of that only' 'not handed out: -16'
broken claim_gives_own 'claim: true of what was out before, and of that only' 'handed out since: 0'
broken claim_takes 'claim: changes nothing' ''
broken give_back_forgets 'give_back: makes room again' 'remaining after give_back'
broken give_back_rewinds 'give_back: no byte twice at a time' 'was given before'
broken give_back_fails_oddly 'give_back: no byte twice at a time' 'may not'
broken save_overruns 'save: tells its length, and keeps to it' ''
broken save_keeps_silent 'save: tells its length, and keeps to it' 'length 0'
broken restore_believes 'restore: sees damage' 'damage of byte'
broken restore_of_any_size 'restore: refuses another size' 'another size'
broken restore_late 'restore: before the first allocate only' 'after allocate'
broken restore_goes_back 'restore: first holds when it is higher' 'before first'
broken restore_keeps_end 'restore: replaces the end as a start' ''
broken restore_does_nothing 'restore: goes on where save stopped' 'remaining after restore'
broken no_remaining 'the struct is whole' 'mandatory'
broken too_short 'the struct is whole' 'size is'
broken unknown_flag 'the struct is whole' 'not all are known'

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
# Only glibc tells what kind of symbol it is.
if printf '#include <features.h>\n__GLIBC__\n' | ${CC:-cc} -E - 2>/dev/null | grep -q '^[0-9]'; then
        refused 'is no struct' "$plugins/broken.so" a_function
        refused 'is no struct' "$plugins/broken.so" a_pointer
fi

if ! "$examine" --help >"$out/said" || ! grep -q '^usage:' "$out/said"; then
        fail '--help'
fi
if ! "$examine" --version >"$out/said" || ! grep -q 'ranged-mmap' "$out/said"; then
        fail '--version'
fi
echo "$failures failures"
[ "$failures" -eq 0 ]
