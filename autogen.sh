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
exec autoreconf --force --install "$@"
