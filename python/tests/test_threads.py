# SPDX-License-Identifier: MIT OR Apache-2.0
"""Threads, and the interpreter's lock."""
import os
import pathlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import rangedmmap
from rangedmmap import ALIGNMENT, File

THREADS = 8
TURNS = 100


def test_threads_write_disjoint_ranges(path: pathlib.Path) -> None:
    def work(number: int) -> list[rangedmmap.Receipt]:
        page = bytes([number]) * ALIGNMENT
        return [file.allocate(ALIGNMENT).write(page) for _ in range(TURNS)]

    with rangedmmap.create(path, THREADS * TURNS * ALIGNMENT) as file:
        with ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(work, range(1, THREADS + 1)))
        assert file.remaining == 0
        file.sync_receipts(receipt for receipts in done for receipt in receipts)
    content = path.read_bytes()
    taken = set()
    for number, receipts in enumerate(done, 1):
        for receipt in receipts:
            assert content[receipt.start : receipt.end] == bytes([number]) * ALIGNMENT
            taken.add(receipt.start)
    assert len(taken) == THREADS * TURNS


def test_closed_while_others_write(path: pathlib.Path) -> None:
    """What was under way ends as it would have; what comes later is ValueError."""
    length = 64 * ALIGNMENT
    page = bytes(length)

    def work(part: rangedmmap.Range) -> str:
        try:
            while True:
                ready.set()
                part.write(page)
                part.write_within(0, page)
                part.read()
                part.data()[:5] = b"after"
        except ValueError as error:
            return str(error)

    for _ in range(20):
        file = rangedmmap.create(path, 4 * length)
        parts = [file.allocate(length) for _ in range(4)]
        ready = threading.Event()
        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(work, part) for part in parts]
            ready.wait()
            time.sleep(0.005)
            file.close()
            assert {one.result() for one in running} == {"operation on a closed file"}
        assert str(path) not in pathlib.Path("/proc/self/maps").read_text()


@pytest.fixture
def unswitched() -> object:
    """Only who gives the lock up lets another thread run."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


SLICE = 64 << 20
CALLS: dict[str, Callable[[File, rangedmmap.Range, bytearray], object]] = {
    "write": lambda file, part, data: part.write(data),
    "durable write": lambda file, part, data: part.write(data, durable=True),
    "writev": lambda file, part, data: part.writev([data]),
    "write_within": lambda file, part, data: part.write_within(0, data),
    "readinto": lambda file, part, data: part.readinto(data),
    "readinto_within": lambda file, part, data: part.readinto_within(0, data),
    "raw_write": lambda file, part, data: file.raw_write(0, data),
    "raw_readinto": lambda file, part, data: file.raw_readinto(0, data),
    "raw_fill": lambda file, part, data: file.raw_fill(1),
    "sync": lambda file, part, data: file.sync(),
    "receipt's sync": lambda file, part, data: part.mark_written().sync(),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_gives_up_the_lock(path: pathlib.Path, unswitched: object, name: str) -> None:
    turns = [0]
    stop = False

    def count() -> None:
        while not stop:
            turns[0] += 1
            time.sleep(0.0001)

    with rangedmmap.create(path, SLICE) as file:
        part = file.allocate(SLICE)
        data = bytearray(SLICE)
        part.write(data)
        other = threading.Thread(target=count)
        other.start()
        try:
            # Nothing between the two looks at the count gives the lock up but the call.
            for _ in range(20):
                before = turns[0]
                CALLS[name](file, part, data)
                if turns[0] > before:
                    break
            assert turns[0] > before
        finally:
            stop = True
            other.join()


def test_a_call_that_waits_lets_others_run(file: File) -> None:
    out, into = os.pipe()
    part = file.allocate(1)
    helper = threading.Timer(0.05, lambda: os.write(into, b"w" * ALIGNMENT))
    helper.start()
    assert part.write_from_fd(out).range.read() == b"w" * ALIGNMENT
    helper.join()
    os.close(out)
    os.close(into)
