# SPDX-License-Identifier: MIT OR Apache-2.0
"""build.py SOURCE HEADER OUTPUT PAGE...: HTML of the manual pages named, of the guides in
SOURCE/doc, of the header, and an index of its names, all into the directory OUTPUT.

Needs mandoc and lowdown. Every link between the pages is relative, so they can lie anywhere."""
import glob
import os
import re
import shutil
import sys

from guides import Guide
from manual import SECTIONS, ManualPage
from markup import color_c, escape
from names import read_header, version_of

HERE = os.path.dirname(os.path.abspath(__file__))


class Site:
    def __init__(self, source, header, pages):
        self.source = source
        with open(header, encoding="ascii") as text:
            self.header = text.read()
        with open(os.path.join(HERE, "page.html"), encoding="ascii") as text:
            self.template = text.read()
        self.version = version_of(self.header)
        self.symbols = read_header(self.header)
        self.manual = [ManualPage(page) for page in pages]
        self.guides = [Guide(path) for path in sorted(glob.glob(f"{source}/doc/*.md"))]
        self.pictures = {}  # file name of a picture in a guide: where it is
        self.examples = {}  # file name of a source that a guide refers to: its page
        self.targets = {f"{name}({page.section})": page.file
                        for page in self.manual for name in page.names}
        self.places = self.find_places()
        for name, place in self.places.items():
            self.targets[f"{name}(3)"] = place

    def find_places(self):
        """Where each public name is told: on its own page, or on the one that says most of it."""
        places = {}
        functions = [page for page in self.manual if page.section == "3"]
        for symbol in self.symbols.values():
            best = max(functions, key=lambda page: page.knows(symbol.name))
            owned = symbol.kind in ("macro", "constant") or best.knows(symbol.name) == 4
            if owned and best.knows(symbol.name):
                places[symbol.name] = best.place_of(symbol.name)
        return places

    # ---- links of guides ------------------------------------------------------------------

    def find_target(self, guide, address):
        """The page that an address in a guide means; None: its words stay, without a link."""
        if re.match(r"[a-z]+:|#", address):
            return address
        path, mark, fragment = address.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(guide.path), path))
        if not os.path.exists(file):
            sys.exit(f"{guide.path}: nothing is at {address}")
        local = os.path.relpath(file, self.source)
        folder, name = os.path.split(local)
        if folder == "doc" and name.endswith(".md"):
            return name[:-len(".md")] + ".html" + mark + fragment
        if name.endswith(".svg"):
            self.pictures[name] = file
            return name
        if folder == "man" and any(page.file == f"{name}.html" for page in self.manual):
            return f"{name}.html{mark}{fragment}"
        if folder == "include" and name == "rmmap.h.in":
            return "rmmap.h.html"
        if folder == "examples" and name.endswith(".c"):
            self.examples[f"{name}.html"] = file
            return f"{name}.html"
        return None

    # ---- pages ----------------------------------------------------------------------------

    def fill(self, title, body, contents="", script="", kind="plain"):
        script = f'<script src="{script}" defer></script>\n' if script else ""
        values = {"TITLE": escape(title), "BODY": body, "CONTENTS": contents, "SCRIPT": script,
                  "VERSION": self.version, "CLASS": kind}
        return re.sub("@([A-Z]+)@", lambda found: values[found.group(1)], self.template)

    def code_page(self, name, lead, source, anchors=()):
        """A file of C; anchors: symbols that get an id in their line."""
        lines = color_c(escape(source).replace("&#x27;", "'"), self.places).split("\n")
        for symbol in anchors:
            lines[symbol.line - 1] = f'<span id="{symbol.name}"></span>' + lines[symbol.line - 1]
        body = (f'<header class="title"><p class="kind">{lead}</p><h1>{escape(name)}</h1></header>'
                f'<pre class="source">{chr(10).join(lines)}</pre>')
        return self.fill(f"{name} - ranged-mmap", body, kind="wide")

    def symbol_page(self):
        rows = []
        lead = {page.file: page for page in self.manual}
        for name in sorted(self.symbols, key=lambda name: (name.lower(), name)):
            symbol = self.symbols[name]
            place = self.places.get(name)
            page = lead[place.partition("#")[0]] if place else None
            where = f"{page.title}({page.section})" if page else "rmmap.h"
            about = page.description if page else "only in the header"
            rows.append(
                f'<li><a href="{place or f"rmmap.h.html#{name}"}"><code>{name}</code></a> '
                f'<span class="kind">{symbol.kind}</span> '
                f'<span class="about">{where}: {escape(about)}</span> '
                f'<a class="declared" href="rmmap.h.html#{name}" '
                f'aria-label="{name} in the header, line {symbol.line}">rmmap.h:{symbol.line}</a></li>')
        body = ('<header class="title"><p class="kind">Index</p><h1>Symbols</h1>'
                '<p class="lead">Every function, type, constant and macro of rmmap.h.</p></header>'
                f'<p id="found" class="found" role="status">{len(rows)} names</p>'
                f'<ul id="symbols" class="symbols">{"".join(rows)}</ul>')
        return self.fill("Symbols - ranged-mmap", body, script="search.js", kind="symbols-page")

    def index_page(self):
        with open(os.path.join(HERE, "index.html"), encoding="ascii") as text:
            body = text.read().partition("-->\n")[2]
        moving = [guide for guide in self.guides if guide.name.startswith("migrate-")]
        values = {
            "GUIDES": cards(guide for guide in self.guides if guide not in moving),
            "MOVING": cards(moving),
            "MANUAL": "".join(
                f"<h3>{title}</h3><dl>{self.page_list(section)}</dl>"
                for section, title in sorted(SECTIONS.items(), key=lambda pair: "7135".find(pair[0]))),
            "EXAMPLE": self.first_program(),
        }
        body = re.sub("@([A-Z]+)@", lambda found: values[found.group(1)], body)
        return self.fill("ranged-mmap: many threads write one file", body, kind="front")

    def first_program(self):
        with open(f"{self.source}/README", encoding="utf-8") as text:
            program = re.search(r"```c\n(.*?)```", text.read(), re.S).group(1)
        return f"<pre>{color_c(escape(program).replace('&#x27;', chr(39)), self.places)}</pre>"

    def page_list(self, section):
        return "".join(
            f'<dt><a href="{page.file}">{page.title}({section})</a></dt>'
            f"<dd>{escape(page.description)}</dd>"
            for page in sorted(self.manual, key=lambda page: page.title)
            if page.section == section)

    def pages(self):
        """(file name, HTML) of the whole site."""
        for page in self.manual:
            contents, body = page.body(self.targets, self.places)
            yield page.file, self.fill(f"{page.title}({page.section}) - ranged-mmap", body, contents,
                                       kind="manual")
        for guide in self.guides:
            contents, body = guide.body(self.find_target, self.places)
            yield guide.file, self.fill(f"{guide.title} - ranged-mmap", body, contents, kind="text")
        for name, path in sorted(self.examples.items()):
            with open(path, encoding="ascii") as text:
                yield name, self.code_page(name[:-len(".html")], "Example", text.read())
        yield "rmmap.h.html", self.code_page("rmmap.h", "The header", self.header,
                                             self.symbols.values())
        yield "symbols.html", self.symbol_page()
        yield "index.html", self.index_page()


def cards(guides):
    return "".join(f'<li><a href="{guide.file}"><b>{escape(guide.title)}</b>'
                   f"<span>{escape(guide.summary)}</span></a></li>" for guide in guides)


def main():
    source, header, output, *pages = sys.argv[1:]
    site = Site(source, header, pages)
    os.makedirs(output, exist_ok=True)
    for name, markup in site.pages():
        with open(os.path.join(output, name), "w", encoding="utf-8") as page:
            page.write(markup)
    for name, path in site.pictures.items():
        shutil.copyfile(path, os.path.join(output, name))
    for name in ("style.css", "search.js"):
        shutil.copyfile(os.path.join(HERE, name), os.path.join(output, name))


main()
