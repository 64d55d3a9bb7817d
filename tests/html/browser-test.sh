#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# browser-test.sh [DIRECTORY]: the site that make html made, in headless Chromium. Screenshots, at
# two widths, light and dark, go to DIRECTORY.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${top_builddir:-$(cd "$here/../.." && pwd)/build}

for program in "${CHROMIUM:-chromium}" chromium chromium-browser; do
        command -v "$program" >/dev/null && break
done
command -v "$program" >/dev/null || {
        echo 'SKIP: chromium is missing, so no browser has seen the pages'
        exit 77
}
[ -e "$build/html/index.html" ] || {
        echo 'SKIP: there is no HTML; make html makes it'
        exit 77
}
exec python3 -B "$here/browser.py" "$program" "$build/html" "$@"
