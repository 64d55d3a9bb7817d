#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The program of the guide for databases is killed, started again, killed again, and then the power
# fails: no half of a commit is left, and none that was durable is gone. A mutant of it that doesn't
# sync what it found is caught. RMMAP_ROUNDS of each pair of gaps, 8 without. Needs top_builddir,
# with at-cut built; and root. TEST_SEED repeats a run.
# shellcheck disable=SC2154 # work and others are made by programs.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
. "$here/../man/programs.sh"
# Before which sync of its own a program is killed: these gaps in the first run, in the second one.
gaps=4
rounds=$((${RMMAP_ROUNDS:-8} * gaps * gaps))
# A mutant is found out after a few cut points; this many without is blindness.
mutant_rounds=$((32 * gaps * gaps))

[ "${RMMAP_SANITIZER:-no}" = no ] || skip 'no preload with a sanitizer'
# shellcheck disable=SC2086 # a list of words
$cc $CFLAGS -shared -fPIC -o "$work/die-at.so" "$here/../guides/die-at.c" -ldl || exit 1
source=$("${AWK:-awk}" -v out="$work/database" -f "$here/../guides/extract-programs.awk" \
        "$top/doc/guide-database.md")
compile "$source" "$work/database" || exit 1
sed '/^static int recover/,/^}/ s/write_root(.*/0;/' "$source" >"$work/mutant.c"
compile "$work/mutant.c" "$work/mutant" || exit 1
mkdir "$work/old" && (cd "$work/old" && "$work/database") || exit 1

# What is killed says so; a disk that loses power has no room for that.
cat >"$work/before" <<'END'
rm -f bank.db && cp "$work/old/bank.db" . && sync bank.db . || exit
for at in $((ROUND % gaps + 1)) $((ROUND / gaps % gaps + 1)); do
        DIE_ON='fdatasync msync' DIE_AT=$at LD_PRELOAD=$work/die-at.so "$program"
        [ $? -eq 137 ] || exit
done 2>/dev/null
END
cat >"$work/after" <<'END'
said=$("$program") && [ "$(echo "$said" | sed 's/[^0-9]//g')" -ge 400 ]
END
export work gaps program

# survives STATUS PROGRAM STAGE ROUNDS
survives() {
        program=$work/$2
        "$top_builddir/tests/crash/at-cut" "$3" "$4" ". $work/before" ". $work/after" \
                >"$work/log" 2>&1
        status=$?
        grep -v '^SKIP' "$work/log"
        if [ "$status" -eq 77 ]; then
                grep '^SKIP' "$work/log"
        else
                [ "$status" -eq "$1" ]
                verdict $? "$2 on $3"
        fi
}

for disk in volatile volatile-cached; do
        survives 0 database "$disk" "$rounds"
        survives 1 mutant "$disk" "$mutant_rounds"
done
[ $((passed + failed)) -gt 0 ] || exit 77
finish
