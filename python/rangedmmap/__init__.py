# SPDX-License-Identifier: MIT OR Apache-2.0
"""Many threads write disjoint ranges of one file, fast, safely, durably.

    with rangedmmap.create("out.bin", 1 << 20) as file:
        part = file.allocate(4096)            # in any thread
        receipt = part.write(b"x" * 4096)     # no lock, and not under the interpreter's
        receipt.sync()                        # durable now

A failed call raises OSError with the library's errno, as the subclass that Python has for it. A
closed file is ValueError, as it is for Python's own files. What calls mean is in the manual:
man librangedmmap.
"""
from ._constants import (
    ALIGNMENT,
    RANGE_ENCODED_SIZE,
    RECEIPT_ENCODED_SIZE,
    Engine,
    Fact,
    Info,
    Pattern,
    align_down,
    align_up,
    version,
)
from ._constants import header_version as _header_version
from ._file import Allocator, File, create, open, open_fd
from ._range import Range, Receipt

__version__ = _header_version()
__all__ = [
    "ALIGNMENT",
    "RANGE_ENCODED_SIZE",
    "RECEIPT_ENCODED_SIZE",
    "Allocator",
    "Engine",
    "Fact",
    "File",
    "Info",
    "Pattern",
    "Range",
    "Receipt",
    "align_down",
    "align_up",
    "create",
    "open",
    "open_fd",
    "version",
]
