#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Makes configure. Only needed in a clone: a release has it.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake libtoolize pkg-config; do
        if ! command -v "$tool" >/dev/null; then
                echo "autogen.sh: $tool is missing (./quickstart installs what is needed)" >&2
                exit 1
        fi
done
# A configure that something is missing beside would hide, the next time, why it is missing.
rm -f configure
trap 'rm -f configure' EXIT
trap 'exit 1' HUP INT TERM
autoreconf --force --install "$@"
trap - EXIT
