# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ranges and receipts: values that know their file."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Union

from ._calls import Readable, Writable, memory_of, source, target
from ._rangedmmap import ffi, lib

if TYPE_CHECKING:
    from typing import Protocol

    from ._file import File

    class HasFileno(Protocol):
        def fileno(self) -> int: ...


INTO_RANGE = "{} bytes into a range of {}"
AT_RANGE = "{} bytes at {} of a range of {}"

T = TypeVar("T", bound="_Span")
Parts = tuple[Union["Range", None], Union["Range", None]]


class _Span:
    """What Range and Receipt share: a place in a file. Only a File makes them."""

    __slots__ = ("_file", "_value")
    _file: File
    _value: Any  # struct rmmap_range * or struct rmmap_receipt *
    _start: ClassVar[Any]
    _end: ClassVar[Any]
    _length: ClassVar[Any]
    _is_empty: ClassVar[Any]
    _equal: ClassVar[Any]

    def __init__(self) -> None:
        raise TypeError(f"a {type(self).__name__} comes from a File")

    @classmethod
    def _made(cls: type[T], file: File, value: Any) -> T:
        self = cls.__new__(cls)
        self._file = file
        self._value = value
        return self

    @property
    def file(self) -> File:
        return self._file

    @property
    def start(self) -> int:
        return int(self._start(self._value[0]))

    @property
    def end(self) -> int:
        return int(self._end(self._value[0]))

    @property
    def length(self) -> int:
        return int(self._length(self._value[0]))

    @property
    def empty(self) -> bool:
        return bool(self._is_empty(self._value[0]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return bool(self._equal(self._value[0], other._value[0]))

    def __hash__(self) -> int:
        return hash((type(self), self.start, self.end))

    def __repr__(self) -> str:
        return f"<rangedmmap.{type(self).__name__} {self.start}..{self.end}>"


class Receipt(_Span):
    """Shows that a range was written: by the call that wrote it, or because the caller said so."""

    __slots__ = ()

    _start = staticmethod(lib.rmmap_receipt_start)
    _end = staticmethod(lib.rmmap_receipt_end)
    _length = staticmethod(lib.rmmap_receipt_length)
    _is_empty = staticmethod(lib.rmmap_receipt_is_empty)
    _equal = staticmethod(lib.rmmap_receipt_equal)

    @property
    def range(self) -> Range:
        """The range that was written."""
        value = ffi.new("struct rmmap_range *", lib.rmmap_receipt_range(self._value[0]))
        return Range._made(self._file, value)

    def flush(self) -> None:
        """Starts the range's write-back, and doesn't wait."""
        self._file._check(lib.rmmap_flush_range(self._file._handle(), self._value[0]))

    def sync(self) -> None:
        """Makes the range durable."""
        self._file._check(lib.rmmap_sync_range(self._file._handle(), self._value[0]))

    def encode(self) -> bytes:
        """The receipt as bytes, for File.decode_receipt on any machine."""
        buffer = ffi.new("char[]", lib.RMMAP_RECEIPT_ENCODED_SIZE)
        self._file._check(lib.rmmap_receipt_encode(self._value[0], buffer, len(buffer)))
        return bytes(ffi.buffer(buffer))


class Range(_Span):
    """Bytes of a file that belong to no other range."""

    __slots__ = ()

    _start = staticmethod(lib.rmmap_range_start)
    _end = staticmethod(lib.rmmap_range_end)
    _length = staticmethod(lib.rmmap_range_length)
    _is_empty = staticmethod(lib.rmmap_range_is_empty)
    _equal = staticmethod(lib.rmmap_range_equal)

    def through(self, file: File) -> Range:
        """The same range, used through a clone of its file; through another file it is EXDEV."""
        return Range._made(file, self._value)

    # ---- writing

    def _receipt(self, words: str, numbers: tuple[int, ...], call: Callable[..., int],
                 *arguments: Any) -> Receipt:
        value = ffi.new("struct rmmap_receipt *")
        self._file._check(call(self._file._handle(), self._value[0], *arguments, value), words,
                          *numbers)
        return Receipt._made(self._file, value)

    def write(self, data: Readable, *, durable: bool = False) -> Receipt:
        """Writes all of the range. Data of another length is EMSGSIZE, and nothing is written."""
        call = lib.rmmap_write_range_durable if durable else lib.rmmap_write_range
        with source(data) as (memory, length):
            return self._receipt(INTO_RANGE, (length, self.length), call, memory, length)

    def writev(self, pieces: Iterable[Readable]) -> Receipt:
        """Writes all of the range, from pieces whose lengths add up to the range's."""
        memories = [ffi.from_buffer(piece) for piece in pieces]
        try:
            vector = ffi.new("struct iovec[]", len(memories))
            for entry, memory in zip(vector, memories):
                entry.iov_base = memory
                entry.iov_len = len(memory)
            length = sum(map(len, memories))
            return self._receipt(INTO_RANGE, (length, self.length), lib.rmmap_writev_range, vector,
                                 len(memories))
        finally:
            for memory in memories:
                ffi.release(memory)

    def write_from_fd(self, fd: Union[int, HasFileno], done: int = 0) -> Receipt:
        """Fills the range from a descriptor, or an object with fileno(). The first done bytes are
        there already; an error's characters_written is how many are now. BlockingIOError: the
        descriptor has no more bytes yet; ENODATA: its input ended."""
        number = fd if isinstance(fd, int) else fd.fileno()
        position = ffi.new("uint64_t *", done)
        while True:
            try:
                return self._receipt("", (), lib.rmmap_write_range_from_fd, number, position)
            except InterruptedError:  # Python has run the signal's handler before this
                continue
            except OSError as error:
                setattr(error, "characters_written", int(position[0]))
                raise

    def write_within(self, offset: int, data: Readable) -> None:
        """Writes a piece, offset bytes into the range. After the last piece, call mark_written."""
        with source(data) as (memory, length):
            self._file._check(lib.rmmap_write_within(self._file._handle(), self._value[0], offset,
                                                     memory, length),
                              AT_RANGE, length, offset, self.length)

    def mark_written(self) -> Receipt:
        """The receipt of a range that the caller has written; the library doesn't check that."""
        return self._receipt("", (), lib.rmmap_mark_written)

    # ---- reading

    def readinto(self, buffer: Writable) -> int:
        """Reads the range into a buffer that is at least as long (otherwise ENOBUFS)."""
        length = ffi.new("size_t *")
        with target(buffer) as (memory, capacity):
            self._file._check(lib.rmmap_read_range(self._file._handle(), self._value[0], memory,
                                                   capacity, length),
                              "a buffer of {} bytes for a range of {}", capacity, self.length)
        return int(length[0])

    def read(self) -> bytes:
        buffer = bytearray(self.length)
        self.readinto(buffer)
        return bytes(buffer)

    def readinto_within(self, offset: int, buffer: Writable) -> None:
        """Fills the buffer, starting offset bytes into the range."""
        with target(buffer) as (memory, length):
            self._file._check(lib.rmmap_read_within(self._file._handle(), self._value[0], offset,
                                                    memory, length),
                              AT_RANGE, length, offset, self.length)

    def read_within(self, offset: int, length: int) -> bytes:
        buffer = bytearray(length)
        self.readinto_within(offset, buffer)
        return bytes(buffer)

    # ---- the bytes themselves

    def data(self) -> memoryview:
        """A writable view of the mapping. It keeps the file's handle open. An access raises SIGBUS
        if the disk is full where space isn't reserved, or if another program truncates the file."""
        handle = self._file._handle()
        start = ffi.new("void **")
        self._file._check(lib.rmmap_range_data(handle, self._value[0], start))
        return memory_of(handle, start[0], self.length)

    def view(self) -> memoryview:
        """A read-only view of the mapping."""
        handle = self._file._handle()
        start = ffi.new("const void **")
        self._file._check(lib.rmmap_range_view(handle, self._value[0], start))
        return memory_of(handle, ffi.cast("void *", start[0]), self.length).toreadonly()

    # ---- the rest

    def sync_within(self, offset: int, length: int) -> None:
        """Makes a part of the range durable, such as a record."""
        self._file._check(lib.rmmap_sync_within(self._file._handle(), self._value[0], offset,
                                                length),
                          AT_RANGE, length, offset, self.length)

    def _split(self, call: Callable[..., int], position: int) -> Parts:
        values = ffi.new("struct rmmap_range *"), ffi.new("struct rmmap_range *")
        which = self._file._check(call(self._value[0], position, *values), "at {} of a range of {}",
                                  position, self.length)
        low = None if which == lib.RMMAP_SPLIT_HIGH else Range._made(self._file, values[0])
        high = None if which == lib.RMMAP_SPLIT_LOW else Range._made(self._file, values[1])
        return low, high

    def split_up(self, position: int) -> Parts:
        """Splits the range at position bytes from its start, rounded up to a multiple of ALIGNMENT
        in the file. Returns (low, high); None: there is no such part. Use only the parts then."""
        return self._split(lib.rmmap_range_split_up, position)

    def split_down(self, position: int) -> Parts:
        """The same, rounded down."""
        return self._split(lib.rmmap_range_split_down, position)

    def unclaim(self) -> None:
        """Ends the ownership: content and allocation stay, and the bytes can be claimed again.
        Don't use the range after this."""
        self._file._check(lib.rmmap_unclaim_range(self._file._handle(), self._value[0]))

    def give_back(self) -> None:
        """Gives the bytes back to the allocator. Of the built-in ones only REUSING takes them: with
        the others it is EOPNOTSUPP."""
        self._file._check(lib.rmmap_give_back_range(self._file._handle(), self._value[0]))

    def encode(self) -> bytes:
        """The range as bytes, for File.decode_range on any machine."""
        buffer = ffi.new("char[]", lib.RMMAP_RANGE_ENCODED_SIZE)
        self._file._check(lib.rmmap_range_encode(self._value[0], buffer, len(buffer)))
        return bytes(ffi.buffer(buffer))
