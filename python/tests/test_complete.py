# SPDX-License-Identifier: MIT OR Apache-2.0
"""Nothing public is forgotten, and what README.md shows works."""
import os
import pathlib
import re

import pytest
import rangedmmap
from rangedmmap._rangedmmap import lib

TOP = pathlib.Path(os.environ.get("top_srcdir", pathlib.Path(__file__).parents[2]))

# body is left without unwinding, which no Python frame survives.
LEFT_OUT = {"rmmap_guard_call"}


def test_every_function_is_used() -> None:
    map_file = TOP / "lib" / "librangedmmap.map"
    if not map_file.exists():
        pytest.skip(f"{map_file} isn't there")
    public = set(re.findall(r"^\s+(rmmap_\w+);", map_file.read_text(), re.M))
    package = pathlib.Path(rangedmmap.__file__).parent
    used = set()
    for source in package.glob("*.py"):
        used |= set(re.findall(r"\blib\.(rmmap_\w+)", source.read_text()))
    assert len(public) > 60
    assert public - used == LEFT_OUT
    assert all(hasattr(lib, name) for name in used)


def test_the_example_works(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = pathlib.Path(__file__).parents[1] / "README.md"
    examples = re.findall(r"^```python\n(.*?)^```", readme.read_text(), re.M | re.S)
    assert examples
    monkeypatch.chdir(tmp_path)
    for example in examples:
        exec(compile(example, str(readme), "exec"), {"__name__": "__main__"})
    assert (tmp_path / "squares.bin").stat().st_size == 1 << 20
