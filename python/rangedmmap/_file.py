# SPDX-License-Identifier: MIT OR Apache-2.0
"""The handle."""
from __future__ import annotations

import enum
import errno
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Union

from ._calls import Readable, Writable, check, memory_of, owned, source, target
from ._constants import Engine, Fact, Info, Pattern, Uncached
from ._range import Range, Receipt
from ._rangedmmap import ffi, lib

AT_FILE = "{} bytes at {} of a file of {}"
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


class Allocator(enum.Enum):
    """CONCURRENT: any number of threads, wait-free. SEQUENTIAL: one at a time. REUSING: any number
    of threads; takes ranges back."""

    CONCURRENT = "concurrent"
    SEQUENTIAL = "sequential"
    REUSING = "reusing"


class SharedAllocator:
    """For the files of several processes, all with the same state file."""

    __slots__ = ("_path",)

    def __init__(self, state: Path) -> None:
        self._path = _encoded(state)


class File:
    """An open file. Any thread may use it, and close it: calls that are running then finish as
    usual, and views stay valid. The last of them closes the file itself."""

    __slots__ = ("_owned", "_path", "__weakref__")
    _owned: Any  # struct rmmap_file *, or None
    _path: Union[Path, int]  # as it was opened, for errors

    def __init__(self) -> None:
        raise TypeError("create, open or open_fd make a File")

    @classmethod
    def _made(cls, pointer: Any, path: Union[Path, int]) -> File:
        self = cls.__new__(cls)
        self._owned = owned(pointer)
        self._path = path
        return self

    def _check(self, result: int, words: str = "", *numbers: int) -> int:
        return check(result, self._path, words, *numbers)

    def _handle(self) -> Any:
        # A caller's variable keeps the handle open until the call is done.
        handle = self._owned
        if handle is None:
            raise ValueError("operation on a closed file")
        return handle

    # ---- life

    def close(self, *, sync: bool = False) -> None:
        """With sync, makes everything durable and raises what went wrong; the file is closed in any
        case. Without, it reports no write-back errors."""
        handle, self._owned = self._owned, None
        if sync and handle is not None:
            self._check(lib.rmmap_close(lib.rmmap_clone(handle)))

    @property
    def closed(self) -> bool:
        return self._owned is None

    def __enter__(self) -> File:
        self._handle()
        return self

    def __exit__(self, kind: Union[type[BaseException], None], error: Union[BaseException, None],
                 trace: Union[TracebackType, None]) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{self.allocated} of {self.size} allocated"
        return f"<rangedmmap.File {state}>"

    def clone(self) -> File:
        """Another File with the same handle, which is closed separately."""
        return File._made(lib.rmmap_clone(self._handle()), self._path)

    # ---- about it

    @property
    def size(self) -> int:
        return int(lib.rmmap_size(self._handle()))

    def fileno(self) -> int:
        """The library's own descriptor, for fstat and the like. Don't close, lock or sync it."""
        return self._check(lib.rmmap_fd(self._handle()))

    @property
    def error(self) -> int:
        """The errno of the sticky error, which every sync raises; 0: none. Does no I/O."""
        return -int(lib.rmmap_error(self._handle()))

    def describe(self) -> Info:
        info = ffi.new("struct rmmap_info *")
        info.size = ffi.sizeof("struct rmmap_info")
        handle = self._handle()
        self._check(lib.rmmap_describe(handle, info))

        def text(pointer: Any) -> str:
            return str(ffi.string(pointer).decode(errors="replace"))

        def known(kind: Callable[[int], int], number: int) -> int:
            try:
                return kind(number)
            except ValueError:
                return number

        return Info(
            file_system=text(info.file_system),
            allocator=text(info.allocator),
            engine_reason=text(info.engine_reason),
            file_size=info.file_size,
            page_size=info.page_size,
            file_system_magic=info.file_system_magic,
            allocated=info.allocated,
            pwrite_bytes=info.pwrite_bytes,
            sync_calls=info.sync_calls,
            sync_rounds=info.sync_rounds,
            flush_calls=info.flush_calls,
            faults_caught=info.faults_caught,
            facts=Fact(info.facts),
            engine=known(Engine, info.engine),
            pattern=known(Pattern, info.pattern),
            error=-info.error,
            map_bytes=info.map_bytes,
            faults_avoided=info.faults_avoided,
            dirty_limit=info.dirty_limit,
            dirty_bytes=info.dirty_bytes,
            dirty_highest=info.dirty_highest,
            uncached=known(Uncached, info.uncached),
            dirty_limit_reason=text(info.dirty_limit_reason),
            uncached_reason=text(info.uncached_reason),
            max_size=info.max_size,
            recorded=info.recorded,
        )

    # ---- ranges

    def _range(self, words: str, numbers: tuple[int, ...], call: Callable[..., int],
               *arguments: Any) -> Range:
        value = ffi.new("struct rmmap_range *")
        self._check(call(self._handle(), *arguments, value), words, *numbers)
        return Range._made(self, value)

    def allocate(self, size: int, *, exact: bool = False) -> Range:
        """A range of size bytes, rounded up to ALIGNMENT. If less is left: all that is left, or,
        with exact, ENOSPC."""
        call = lib.rmmap_allocate_exact if exact else lib.rmmap_allocate
        return self._range("{} bytes wanted, {} left", (size, self.remaining), call, size)

    def allocate_at(self, start: int, end: int) -> Range:
        """A range of just these bytes, if they are free; with Allocator.REUSING only."""
        return self._range("{} to {} of a file of {}", (start, end, self.size),
                           lib.rmmap_allocate_at, start, end)

    def claim(self, start: int, end: int) -> Range:
        """A range of bytes that were allocated before, by this run or an earlier one."""
        return self._range("{} to {} of a file of {}", (start, end, self.size),
                           lib.rmmap_claim_range, start, end)

    def decode_range(self, encoded: Readable) -> Range:
        with source(encoded) as (memory, length):
            return self._range("{} bytes for {}", (length, lib.RMMAP_RANGE_ENCODED_SIZE),
                               lib.rmmap_range_decode, memory, length)

    def decode_receipt(self, encoded: Readable) -> Receipt:
        value = ffi.new("struct rmmap_receipt *")
        with source(encoded) as (memory, length):
            self._check(lib.rmmap_receipt_decode(self._handle(), memory, length, value),
                        "{} bytes for {}", length, lib.RMMAP_RECEIPT_ENCODED_SIZE)
        return Receipt._made(self, value)

    @property
    def remaining(self) -> int:
        return int(lib.rmmap_remaining(self._handle()))

    @property
    def allocated(self) -> int:
        return int(lib.rmmap_allocated(self._handle()))

    def save_allocator(self) -> bytes:
        """The allocator's state as bytes, for restore_allocator."""
        handle = self._handle()
        length = ffi.new("size_t *")
        self._check(lib.rmmap_allocator_save(handle, ffi.NULL, length))
        result = -errno.ENOBUFS
        while result == -errno.ENOBUFS:  # other threads may make it longer meanwhile
            buffer = ffi.new("char[]", length[0])
            result = lib.rmmap_allocator_save(handle, buffer, length)
        self._check(result)
        return bytes(ffi.buffer(buffer, length[0]))

    def restore_allocator(self, state: Readable) -> None:
        """Restores a saved state. Possible only before the first allocate and the first claim."""
        with source(state) as (memory, length):
            self._check(lib.rmmap_allocator_restore(self._handle(), memory, length))

    # ---- durability

    def flush(self) -> None:
        """Starts write-back of everything, and doesn't wait."""
        self._check(lib.rmmap_flush(self._handle()))

    def sync(self) -> None:
        """Makes everything durable."""
        self._check(lib.rmmap_sync_all(self._handle()))

    def recorded(self) -> Iterator[tuple[int, int]]:
        """The (start, end) of all bytes that the checkpoint has recorded, in order."""
        start, end = ffi.new("uint64_t *"), ffi.new("uint64_t *")
        while True:
            result = lib.rmmap_next_recorded(self._handle(), end[0], start, end)
            if result == -errno.ENODATA:
                return
            self._check(result)
            yield int(start[0]), int(end[0])

    def grow(self, size: int = 0) -> None:
        """Makes the file at least size bytes long, up to max_size. 0: takes over the size that it
        has now, because another handle let it grow."""
        self._check(lib.rmmap_grow(self._handle(), size))

    def trim(self) -> None:
        """Cuts the space at the end that was never handed out. EBUSY while a clone or a view
        exists. No other thread may use the file meanwhile."""
        self._check(lib.rmmap_trim(self._handle()))

    def publish(self, path: Path, size: Union[int, None] = None, *, replace: bool = True,
                sync: bool = True) -> None:
        """Finishes a created file: cuts it to size bytes (None: all), makes it durable and gives it
        the name path in one step, whole or not at all. Without replace, an existing one is
        FileExistsError. Without sync, it is durable only after a later sync_all. EBUSY while a
        clone or a view exists. No other thread may use the file meanwhile; it only reads from then
        on."""
        flags = 0 if replace else lib.RMMAP_PUBLISH_NO_REPLACE
        flags |= 0 if sync else lib.RMMAP_PUBLISH_NO_SYNC
        wanted = self.size if size is None else size
        check(lib.rmmap_publish(self._handle(), _encoded(path), wanted, flags), path)

    def sync_receipts(self, receipts: Iterable[Receipt]) -> None:
        """Makes these receipts' ranges durable. One of another file is EXDEV, before any I/O."""
        values = ffi.new("struct rmmap_receipt[]", [receipt._value[0] for receipt in receipts])
        self._check(lib.rmmap_sync_ranges(self._handle(), values, len(values)))

    # ---- raw access: bounds are checked, overlap isn't

    def raw_write(self, offset: int, data: Readable) -> None:
        with source(data) as (memory, length):
            self._check(lib.rmmap_raw_write(self._handle(), offset, memory, length), AT_FILE,
                        length, offset, self.size)

    def raw_readinto(self, offset: int, buffer: Writable) -> int:
        """Returns how many bytes it read: fewer at the end of the file, 0 past it."""
        length = ffi.new("size_t *")
        with target(buffer) as (memory, capacity):
            self._check(lib.rmmap_raw_read(self._handle(), offset, memory, capacity, length))
        return int(length[0])

    def raw_read(self, offset: int, length: int) -> bytes:
        buffer = bytearray(length)
        return bytes(memoryview(buffer)[: self.raw_readinto(offset, buffer)])

    def raw_flush(self, offset: int, length: int) -> None:
        self._check(lib.rmmap_raw_flush(self._handle(), offset, length), AT_FILE, length, offset,
                    self.size)

    def raw_sync(self, offset: int, length: int) -> None:
        self._check(lib.rmmap_raw_sync(self._handle(), offset, length), AT_FILE, length, offset,
                    self.size)

    def raw_fill(self, byte: int) -> None:
        self._check(lib.rmmap_raw_fill(self._handle(), byte))

    def raw_zero(self) -> None:
        self._check(lib.rmmap_raw_zero(self._handle()))

    def raw_data(self) -> memoryview:
        """A writable view of the whole file, like Range.data."""
        handle = self._handle()
        start = ffi.new("void **")
        self._check(lib.rmmap_raw_data(handle, start))
        return memory_of(handle, start[0], lib.rmmap_size(handle))

    def raw_view(self) -> memoryview:
        """A read-only view of the whole file."""
        handle = self._handle()
        start = ffi.new("const void **")
        self._check(lib.rmmap_raw_view(handle, start))
        return memory_of(handle, ffi.cast("void *", start[0]),
                         lib.rmmap_size(handle)).toreadonly()


