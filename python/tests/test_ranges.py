# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ranges and receipts, and the bytes that they stand for."""
import array
import errno
import os
import pathlib
import signal
import threading
import time

import pytest
import rangedmmap
from conftest import SIZE
from rangedmmap import ALIGNMENT, File
from test_files import expect

PAGE = b"p" * ALIGNMENT


def test_allocation(file: File) -> None:
    part = file.allocate(5000)
    assert (part.start, part.end, part.length, part.empty) == (0, 8192, 8192, False)
    assert part.file is file and file.allocated == 8192 and file.remaining == SIZE - 8192
    expect(errno.ENOSPC, file.allocate, SIZE, exact=True)
    assert file.allocate(SIZE).end == SIZE
    expect(errno.ENOSPC, file.allocate, 1)
    assert part != part.mark_written()
    expect(errno.EOPNOTSUPP, part.give_back)


def test_owners(file: File, path: pathlib.Path) -> None:
    part = file.allocate(8192)
    expect(errno.EBUSY, file.claim, 0, 8192)
    expect(errno.EBUSY, file.decode_range, part.encode())
    part.unclaim()
    expect(errno.EINVAL, part.unclaim)
    claimed = file.claim(0, 8192)
    assert claimed == part and len({claimed, part}) == 1
    claimed.unclaim()
    assert file.claim(0, ALIGNMENT) != part
    with rangedmmap.open(path, shared_claims=True) as again:
        assert again.remaining == 0 and again.claim(0, SIZE) == again.claim(0, SIZE)
    with rangedmmap.open(path, rewrite=True) as again:
        assert again.allocate(1).start == 0


def test_writing_and_reading(file: File) -> None:
    part = file.allocate(1)
    receipt = part.write(PAGE)
    assert receipt.range == part and part.read() == PAGE
    assert (receipt.start, receipt.end, receipt.length) == (0, ALIGNMENT, ALIGNMENT)
    assert receipt == part.mark_written() and hash(receipt) == hash(part.mark_written()) and not receipt.empty
    expect(errno.EMSGSIZE, part.write, b"short")
    buffer = bytearray(ALIGNMENT + 1)
    assert part.readinto(buffer) == ALIGNMENT and buffer == PAGE + b"\0"
    expect(errno.ENOBUFS, part.readinto, bytearray(1))
    with pytest.raises((TypeError, BufferError)):
        part.readinto(bytes(ALIGNMENT))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        part.write("text")  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [bytearray(PAGE), memoryview(PAGE), array.array("b", PAGE),
                                  memoryview(PAGE).cast("Q")], ids=lambda data: type(data).__name__)
def test_whatever_shows_its_memory_can_be_written(file: File, data: bytearray) -> None:
    assert file.allocate(1).write(data).range.read() == PAGE


def test_pieces(file: File) -> None:
    part = file.allocate(1)
    part.writev([b"ab", bytearray(b"c"), memoryview(PAGE)[3:]])
    assert part.read() == b"abc" + PAGE[3:]
    part.write_within(2, b"CD")
    expect(errno.ERANGE, part.write_within, ALIGNMENT - 1, b"CD")
    assert part.mark_written().range.read_within(1, 4) == b"bCDp"
    part.sync_within(2, 2)
    buffer = bytearray(2)
    part.readinto_within(0, buffer)
    assert buffer == b"ab"


def test_from_a_descriptor_in_steps(file: File) -> None:
    part = file.allocate(1)
    out, into = os.pipe()
    os.set_blocking(out, False)
    with os.fdopen(out, "rb") as source, os.fdopen(into, "wb", buffering=0) as sink:
        sink.write(PAGE[:1000])
        with pytest.raises(BlockingIOError) as caught:
            part.write_from_fd(source)
        assert caught.value.characters_written == 1000
        sink.write(PAGE[1000:])
        assert part.write_from_fd(source, 1000).range.read() == PAGE
        sink.close()
        with pytest.raises(OSError) as ended:
            part.write_from_fd(source.fileno(), 7)
    assert ended.value.errno == errno.ENODATA and ended.value.characters_written == 7  # type: ignore


def test_a_signal_does_not_end_a_read_of_a_descriptor(file: File) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: seen.append(number))
    out, into = os.pipe()

    def disturb() -> None:
        for part in range(4):
            time.sleep(0.05)
            signal.pthread_kill(main, signal.SIGUSR1)
            os.write(into, PAGE[part::4])
        os.close(into)

    main = threading.get_ident()
    helper = threading.Thread(target=disturb)
    helper.start()
    try:
        assert file.allocate(1).write_from_fd(out).range.read() == PAGE
    finally:
        helper.join()
        signal.signal(signal.SIGUSR1, before)
        os.close(out)
    assert seen


def test_splits(file: File) -> None:
    whole = file.allocate(3 * ALIGNMENT)
    low, high = whole.split_up(1)
    assert low is not None and high is not None
    assert (low.end, high.start, high.end) == (ALIGNMENT, ALIGNMENT, 3 * ALIGNMENT)
    assert whole.split_up(whole.length) == (whole, None)
    assert whole.split_down(ALIGNMENT - 1) == (None, whole)
    expect(errno.ERANGE, whole.split_down, whole.length + 1)
    empty, _ = whole.split_up(0)
    assert empty is not None and empty.empty and empty.write(b"").empty and not empty.view()


def test_durability(file: File) -> None:
    receipts = [file.allocate(1).write(PAGE) for _ in range(3)]
    receipts[0].flush()
    file.flush()
    receipts[0].sync()
    file.sync_receipts(receipts)
    file.sync_receipts([])
    file.sync()
    file.allocate(1).write(PAGE, durable=True)
    info = file.describe()
    assert info.flush_calls == 2 and info.sync_calls >= 4 and info.sync_rounds >= 1


def test_encoded(file: File, path: pathlib.Path) -> None:
    part = file.allocate(2 * ALIGNMENT)
    receipt = part.mark_written()
    state = file.save_allocator()
    assert len(part.encode()) == rangedmmap.RANGE_ENCODED_SIZE
    assert len(receipt.encode()) == rangedmmap.RECEIPT_ENCODED_SIZE
    with rangedmmap.open(path) as again:
        again.restore_allocator(state)
        assert again.decode_range(part.encode()).end == part.end
        assert again.decode_receipt(bytearray(receipt.encode())).end == part.end
        expect(errno.EBADMSG, again.decode_range, receipt.encode())
        expect(errno.EXDEV, part.through(again).read)
        expect(errno.EXDEV, again.sync_receipts, [receipt])
        assert again.allocate(1).start == part.end
        expect(errno.EBUSY, again.restore_allocator, state)


def test_raw(file: File) -> None:
    file.raw_fill(0x5A)
    file.raw_write(3, b"raw")
    assert file.raw_read(2, 5) == b"ZrawZ" and file.raw_read(SIZE, 1) == b""
    expect(errno.ERANGE, file.raw_write, SIZE - 1, b"raw")
    file.raw_flush(0, ALIGNMENT)
    file.raw_sync(3, 3)
    assert file.raw_view()[3:6] == b"raw"
    file.raw_data()[3] = ord("R")
    buffer = bytearray(4)
    assert file.raw_readinto(SIZE - 1, buffer) == 1 and file.raw_read(3, 1) == b"R"
    file.raw_zero()
    assert file.raw_read(0, 6) == bytes(6)
    with pytest.raises(OverflowError):
        file.raw_fill(256)
