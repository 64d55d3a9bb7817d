# SPDX-License-Identifier: MIT OR Apache-2.0
"""Converts between the library's conventions and Python's. cffi releases the interpreter's lock in
every call of the library."""
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
        """As typing_extensions.Buffer, also for type checkers that don't know that yet."""

        def __buffer__(self, flags: int, /) -> memoryview: ...

    # Types whose memory is one writable piece. Objects of other such types: as a memoryview.
    Writable = Union[bytearray, memoryview, array.array[Any], mmap.mmap, ctypes.Array[Any]]
    # The same for reading.
    Readable = Union[bytes, Writable, HasBuffer]
else:
    Readable = Writable = Any


def check(result: int, path: Any, words: str = "", *numbers: int) -> int:
    """Returns a result that isn't an error. Raises OSError for one; OSError chooses the subclass by
    the errno. words, with the numbers in place of {}: what was requested and what there was."""
    if result < 0:
        text = os.strerror(-result)
        if words:
            text += ": " + words.format(*numbers)
        raise OSError(-result, text, path)
    return result


@contextmanager
def source(data: Readable) -> Iterator[tuple[Any, int]]:
    """The memory to copy from, and its length; it can't be moved or freed meanwhile."""
    with ffi.from_buffer(data) as memory:
        yield memory, len(memory)


@contextmanager
def target(buffer: Writable) -> Iterator[tuple[Any, int]]:
    with ffi.from_buffer("char[]", buffer, True) as memory:
        yield memory, len(memory)


def owned(pointer: Any) -> Any:
    """Releases the handle when nothing refers to this object any more: no File, no running call of
    any thread, and no view. So a File may be closed at any time."""
    return ffi.gc(pointer, lib.rmmap_release)


def memory_of(handle: Any, start: Any, length: int) -> memoryview:
    """A view of the mapping. It, and each view made of it, has a reference of the handle of its
    own, so that publish, which would unmap it, is EBUSY."""
    kept = ffi.gc(start, lambda _start, _handle=owned(lib.rmmap_clone(handle)): None)
    return memoryview(ffi.buffer(kept, length))