# What the memory of options points to.
_kept: "weakref.WeakKeyDictionary[Any, Any]" = weakref.WeakKeyDictionary()


def _options(flags: dict[int, bool], allocator: Union[Allocator, SharedAllocator, None],
             allocate_from: int, engine: int, pattern: int, growth: tuple[int, int],
             dirty_limit: int, mode: Union[int, None] = None) -> Any:
    if mode == 0:
        raise ValueError("mode 0 permits nobody anything; None is 0o666")
    options = ffi.new("struct rmmap_options *")
    options.size = ffi.sizeof("struct rmmap_options")
    if isinstance(allocator, SharedAllocator):
        path = ffi.new("char[]", allocator._path)
        config = ffi.new("struct rmmap_shared_config *")
        config.size = ffi.sizeof("struct rmmap_shared_config")
        config.path = path
        options.allocator = lib.rmmap_shared_allocator()
        options.allocator_config = config
        _kept[options] = (config, path)
    elif allocator is Allocator.SEQUENTIAL:
        options.allocator = lib.rmmap_sequential_allocator()
    elif allocator is Allocator.REUSING:
        options.allocator = lib.rmmap_reusing_allocator()
    elif allocator is Allocator.CONCURRENT:
        options.allocator = lib.rmmap_concurrent_allocator()
    options.allocate_from = allocate_from
    options.flags = sum(flag for flag, wanted in flags.items() if wanted)
    options.mode = mode or 0  # to the library 0 means 0666
    options.engine = engine
    options.pattern = pattern
    options.max_size, options.grow_step = growth
    options.dirty_limit = dirty_limit
    return options


