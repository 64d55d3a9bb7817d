# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Sourced by tests of programs, which have a directory $work and clean it up. A case is a function;
# it runs in a new directory, $dir, and gets a line: "ok", "FAILED" or "SKIP:". The script's
# arguments are the names of the only cases to run. $program is what they run.
passed=0
failed=0
skipped=0
mounted=
only=" $* "
out=$work/out
err=$work/err

complain()
{
        problems="$problems        $*
"
}

# ended STATUS WANTED ARGUMENTS...
ended()
{
        [ "$1" -eq "$2" ] || complain "exit status $1 instead of $2 (${*:3})"
}

# run STATUS ARGUMENTS...: $program must exit with it; what it prints goes to $out and $err.
run()
{
        (cd "$dir" && exec timeout -k 5 120 "$program" "${@:2}") </dev/null >"$out" 2>"$err"
        ended $? "$@"
}

# without "CALL=ERRNO CALL=ERRNO:WHEN ..." STATUS ARGUMENTS...: as run, where these system calls fail
# so; WHEN as strace has it.
without()
{
        local call rule injected=
        for call in $1; do
                rule=${call#*=}
                injected="$injected -e inject=${call%%=*}:error=${rule%:*}"
                [ "$rule" = "${rule%:*}" ] || injected="$injected:when=${rule#*:}"
        done
        # shellcheck disable=SC2086 # words
        (cd "$dir" && exec timeout -k 5 120 strace -f -o "$work/trace" $injected "$program" "${@:3}") \
                </dev/null >"$out" 2>"$err"
        ended $? "${@:2}" "$injected"
        [ "$2" -ne 0 ] || grep -q INJECTED "$work/trace" ||
                complain "nothing was made to fail ($injected, ${*:3})"
}

says()
{
        grep -q -e "$1" "$err" || complain "it doesn't say '$1'"
}

# there NAME...: these files are in the directory, and nothing else.
there()
{
        local found
        found=$(ls -A "$dir" | tr '\n' ' ')
        [ "$found" = "$([ $# -eq 0 ] || printf '%s\n' "$@" | sort | tr '\n' ' ')" ] ||
                complain "in the directory: '$found' instead of '$*'"
}

# terminal_of COLUMNS OPTION ARGUMENTS...: $program on a terminal that wide; what it draws goes to
# $out, a line each. OPTION is for terminal.py, or empty.
terminal_of()
{
        # shellcheck disable=SC2086 # an option, or none
        (cd "$dir" && timeout -k 5 120 python3 -B "${BASH_SOURCE[0]%/*}/terminal.py" $2 "$1" \
                "$program" "${@:3}") >"$out" 2>"$err" </dev/null
}

# needs WHAT: or $reason says what is missing. needs_more of the script knows the rest.
needs()
{
        case $1 in
        linux) [ "${RMMAP_OS:-linux}" = linux ] || reason="the floor build has no such calls" ;;
        root) [ "$(id -u)" -eq 0 ] || reason="it takes root" ;;
        tmpfs)
                mkdir -p "$work/small"
                if [ -z "$mounted" ] && mount -t tmpfs -o size=8m none "$work/small" 2>/dev/null
                then
                        mounted=$work/small
                fi
                [ -n "$mounted" ] || reason="mounting a small tmpfs takes root"
                ;;
        strace)
                command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null ||
                        reason="strace is missing, or may not trace"
                [ "${RMMAP_SANITIZER:-no}" = no ] || reason="a sanitizer doesn't live with strace"
                ;;
        int) env --default-signal=INT true 2>/dev/null || reason="env has no --default-signal" ;;
        *) needs_more "$1" ;;
        esac
        [ -z "$reason" ]
}

# case_ NAME NEED...: runs the function of that name.
case_()
{
        local name=$1 need
        shift
        [ "$only" = "  " ] || [ "${only#* "$name" }" != "$only" ] || return 0
        reason='' problems='' notes=''
        dir=$work/$name
        mkdir "$dir"
        for need in "$@"; do
                needs "$need" && continue
                echo "SKIP: $name: $reason"
                skipped=$((skipped + 1))
                return
        done
        "$name"
        if [ -z "$problems" ]; then
                echo "ok $name${notes:+: $notes}"
                passed=$((passed + 1))
        else
                echo "FAILED $name"
                printf '%s' "$problems"
                sed 's/^/        | /' "$err" 2>/dev/null
                failed=$((failed + 1))
        fi
        chmod -R u+w "$work/$name"
        rm -rf "${work:?}/$name"
}

finish_cases()
{
        echo "$passed passed, $failed failed, $skipped skipped"
        [ "$failed" -eq 0 ]
}
