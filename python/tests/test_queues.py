# SPDX-License-Identifier: MIT OR Apache-2.0
"""The completion queue in asyncio."""
import asyncio
import errno
import os
import pathlib
import select

import pytest
import rangedmmap
from rangedmmap import ALIGNMENT, File, Queue

PAGE = b"q" * ALIGNMENT


def test_writes_and_syncs(file: File, path: pathlib.Path) -> None:
    async def work() -> None:
        async with Queue() as queue:
            part, other = file.allocate(ALIGNMENT), file.allocate(ALIGNMENT)
            receipt = await queue.write(part, PAGE, durable=False)
            assert receipt == part.mark_written()
            await queue.sync(file, [receipt])
            await queue.sync(file, [])
            await queue.write(other, bytearray(PAGE))
            await queue.sync(file)
        assert queue.closed

    asyncio.run(work())
    assert path.read_bytes()[: 2 * ALIGNMENT] == 2 * PAGE


def test_many_share_rounds(file: File) -> None:
    async def work() -> None:
        receipt = file.allocate(ALIGNMENT).write(PAGE)
        file.sync()
        before = file.describe()
        async with Queue(depth=1000, threads=1) as queue:
            await asyncio.gather(*(queue.sync(file, [receipt]) for _ in range(1000)))
        after = file.describe()
        assert after.sync_calls - before.sync_calls == 1000
        assert after.sync_rounds - before.sync_rounds < 500

    asyncio.run(work())


def test_what_was_not_awaited_is_done(file: File) -> None:
    async def work() -> None:
        async with Queue() as queue:
            queue.sync(file).cancel()
            future = queue.write(file.allocate(ALIGNMENT), PAGE)
        assert future.done() and future.result().length == ALIGNMENT
        with Queue() as queue:
            future = queue.write(file.allocate(ALIGNMENT), PAGE)
        assert future.cancelled()
        assert file.raw_read(0, 2 * ALIGNMENT) == 2 * PAGE

    asyncio.run(work())


def test_errors(file: File, path: pathlib.Path) -> None:
    async def work() -> None:
        part = file.allocate(ALIGNMENT)
        receipt = part.mark_written()
        queue = Queue(depth=1, threads=1)
        with pytest.raises(OSError, match="1 bytes into a range of 4096") as caught:
            await queue.write(part, b"x")
        assert caught.value.errno == errno.EMSGSIZE and caught.value.filename == path
        with rangedmmap.create(path.with_name("other"), ALIGNMENT) as other:
            with pytest.raises(OSError) as caught:
                await queue.sync(other, [receipt])
        assert caught.value.errno == errno.EXDEV
        first = queue.sync(file)
        with pytest.raises(BlockingIOError):
            queue.sync(file)
        await first
        await queue.sync(file)
        queue.close()
        queue.close()
        for call in (lambda: queue.sync(file), queue.fileno, queue.__enter__):
            with pytest.raises(ValueError, match="closed queue"):
                call()

    asyncio.run(work())
    with pytest.raises(OSError):
        Queue(threads=5000)
    with Queue() as queue, pytest.raises(RuntimeError):
        queue.sync(file)  # no loop runs


def test_an_error_of_the_work(path: pathlib.Path) -> None:
    async def work() -> None:
        with rangedmmap.create(path, 2 * ALIGNMENT, catch_faults=True) as file:
            part = file.allocate(ALIGNMENT)
            os.truncate(path, 0)
            async with Queue() as queue:
                with pytest.raises(OSError) as caught:
                    await queue.write(part, PAGE)
            assert caught.value.errno == errno.ESTALE and caught.value.filename == path

    asyncio.run(work())


def test_one_loop_after_another(file: File) -> None:
    async def sync() -> None:
        await queue.sync(file)

    with Queue() as queue:
        for _ in range(3):
            asyncio.run(sync())
        assert not select.select([queue], [], [], 0)[0]


def test_the_loop_runs_meanwhile(file: File) -> None:
    async def work() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticker = asyncio.ensure_future(tick())
        async with Queue() as queue:
            for _ in range(20):
                await queue.write(file.allocate(ALIGNMENT), PAGE)
        ticker.cancel()
        return ticks

    assert asyncio.run(work()) > 20
