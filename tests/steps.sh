# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# Sourced by tests that are a list of steps, which have a directory $work.
failed=0

# step WHAT COMMAND...: says how it went, and what the command said if it went wrong.
step()
{
        what=$1
        shift
        if "$@" >"$work/log" 2>&1; then
                echo "PASS: $what"
                return 0
        fi
        echo "FAIL: $what"
        tail -n 20 "$work/log" | sed 's/^/  /'
        failed=$((failed + 1))
        return 1
}

# A make of its own in the build directory, not a part of the one that runs the tests.
make_alone()
{
        env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES "${MAKE:-make}" -C "$build" "$@"
}
