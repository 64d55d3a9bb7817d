# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the public header declares: every name, of which kind, in which line."""
import re

FORMS = (
    ("function", re.compile(r"^RMMAP_(?:EXPORT|CHECKED)\b.*?\b(rmmap_\w+)\(")),
    ("struct", re.compile(r"^struct (rmmap_\w+)\s*(?:\{|;)")),
    ("enum", re.compile(r"^enum (rmmap_\w+)\s*\{")),
    ("macro", re.compile(r"^#define (RMMAP_\w+)")),
)
ENUM_VALUE = re.compile(r"\b(RMMAP_\w+) = ")
INCLUDE_GUARD = "RMMAP_H"


class Symbol:
    def __init__(self, name, kind, line):
        self.name = name
        self.kind = kind
        self.line = line


def read_header(text):
    """The symbols of the header by name, in its order; of several lines the first one counts."""
    symbols = {}
    for number, line in enumerate(text.splitlines(), 1):
        for kind, form in FORMS:
            found = form.match(line)
            if found and found.group(1) != INCLUDE_GUARD:
                symbols.setdefault(found.group(1), Symbol(found.group(1), kind, number))
        if line.startswith("enum "):
            for name in ENUM_VALUE.findall(line):
                symbols.setdefault(name, Symbol(name, "constant", number))
    return symbols


def version_of(text):
    return re.search(r'^#define RMMAP_VERSION_STRING "([^"]+)"', text, re.M).group(1)
