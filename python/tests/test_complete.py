# SPDX-License-Identifier: MIT OR Apache-2.0
"""Nothing public is forgotten, and what README.md shows works."""
import pathlib
import re

import pytest
import rangedmmap
from rangedmmap._rangedmmap import lib

LEFT_OUT = {
    # body is left without unwinding, which no Python frame survives.
    "rmmap_guard_call",
    # For allocators of one's own: the library would call Python where it can't be.
    "RMMAP_ALLOCATE_EXACT",
    "RMMAP_ALLOCATOR_START_AT_END",
    "RMMAP_ALLOCATOR_THREAD_SAFE",
    # What a split is that gives neither of the others.
    "RMMAP_SPLIT_BOTH",
}


def test_all_of_the_header_is_used() -> None:
    used = set()
    for source in pathlib.Path(rangedmmap.__file__).parent.glob("*.py"):
        used |= set(re.findall(r"\blib\.(\w+)", source.read_text()))
    assert set(dir(lib)) - used == LEFT_OUT


def test_the_example_works(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = pathlib.Path(__file__).parents[1] / "README.md"
    examples = re.findall(r"^```python\n(.*?)^```", readme.read_text(), re.M | re.S)
    assert examples
    monkeypatch.chdir(tmp_path)
    for example in examples:
        exec(compile(example, str(readme), "exec"), {"__name__": "__main__"})
    assert (tmp_path / "squares.bin").stat().st_size == 1 << 20
