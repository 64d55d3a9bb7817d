# SPDX-License-Identifier: MIT OR Apache-2.0
"""Create, open, options, and which error is which exception."""
import errno
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import rangedmmap
from conftest import SIZE
from rangedmmap import ALIGNMENT, Allocator, Engine, Fact, Pattern, Uncached


def test_create_makes_a_file_of_that_size(path: pathlib.Path) -> None:
    with rangedmmap.create(path, SIZE, mode=0o600) as file:
        assert file.size == SIZE == os.fstat(file.fileno()).st_size
        assert path.stat().st_mode & 0o777 == 0o600
        assert not file.closed
    assert file.closed
    file.close()


def test_permissions(path: pathlib.Path) -> None:
    before = os.umask(0o027)
    try:
        for mode, found in ((None, 0o640), (0o666, 0o640), (0o604, 0o600), (0o200, 0o200)):
            with rangedmmap.create(path, SIZE, mode=mode):
                assert path.stat().st_mode & 0o777 == found
            path.unlink()
        with pytest.raises(ValueError, match="mode 0"):
            rangedmmap.create(path, SIZE, mode=0)
        assert not path.exists()
    finally:
        os.umask(before)


@pytest.mark.parametrize("spell", [str, os.fsencode, pathlib.Path])
def test_paths_of_all_kinds(path: pathlib.Path, spell: Any) -> None:
    rangedmmap.create(spell(path), SIZE).close()
    rangedmmap.open(spell(path)).close()