def _opened(path: Union[Path, int], checkpoint: Union[tuple[Path, Readable], None], options: Any,
            call: Callable[..., int], *arguments: Any) -> File:
    pointer = ffi.new("struct rmmap_file **")
    if checkpoint is None:
        check(call(*arguments, options, pointer), path)
        return File._made(pointer[0], path)
    side = ffi.new("char[]", _encoded(checkpoint[0]))
    with source(checkpoint[1]) as (identity, length):
        given = ffi.new("struct rmmap_checkpoint *", {
            "size": ffi.sizeof("struct rmmap_checkpoint"),
            "path": side,
            "identity": identity,
            "identity_length": length,
        })
        options.checkpoint = given
        check(call(*arguments, options, pointer), path)
    return File._made(pointer[0], path)


def create(
    path: Path,
    size: int,
    *,
    must_create: bool = False,
    keep: bool = False,
    rewrite: bool = False,
    preallocate: bool = True,
    populate: bool = False,
    huge_pages: bool = False,
    lock: bool = False,
    catch_faults: bool = False,
    follow: bool = True,
    write_behind: bool = False,
    shared_claims: bool = False,
    uncached: bool = False,
    unnamed: bool = False,
    punch_holes: bool = False,
    allocator: Union[Allocator, SharedAllocator, None] = None,
    checkpoint: Union[tuple[Path, Readable], None] = None,
    allocate_from: int = 0,
    mode: Union[int, None] = None,
    engine: int = Engine.AUTO,
    pattern: int = Pattern.UNKNOWN,
    max_size: int = 0,
    grow_step: int = 0,
    dirty_limit: int = 0,
) -> File:
    """Creates a file of size bytes, and reserves its space; an existing one loses its content, or
    with keep is opened and made size bytes long if it is shorter.
    unnamed: path is a directory, and the file has no name until publish.
    checkpoint: the path of a side file, and bytes that tell what is being written. What is synced
    is recorded there; with keep, a later run gets from allocate only what isn't recorded.
    allocator: None is CONCURRENT, or REUSING with a checkpoint.
    mode: the permissions of a new file, without those that the umask removes. None is 0o666; 0 is a
    ValueError, because to the library it means that no mode is given."""
    flags = {
        lib.RMMAP_MUST_CREATE: must_create,
        lib.RMMAP_KEEP: keep,
        lib.RMMAP_REWRITE: rewrite,
        lib.RMMAP_NO_PREALLOCATE: not preallocate,
        lib.RMMAP_POPULATE: populate,
        lib.RMMAP_HUGE_PAGES: huge_pages,
        lib.RMMAP_LOCK_FILE: lock,
        lib.RMMAP_CATCH_FAULTS: catch_faults,
        lib.RMMAP_NO_FOLLOW: not follow,
        lib.RMMAP_WRITE_BEHIND: write_behind,
        lib.RMMAP_SHARED_CLAIMS: shared_claims,
        lib.RMMAP_UNCACHED: uncached,
        lib.RMMAP_UNNAMED: unnamed,
        lib.RMMAP_PUNCH_HOLES: punch_holes,
    }
    options = _options(flags, allocator, allocate_from, engine, pattern, (max_size, grow_step),
                       dirty_limit, mode)
    return _opened(path, checkpoint, options, lib.rmmap_create, _encoded(path), size)


