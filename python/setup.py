# SPDX-License-Identifier: MIT OR Apache-2.0
"""The version, whose only home is configure.ac, and the extension; the rest is in pyproject.toml."""
import pathlib
import re

from setuptools import setup

configure = pathlib.Path(__file__).resolve().parent.parent / "configure.ac"
found = re.search(r"AC_INIT\(\[ranged-mmap\], \[([0-9.]+)\]", configure.read_text())
if found is None:
    raise SystemExit(f"{configure} tells no version")
setup(version=found.group(1), cffi_modules=["build_extension.py:builder"])
