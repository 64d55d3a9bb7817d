# SPDX-License-Identifier: MIT OR Apache-2.0
"""Views are the file's own bytes, and nobody can take the file away under them."""
import gc
import os
import pathlib

import pytest
import rangedmmap
from conftest import SIZE
from rangedmmap import ALIGNMENT, File


def mapped(path: pathlib.Path) -> bool:
    return str(path) in pathlib.Path("/proc/self/maps").read_text()


def test_no_copy(file: File, path: pathlib.Path) -> None:
    part = file.allocate(2 * ALIGNMENT)
    data, view = part.data(), part.view()
    assert data.nbytes == view.nbytes == part.length and data.format == "B"
    data[10:13] = b"new"
    assert view[10:13] == b"new" == part.read_within(10, 3) == path.read_bytes()[10:13]
    part.write_within(10, b"NEW")
    assert data[10:13] == b"NEW"


def test_a_view_to_read_by_cannot_be_written(file: File) -> None:
    for view in (file.allocate(1).view(), file.raw_view()):
        assert view.readonly
        with pytest.raises(TypeError):
            view[0] = 1


def test_a_view_outlives_everything(path: pathlib.Path) -> None:
    file = rangedmmap.create(path, SIZE)
    part = file.allocate(1)
    views = [part.data(), part.view(), file.raw_data(), file.raw_view()]
    views = [view.cast("I")[1:] for view in views] + views
    views[4][:3] = b"123"
    file.close()
    del file, part
    gc.collect()
    assert mapped(path)
    while views:
        view = views.pop()
        assert view.nbytes >= ALIGNMENT - 4
        assert bytes(view[:3]) == b"123" if view.format == "B" else view[0] == 0
        del view
        gc.collect()
        assert mapped(path) == bool(views)


def test_the_last_one_lets_go(path: pathlib.Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        with rangedmmap.create(path, SIZE) as file:
            data = file.raw_data()
            again = file.clone()
        data[0] = 1
        data.release()
        again.close()
    assert not mapped(path)
    assert len(os.listdir("/proc/self/fd")) == before