def open(
    path: Path,
    *,
    read_only: bool = False,
    rewrite: bool = False,
    populate: bool = False,
    huge_pages: bool = False,
    lock: bool = False,
    catch_faults: bool = False,
    follow: bool = True,
    write_behind: bool = False,
    shared_claims: bool = False,
    uncached: bool = False,
    punch_holes: bool = False,
    allocator: Union[Allocator, SharedAllocator, None] = None,
    checkpoint: Union[tuple[Path, Readable], None] = None,
    allocate_from: int = 0,
    engine: int = Engine.AUTO,
    pattern: int = Pattern.UNKNOWN,
    max_size: int = 0,
    grow_step: int = 0,
    dirty_limit: int = 0,
) -> File:
    """Opens an existing file with its content. Bytes before allocate_from can be claimed. If
    that is 0 and the file is opened for writing, allocating starts at the end, so that no existing
    byte is handed out; with rewrite it starts at the front."""
    flags = {
        lib.RMMAP_READ_ONLY: read_only,
        lib.RMMAP_REWRITE: rewrite,
        lib.RMMAP_POPULATE: populate,
        lib.RMMAP_HUGE_PAGES: huge_pages,
        lib.RMMAP_LOCK_FILE: lock,
        lib.RMMAP_CATCH_FAULTS: catch_faults,
        lib.RMMAP_NO_FOLLOW: not follow,
        lib.RMMAP_WRITE_BEHIND: write_behind,
        lib.RMMAP_SHARED_CLAIMS: shared_claims,
        lib.RMMAP_UNCACHED: uncached,
        lib.RMMAP_PUNCH_HOLES: punch_holes,
    }
    options = _options(flags, allocator, allocate_from, engine, pattern, (max_size, grow_step),
                       dirty_limit)
    return _opened(path, checkpoint, options, lib.rmmap_open, _encoded(path))


