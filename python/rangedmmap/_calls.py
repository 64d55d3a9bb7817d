# SPDX-License-Identifier: MIT OR Apache-2.0
"""Between the library's conventions and Python's. cffi gives up the interpreter's lock in every
call of the library."""
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Union

from ._rangedmmap import ffi, lib

if TYPE_CHECKING:
    import array
    import ctypes
    import mmap
    from typing import Protocol

    class HasBuffer(Protocol):
        """What typing_extensions.Buffer is, also to a checker that doesn't know that yet."""

        def __buffer__(self, flags: int, /) -> memoryview: ...

    # What shows its memory, in one piece, to be written; who else does is passed as a memoryview.
    Writable = Union[bytearray, memoryview, array.array[Any], mmap.mmap, ctypes.Array[Any]]
    # The same, to be read.
    Readable = Union[bytes, Writable, HasBuffer]
else:
    Readable = Writable = Any


def check(result: int, path: Any, words: str = "", *numbers: int) -> int:
    """What isn't an error; for those OSError picks the subclass by the errno, and has the path.
    words tell what was asked for and what there was, with the numbers in the places of {}."""
    if result < 0:
        text = os.strerror(-result)
        if words:
            text += ": " + words.format(*numbers)
        raise OSError(-result, text, path)
    return result


@contextmanager
def source(data: Readable) -> Iterator[tuple[Any, int]]:
    """The memory to copy from, and its length; it can't move or go meanwhile."""
    with ffi.from_buffer(data) as memory:
        yield memory, len(memory)


@contextmanager
def target(buffer: Writable) -> Iterator[tuple[Any, int]]:
    with ffi.from_buffer("char[]", buffer, True) as memory:
        yield memory, len(memory)


def owned(pointer: Any) -> Any:
    """The handle gives its reference back when nobody has this object any more: neither a File,
    nor a call that is under way in any thread, nor a view. So a File may be closed at any time."""
    return ffi.gc(pointer, lib.rmmap_release)


def memory_of(handle: Any, start: Any, length: int) -> memoryview:
    """The bytes themselves. The view, and each one made of it, keeps the handle."""
    kept = ffi.gc(start, lambda _start, _handle=handle: None)
    return memoryview(ffi.buffer(kept, length))
