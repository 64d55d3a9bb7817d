#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# make dist's ChangeLog: the whole history, the same whatever git is configured to do and wherever
# it runs; and without git the one that was there.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
changelog=${top_srcdir:-$here/../..}/build-aux/changelog

git --version >/dev/null 2>&1 || {
        echo "SKIP: git is missing"
        exit 77
}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
fail()
{
        echo "FAIL: $1"
        failed=1
}

# Its own configuration, and no repository around it.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export HOME="$work" GIT_CONFIG_GLOBAL="$work/config" GIT_CONFIG_NOSYSTEM=1
export GIT_CEILING_DIRECTORIES="$work"
git config --global user.name "A Test"
git config --global user.email test@example.org
commit()
{
        GIT_AUTHOR_DATE="2020-01-0$1T23:30:00 +0500" GIT_COMMITTER_DATE="2020-01-0$1T23:30:00 +0500" \
                git -C "$work/clone" commit -q --allow-empty -m "$2" || exit 99
}
git init -q "$work/clone" || exit 99
commit 1 "first"
commit 2 "second

A body of a long line, so long that it must be broken into two, since it wouldn't fit else.

And a paragraph."
git -C "$work/clone" checkout -q -b side HEAD~1
commit 3 "$(printf 'aside, with gr\303\274\303\237e')"
git -C "$work/clone" checkout -q -
git -C "$work/clone" -c advice.detachedHead=false merge -q --no-ff -m "a merge" side || exit 99

write()
{
        echo "as it came" >"$work/$1"
        sh "$changelog" "$work/clone" "$work/$1" 2>"$work/warnings" || fail "$1: status $?"
}
write one
git config --global log.showSignature true
git config --global log.date relative
git config --global log.showRoot true
git config --global log.decorate full
git config --global color.ui always
git config --global i18n.logOutputEncoding ISO-8859-1
git config --global format.pretty fuller
(export TZ=Pacific/Auckland LC_ALL=C.UTF-8; cd / && write two; exit $failed) || failed=1
cmp "$work/one" "$work/two" || fail "it isn't the same twice"

[ "$(head -n 1 "$work/one")" = "SPDX-License-Identifier: MIT OR Apache-2.0" ] || fail "no licence"
[ "$(grep -c '^2020-01-0[123]  ' "$work/one")" -eq 3 ] || fail "not three commits"
grep -q '^2020-01-02  second$' "$work/one" || fail "no date in the author's time zone"
grep -q '^        A body of a long line' "$work/one" || fail "no body"
grep -q 'a merge' "$work/one" && fail "a merge says nothing"
awk 'length > 96 { exit 1 }' "$work/one" || fail "a line is over 96 columns"
[ -s "$work/warnings" ] && fail "warnings: $(cat "$work/warnings")"

# A tarball; also one that lies in somebody's repository.
mkdir "$work/clone/unpacked"
echo "as it came" >"$work/kept"
sh "$changelog" "$work/clone/unpacked" "$work/kept" || fail "a tarball: status $?"
[ "$(cat "$work/kept")" = "as it came" ] || fail "a tarball's ChangeLog was touched"
# What only looks like a clone.
echo "gitdir: /nowhere" >"$work/clone/unpacked/.git"
sh "$changelog" "$work/clone/unpacked" "$work/kept" 2>"$work/warnings" || fail "broken: status $?"
[ "$(cat "$work/kept")" = "as it came" ] || fail "a broken clone's ChangeLog was touched"
grep -q '^warning: ' "$work/warnings" || fail "a broken clone is no warning"
exit $failed
