# SPDX-License-Identifier: MIT OR Apache-2.0
"""Many threads write disjoint ranges of one file, fast, safely, durably.

    with rangedmmap.create("out.bin", 1 << 20) as file:
        part = file.allocate(5000)            # in any thread; sizes round up: 8192 bytes
        part.write_within(0, b"x" * 5000)     # needs no lock, and releases the interpreter's
        part.mark_written().sync()            # durable now

part.write writes exactly as many bytes as the range has. A failed call raises OSError with the
library's errno, as the subclass that Python has for it; its text has the lengths, and its filename
is the path. A call on a closed file raises ValueError, as for Python's own files. The manual
describes the calls: man librangedmmap.
"""
from ._constants import (
    ALIGNMENT,
    RANGE_ENCODED_SIZE,
    RECEIPT_ENCODED_SIZE,
    Engine,
    Fact,
    Info,
    Pattern,
    Uncached,
    align_down,
    align_up,
    version,
)
from ._constants import header_version as _header_version
from ._file import Allocator, File, SharedAllocator, create, open, open_fd
from ._queue import Queue
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
    "Queue",
    "Range",
    "Receipt",
    "SharedAllocator",
    "Uncached",
    "align_down",
    "align_up",
    "create",
    "open",
    "open_fd",
    "version",
]