def open_fd(
    fd: int,
    *,
    read_only: bool = False,
    rewrite: bool = False,
    populate: bool = False,
    huge_pages: bool = False,
    lock: bool = False,
    catch_faults: bool = False,
    write_behind: bool = False,
    shared_claims: bool = False,
    uncached: bool = False,
    punch_holes: bool = False,
    allocator: Union[Allocator, SharedAllocator, None] = None,
    checkpoint: Union[tuple[Path, Readable], None] = None,
    allocate_from: int = 0,
    engine: int = Engine.AUTO,
    pattern: int = Pattern.UNKNOWN,
    max_size: int = 0,
    grow_step: int = 0,
    dirty_limit: int = 0,
) -> File:
    """The same from a descriptor, which the caller still has to close."""
    flags = {
        lib.RMMAP_READ_ONLY: read_only,
        lib.RMMAP_REWRITE: rewrite,
        lib.RMMAP_POPULATE: populate,
        lib.RMMAP_HUGE_PAGES: huge_pages,
        lib.RMMAP_LOCK_FILE: lock,
        lib.RMMAP_CATCH_FAULTS: catch_faults,
        lib.RMMAP_WRITE_BEHIND: write_behind,
        lib.RMMAP_SHARED_CLAIMS: shared_claims,
        lib.RMMAP_UNCACHED: uncached,
        lib.RMMAP_PUNCH_HOLES: punch_holes,
    }
    options = _options(flags, allocator, allocate_from, engine, pattern, (max_size, grow_step),
                       dirty_limit)
    return _opened(fd, checkpoint, options, lib.rmmap_open_fd, fd)


def _encoded(path: Path) -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    return encoded
