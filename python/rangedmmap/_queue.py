# SPDX-License-Identifier: MIT OR Apache-2.0
"""The completion queue, for asyncio."""
from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, NamedTuple, Union

from ._calls import Readable, check
from ._file import File
from ._range import INTO_RANGE, Range, Receipt
from ._rangedmmap import ffi, lib

REAPED_AT_ONCE = 64


class _Waiting(NamedTuple):
    future: asyncio.Future[Any]
    path: Any  # for errors
    result: Callable[[], Any]
    memory: Any  # what the library reads until then, or None


class Queue:
    """Writes and syncs in threads of its own, for one event loop of asyncio at a time:

        async with rangedmmap.Queue() as queue:
            receipt = await queue.write(part, data)
            await queue.sync(file, [receipt])

    A call submits at once and returns a future. One that is cancelled is done all the same. A full
    queue is BlockingIOError."""

    __slots__ = ("_owned", "_cookies", "_waiting", "_loop", "_dispatched", "__weakref__")
    _owned: Any  # struct rmmap_queue *, or None
    _waiting: dict[int, _Waiting]
    _loop: Union[asyncio.AbstractEventLoop, None]  # that watches the descriptor
    _dispatched: Union[asyncio.Event, None]

    def __init__(self, depth: int = 0, threads: int = 0) -> None:
        """depth: how many may be submitted and not done. 0 is the default."""
        options = ffi.new("struct rmmap_queue_options *")
        options.size = ffi.sizeof("struct rmmap_queue_options")
        options.depth = depth
        options.threads = threads
        made = ffi.new("struct rmmap_queue **")
        check(lib.rmmap_queue_create(options, made), None)
        self._owned = ffi.gc(made[0], lib.rmmap_queue_release)
        self._cookies = itertools.count()
        self._waiting = {}
        self._loop = None
        self._dispatched = None

    def __del__(self) -> None:
        """Before the memory that threads of the queue still use goes."""
        if getattr(self, "_owned", None) is not None:
            self.close()

    def _handle(self) -> Any:
        if self._owned is None:
            raise ValueError("operation on a closed queue")
        return self._owned

    # ---- life

    def close(self) -> None:
        """Does all that was submitted, and waits for that. Futures that aren't done are
        cancelled: with "async with", or after awaiting them, there are none."""
        if self._owned is None:
            return
        try:
            self._unwatch()
        except PermissionError:
            pass  # a forked child: the parent's loop watches it
        handle, self._owned = self._owned, None
        ffi.release(handle)
        for waiting in self._waiting.values():
            waiting.future.cancel()
        self._waiting.clear()

    @property
    def closed(self) -> bool:
        return self._owned is None

    def __enter__(self) -> Queue:
        self._handle()
        return self

    def __exit__(self, kind: Union[type[BaseException], None], error: Union[BaseException, None],
                 trace: Union[TracebackType, None]) -> None:
        self.close()

    async def __aenter__(self) -> Queue:
        return self.__enter__()

    async def __aexit__(self, kind: Union[type[BaseException], None],
                        error: Union[BaseException, None],
                        trace: Union[TracebackType, None]) -> None:
        """Waits for what was submitted, and lets the loop run meanwhile."""
        try:
            while self._waiting:  # a future that was cancelled is done before its work is
                self._dispatched = asyncio.Event()
                await self._dispatched.wait()
        finally:
            self.close()

    def fileno(self) -> int:
        """Readable while completions wait. The queue itself watches it while something waits."""
        return check(lib.rmmap_queue_fd(self._handle()), None)

    # ---- submissions

    def sync(self, file: File,
             receipts: Union[Iterable[Receipt], None] = None) -> asyncio.Future[None]:
        """Makes these receipts' ranges durable; without receipts, everything."""
        if receipts is None:
            values, count = ffi.NULL, 0
        else:
            values = ffi.new("struct rmmap_receipt[]", [each._value[0] for each in receipts])
            count = len(values)
        return self._submit(file, lambda: None, None, "", (), lib.rmmap_queue_sync, values, count)

    def write(self, to: Range, data: Readable, *, durable: bool = True) -> asyncio.Future[Receipt]:
        """Writes all of the range, durably unless told otherwise. The data must not change until
        it is done."""
        receipt = ffi.new("struct rmmap_receipt *")
        memory = ffi.from_buffer(data)
        return self._submit(to.file, lambda: Receipt._made(to.file, receipt), memory, INTO_RANGE,
                            (len(memory), to.length), lib.rmmap_queue_write, to._value[0], memory,
                            len(memory), lib.RMMAP_QUEUE_DURABLE if durable else 0, receipt)

    def _submit(self, file: File, result: Callable[[], Any], memory: Any, words: str,
                numbers: tuple[int, ...], call: Callable[..., int],
                *arguments: Any) -> asyncio.Future[Any]:
        handle = self._handle()
        self._watch()
        cookie = next(self._cookies)
        try:
            check(call(handle, file._handle(), *arguments, cookie), file._path, words, *numbers)
        except BaseException:
            if not self._waiting:
                self._unwatch()
            raise
        assert self._loop is not None
        future = self._loop.create_future()
        self._waiting[cookie] = _Waiting(future, file._path, result, memory)
        return future

    # ---- completions

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._waiting:
            raise RuntimeError("another event loop waits for this queue")
        self._unwatch()
        loop.add_reader(self.fileno(), self._dispatch)
        self._loop = loop

    def _unwatch(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None and not loop.is_closed() and self._owned is not None:
            loop.remove_reader(self.fileno())

    def _dispatch(self) -> None:
        done = ffi.new("struct rmmap_completion[]", REAPED_AT_ONCE)
        count = check(lib.rmmap_queue_reap(self._handle(), done, REAPED_AT_ONCE), None)
        for completion in done[0:count]:
            self._finish(self._waiting.pop(completion.cookie), completion.result)
        if not self._waiting:
            self._unwatch()
        if self._dispatched is not None:
            self._dispatched.set()

    def _finish(self, waiting: _Waiting, result: int) -> None:
        if waiting.memory is not None:
            ffi.release(waiting.memory)
        if waiting.future.done():
            return
        try:
            check(result, waiting.path)
        except OSError as error:
            waiting.future.set_exception(error)
        else:
            waiting.future.set_result(waiting.result())