def test_an_error_is_the_subclass_of_its_errno(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        rangedmmap.open(path)
    assert caught.value.errno == errno.ENOENT and caught.value.filename == path
    rangedmmap.create(path, SIZE).close()
    with pytest.raises(FileExistsError):
        rangedmmap.create(path, SIZE, must_create=True)
    with pytest.raises(IsADirectoryError):
        rangedmmap.open(tmp_path)
    with rangedmmap.create(path, SIZE, lock=True):
        with pytest.raises(OSError) as busy:
            rangedmmap.open(path)
    assert busy.value.errno == errno.EBUSY


def test_an_error_tells_what_was_asked_and_what_there_was(path: pathlib.Path) -> None:
    with rangedmmap.create(path, 4 * ALIGNMENT) as file:
        part = file.allocate(5000)
        small = bytearray(100)
        calls: list[tuple[int, str, Callable[[], object]]] = [
            (errno.ENOSPC, "9000 bytes wanted, 8192 left", lambda: file.allocate(9000, exact=True)),
            (errno.ERANGE, "8192 to 16384 of a file of 16384", lambda: file.claim(8192, 16384)),
            (errno.EMSGSIZE, "5000 bytes into a range of 8192", lambda: part.write(b"x" * 5000)),
            (errno.EMSGSIZE, "5000 bytes into a range of 8192",
             lambda: part.writev([b"x" * 4000, b"x" * 1000])),
            (errno.ERANGE, "100 bytes at 8093 of a range of 8192",
             lambda: part.write_within(8093, small)),
            (errno.ERANGE, "100 bytes at 8093 of a range of 8192",
             lambda: part.readinto_within(8093, small)),
            (errno.ERANGE, "2 bytes at 8191 of a range of 8192", lambda: part.sync_within(8191, 2)),
            (errno.ERANGE, "at 8193 of a range of 8192", lambda: part.split_up(8193)),
            (errno.ERANGE, "at 8193 of a range of 8192", lambda: part.split_down(8193)),
            (errno.ENOBUFS, "a buffer of 100 bytes for a range of 8192",
             lambda: part.readinto(small)),
            (errno.EBADMSG, "100 bytes for 40", lambda: file.decode_range(small)),
            (errno.EBADMSG, "100 bytes for 40", lambda: file.decode_receipt(small)),
            (errno.ERANGE, "100 bytes at 16300 of a file of 16384",
             lambda: file.raw_write(16300, small)),
            (errno.ERANGE, "100 bytes at 16300 of a file of 16384",
             lambda: file.raw_flush(16300, 100)),
            (errno.ERANGE, "100 bytes at 16300 of a file of 16384",
             lambda: file.raw_sync(16300, 100)),
        ]
        for number, words, call in calls:
            with pytest.raises(OSError) as caught:
                call()
            assert caught.value.errno == number and caught.value.filename == path
            assert caught.value.strerror == f"{os.strerror(number)}: {words}"
        with file.clone() as again, pytest.raises(OSError) as caught:
            part.through(again).write(b"")
        assert caught.value.filename == path


def expect(number: int, call: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(OSError) as caught:
        call(*arguments, **named)
    assert caught.value.errno == number


def test_options_that_do_not_fit(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    expect(errno.EINVAL, rangedmmap.create, path, 0)
    expect(errno.EFBIG, rangedmmap.create, path, 1 << 60)
    expect(errno.EOPNOTSUPP, rangedmmap.create, path, SIZE, engine=77)
    (tmp_path / "empty").touch()
    expect(errno.ENODATA, rangedmmap.open, tmp_path / "empty")
    (tmp_path / "link").symlink_to("empty")
    expect(errno.ELOOP, rangedmmap.open, tmp_path / "link", follow=False)
    with pytest.raises(ValueError):
        rangedmmap.create("a\0b", SIZE)
    with pytest.raises(OverflowError):
        rangedmmap.create(path, -1)


def test_read_only(path: pathlib.Path) -> None:
    path.write_bytes(b"r" * SIZE)
    with rangedmmap.open(path, read_only=True) as file:
        part = file.allocate(10)
        assert part.read() == b"r" * ALIGNMENT
        expect(errno.EROFS, part.write, b"w" * ALIGNMENT)
        expect(errno.EROFS, part.data)
        assert part.view()[0] == ord("r")


def test_open_fd(path: pathlib.Path) -> None:
    path.write_bytes(b"d" * SIZE)
    fd = os.open(path, os.O_RDWR)
    with rangedmmap.open_fd(fd, populate=True) as file:
        os.close(fd)
        assert file.raw_read(SIZE - 2, 10) == b"dd"
        assert file.fileno() != fd or os.fstat(file.fileno())


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("pattern", list(Pattern))
def test_what_was_asked_for_is_described(path: pathlib.Path, engine: Engine,
                                         pattern: Pattern) -> None:
    with rangedmmap.create(path, SIZE, catch_faults=True, engine=engine, pattern=pattern,
                           huge_pages=True, allocate_from=1) as file:
        info = file.describe()
    assert info.pattern is pattern and Fact.CATCH_FAULTS in info.facts
    assert engine is Engine.AUTO or info.engine is engine
    assert info.file_size == SIZE and info.allocated == ALIGNMENT and info.error == 0
    assert info.page_size == os.sysconf("SC_PAGESIZE") and info.file_system and info.engine_reason


def test_there_is_no_error(file: rangedmmap.File) -> None:
    file.allocate(1)
    file.sync()
    assert file.error == 0 == file.describe().error
    file.close()
    with pytest.raises(ValueError):
        file.error


def test_the_dirty_budget_is_described(path: pathlib.Path) -> None:
    with rangedmmap.create(path, SIZE, dirty_limit=3 * SIZE) as file:
        file.raw_write(0, b"d" * ALIGNMENT)
        before = file.describe()
        file.sync()
        after = file.describe()
        with rangedmmap.open(path, uncached=True) as other:
            uncached = other.describe()
    # A file in memory has no limit, and nothing in it is dirty.
    if before.dirty_limit:
        assert before.dirty_limit == 3 * SIZE and before.dirty_bytes == ALIGNMENT
        assert after.dirty_bytes == 0 and after.dirty_highest == ALIGNMENT
    else:
        assert uncached.uncached is Uncached.UNAVAILABLE and before.dirty_highest == 0
    assert before.uncached is Uncached.OFF and uncached.uncached in list(Uncached)[1:]
    assert before.dirty_limit_reason and before.uncached_reason != uncached.uncached_reason


@pytest.mark.parametrize("allocator", list(Allocator))
def test_allocators(path: pathlib.Path, allocator: Allocator) -> None:
    with rangedmmap.create(path, SIZE, allocator=allocator, preallocate=False) as file:
        assert file.describe().allocator == allocator.value
        assert Fact.RESERVED not in file.describe().facts


def test_a_closed_file_is_a_value_error(file: rangedmmap.File) -> None:
    part = file.allocate(1)
    receipt = part.mark_written()
    file.close()
    calls: list[Callable[[], object]] = [
        file.fileno, file.clone, file.describe, file.sync, file.__enter__, lambda: file.size,
        lambda: file.remaining, part.read, part.data, receipt.sync]
    for call in calls:
        with pytest.raises(ValueError):
            call()
    assert part.length == ALIGNMENT and "closed" in repr(file) and "0..4096" in repr(part)


def test_a_clone_lives_on_its_own(file: rangedmmap.File) -> None:
    part = file.allocate(1)
    with file.clone() as again:
        file.close()
        part.through(again).write(b"c" * ALIGNMENT)
        assert again.raw_read(0, 1) == b"c" and again.allocated == ALIGNMENT


def test_nobody_makes_one_by_hand() -> None:
    for kind in (rangedmmap.File, rangedmmap.Range, rangedmmap.Receipt):
        with pytest.raises(TypeError):
            kind()


def test_a_forked_child_may_write_but_not_allocate(file: rangedmmap.File) -> None:
    part = file.allocate(1)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            part.write(b"f" * ALIGNMENT)
            assert Fact.FORKED in file.describe().facts
            expect(errno.EPERM, file.allocate, 1)
            file.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert part.read() == b"f" * ALIGNMENT


def test_version_and_alignment() -> None:
    assert rangedmmap.__version__ == ".".join(map(str, rangedmmap.version()))
    assert rangedmmap.align_up(1) == ALIGNMENT and rangedmmap.align_down(2 * ALIGNMENT - 1) == ALIGNMENT


def test_a_file_grows(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    with rangedmmap.create(path, ALIGNMENT, keep=True, max_size=64 * ALIGNMENT,
                           grow_step=ALIGNMENT) as file:
        assert Fact.CREATED in file.describe().facts
        assert file.describe().max_size == file.remaining == 64 * ALIGNMENT
        ranges = [file.allocate(ALIGNMENT) for _ in range(8)]
        assert ranges[-1].end == file.size == 8 * ALIGNMENT
        file.grow(16 * ALIGNMENT)
        with pytest.raises(OSError) as raised:
            file.grow(65 * ALIGNMENT)
        assert raised.value.errno == errno.EFBIG
        file.trim()
        assert file.size == path.stat().st_size == 8 * ALIGNMENT
        file.grow(16 * ALIGNMENT)
        file.close(sync=True)
        assert file.closed
    with rangedmmap.create(path, ALIGNMENT, keep=True) as file:
        assert Fact.CREATED not in file.describe().facts and file.size == 16 * ALIGNMENT
        file.grow()


def test_publishing(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"older")
    with rangedmmap.create(tmp_path, SIZE, unnamed=True) as file:
        file.raw_write(0, b"whole")
        view = file.raw_view()
        with pytest.raises(OSError) as busy:
            file.publish(target, 5)
        assert busy.value.errno == errno.EBUSY
        del view
        with pytest.raises(FileExistsError):
            file.publish(target, 5, replace=False)
        assert target.read_bytes() == b"older"
        file.publish(target, 5)
        assert target.read_bytes() == file.raw_read(0, 100) == b"whole" and file.size == 5
        with pytest.raises(OSError) as sealed:
            file.raw_write(0, b"x")
        assert sealed.value.errno == errno.EROFS
    with rangedmmap.create(tmp_path / "part", SIZE) as file:
        file.publish(target, sync=False)
        file.sync()
    assert os.listdir(tmp_path) == ["target"] and target.stat().st_size == SIZE


def test_a_shared_allocator(tmp_path: pathlib.Path) -> None:
    allocator = rangedmmap.SharedAllocator(tmp_path / "state")
    with rangedmmap.create(tmp_path / "file", 4 * 4096, allocator=allocator) as one:
        with rangedmmap.open(tmp_path / "file", allocator=allocator) as other:
            assert one.allocate(4096).start == 0
            assert other.allocate(4096).start == 4096
            assert one.describe().allocator == "shared"


def test_a_checkpoint_resumes(tmp_path: pathlib.Path) -> None:
    path, checkpoint = tmp_path / "data", (tmp_path / "side", b"job \0 17")
    for done in (0, 2):
        with rangedmmap.create(path, 4 * ALIGNMENT, keep=True, checkpoint=checkpoint) as file:
            assert list(file.recorded()) == ([(0, done * ALIGNMENT)] if done else [])
            info = file.describe()
            assert info.recorded == done * ALIGNMENT and info.allocator == "reusing"
            assert (Fact.RESUMED in info.facts) == (done > 0)
            assert file.remaining == (4 - done) * ALIGNMENT
            for _ in range(2):
                part = file.allocate(ALIGNMENT)
                part.write(bytes(ALIGNMENT))
            file.sync()
            assert file.describe().recorded == (done + 2) * ALIGNMENT
    with rangedmmap.open(path, checkpoint=checkpoint) as file:
        file.claim(ALIGNMENT, 2 * ALIGNMENT).give_back()
        assert list(file.recorded()) == [(0, ALIGNMENT), (2 * ALIGNMENT, 4 * ALIGNMENT)]
    with pytest.raises(OSError) as raised:
        rangedmmap.open(path, checkpoint=(checkpoint[0], b"another"))
    assert raised.value.errno == errno.ESTALE
    with pytest.raises(OSError) as raised:
        rangedmmap.open(path, checkpoint=checkpoint, allocator=Allocator.CONCURRENT)
    assert raised.value.errno == errno.EOPNOTSUPP
    with rangedmmap.open(path) as file:
        with pytest.raises(OSError) as raised:
            list(file.recorded())
        assert raised.value.errno == errno.EOPNOTSUPP
