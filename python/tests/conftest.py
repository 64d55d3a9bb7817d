# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
from collections.abc import Iterator

import pytest
import rangedmmap

SIZE = 64 * rangedmmap.ALIGNMENT


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "file"


@pytest.fixture
def file(path: pathlib.Path) -> Iterator[rangedmmap.File]:
    with rangedmmap.create(path, SIZE) as created:
        yield created
