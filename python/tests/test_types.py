# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the types are worth to who uses them."""
import pathlib
import re
import typing
from collections.abc import Iterator

import pytest
import rangedmmap

REFUSED = pathlib.Path(__file__).parent / "refused.py"


def test_mypy_refuses_what_it_must(tmp_path: pathlib.Path) -> None:
    mypy = pytest.importorskip("mypy.api")
    expected = {}
    for number, line in enumerate(REFUSED.read_text().splitlines(), 1):
        comment = re.match(r" *# error: (.*)", line)
        if comment:
            expected[number + 1] = comment[1]
    assert len(expected) > 15
    package = pathlib.Path(rangedmmap.__file__).parent
    output, problems, _ = mypy.run(
        ["--strict", "--config-file=", f"--cache-dir={tmp_path}", "--no-error-summary",
         "--no-pretty", str(package), str(REFUSED)])
    assert not problems
    found = {}
    for line in output.splitlines():
        told = re.search(r"refused\.py:(\d+): error: (.*)", line)
        if told:
            found[int(told[1])] = told[2]
        else:
            assert ": note: " in line, line
    assert not [(number, found.get(number, "is taken")) for number, told in expected.items()
                if not re.search(told, found.get(number, ""))]
    assert not [(number, told) for number, told in found.items() if number not in expected]


def annotated() -> Iterator[tuple[str, typing.Any]]:
    """What is public, and its hints as they are written."""
    for name in rangedmmap.__all__:
        public = getattr(rangedmmap, name)
        members = vars(public) if isinstance(public, type) else {name: public}
        for member, value in members.items():
            if isinstance(value, property):
                value = value.fget
            if not member.startswith("_") and callable(value):
                for about, hint in getattr(value, "__annotations__", {}).items():
                    yield f"{name}.{member}, {about}", hint


def test_nothing_public_is_any() -> None:
    hints = dict(annotated())
    assert len(hints) > 80
    assert not [about for about, hint in hints.items() if "Any" in str(hint)]
