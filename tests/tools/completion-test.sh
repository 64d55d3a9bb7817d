#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# What rmmap and rmget take, their --help, pages and completions name the same options and commands;
# and bash completes them.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$here/../..}
rmmap=${top_builddir:-.}/tools/rmmap
rmget=${top_builddir:-.}/examples/rmget/rmget
script=$top/tools/completion/rmmap
[ -x "$rmmap" ] || { echo "SKIP: rmmap isn't built"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/completion-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

fail()
{
        echo "FAIL: $*"
        failed=1
}

# words FILE: the long options in it.
words()
{
        grep -o -e '--[a-z][a-z0-9-]*' "$1" | sort -u
}

page_of()
{
        "${AWK:-awk}" -v command="$1" '
                /^\.S[sh] / { inside = $0 == ".Ss rmmap " command }
                inside && /^\.It Fl/ { gsub(/\\-/, "-"); gsub(/Fl -/, "--"); print }
        ' "$top/man/rmmap.1"
}

for command in copy doctor info; do
        "$rmmap" $command --help | sed -n 's/^  *\(-.\(, \)\?\)\?\( *--.*\)/\3/p' |
                grep -o -e '^ *--[a-z-]*' | tr -d ' ' | sort -u >"$work/help"
        { page_of $command; echo --help; } >"$work/page"
        "${AWK:-awk}" -v command=$command '
                /^ +[a-z |]+\)/ { found = index(" " $0, command) }
                found
        ' "$script" | sed -n '/options=/,/;;/p' >"$work/script"
        echo --help >>"$work/script"
        words "$work/page" | diff "$work/help" - || fail "$command: < help, > rmmap(1)"
        words "$work/script" | diff "$work/help" - || fail "$command: < help, > completion"
        [ "$(wc -l <"$work/help")" -ge 2 ] || fail "$command: no options were found"
done
"$rmmap" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | sort >"$work/commands"
[ "$(tr '\n' ' ' <"$work/commands")" = "copy doctor info " ] || fail "the commands are others"

# ---- rmget has no commands
sed -n 's/^  *"\(--[a-z0-9-]*\)".*/\1/p; s/^        {"\([a-z0-9-]*\)", .*_argument.*/--\1/p' \
        "$top/examples/rmget/options.c" | sort -u >"$work/taken"
words "$top/tools/completion/rmget" | diff "$work/taken" - || fail "rmget: < taken, > completion"
sed -n '/^\.It Fl/ { s/\\-/-/g; s/Fl -/--/g; p }' "$top/man/rmget.1" >"$work/page"
words "$work/page" | diff "$work/taken" - || fail "rmget: < taken, > rmget(1)"
[ "$(wc -l <"$work/taken")" -ge 10 ] || fail "rmget: no options were found"
if [ -x "$rmget" ]; then
        "$rmget" --help | sed -n 's/^  *\(-.*\)/\1/p' >"$work/help"
        words "$work/help" | diff "$work/taken" - || fail "rmget: < taken, > --help"
fi

# ---- bash itself
library=$(${PKG_CONFIG:-pkg-config} --variable=prefix bash-completion 2>/dev/null)
library=${library:-/usr}/share/bash-completion/bash_completion
if [ ! -r "$library" ]; then
        [ $failed -eq 0 ] || exit 1
        echo "SKIP: bash-completion is missing"
        exit 77
fi

# completes LINE WORD...: these, and no others, are offered at its end.
completes()
{
        local line=$1 program=${1%% *}
        shift
        (
                set +u
                # shellcheck disable=SC1090
                . "$library" && . "$top/tools/completion/$program" || exit 1
                COMP_LINE=$line
                COMP_POINT=${#line}
                # Split as readline does it.
                COMP_WORDS=()
                rest=${line//=/ = }
                for word in $rest; do COMP_WORDS+=("$word"); done
                case $line in *' ' | *=) COMP_WORDS+=('') ;; esac
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                compopt() { :; }
                cd "$work/place" && "_$program"
                printf '%s\n' "${COMPREPLY[@]}"
        ) 2>"$work/err" | sort >"$work/got"
        printf '%s\n' "$@" | sort | diff - "$work/got" ||
                { cat "$work/err"; fail "'$line': < expected, > offered"; }
}

mkdir "$work/place"
mkdir "$work/place/directory"
: >"$work/place/file one"
completes 'rmmap ' --help --version copy doctor info
completes 'rmmap d' doctor
completes 'rmmap copy --s' --sparse= --sync
completes 'rmmap copy --sparse=' auto never
completes 'rmmap copy --no' --no-progress --no-sync
completes 'rmmap doctor --' --also= --help --json
completes 'rmmap doctor --also ' directory
completes 'rmmap info ' directory 'file one'
completes 'rmmap copy f' 'file one'
completes 'rmget --no' --no-progress
completes 'rmget --li' --limit-rate=
completes 'rmget --output=f' 'file one'
completes 'rmget -n 3' 32
exit $failed
