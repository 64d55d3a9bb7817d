# SPDX-License-Identifier: MIT OR Apache-2.0
"""links.py DIRECTORY MAP HEADER: walks the HTML there. Every tag is closed, no id is there twice,
every link and anchor inside the site leads somewhere, nothing is fetched from elsewhere, and the
index of symbols has every name of the symbol map and of the header. Says what it counted."""
import os
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag

VOID = {"meta", "link", "input", "br", "hr", "img", "wbr"}
failures = []


def fail(message):
    failures.append(message)
    print(f"FAIL: {message}")


class Page(HTMLParser):
    def __init__(self, name, text):
        super().__init__()
        self.name, self.ids, self.links, self.fetched, self.open = name, set(), [], [], []
        self.feed(text)
        self.close()
        for tag in self.open:
            fail(f"{name}: <{tag}> is never closed")

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            if attributes["id"] in self.ids:
                fail(f"{self.name}: id {attributes['id']} is there twice")
            self.ids.add(attributes["id"])
        if tag == "a":
            if "a" in self.open:
                fail(f"{self.name}: a link in a link: {attributes.get('href')}")
            if "href" not in attributes:
                fail(f"{self.name}: a link without an address")
            self.links.append(attributes.get("href", ""))
        elif tag == "form":
            self.links.append(attributes["action"])
        elif "src" in attributes:
            self.fetched.append(attributes["src"])
        elif tag == "link":
            self.fetched.append(attributes["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            fail(f"{self.name}:{self.getpos()[0]}: </{tag}> where {self.open[-1:]} is open")
            return
        self.open.pop()


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def check_links(directory, pages):
    reached, count = {"index.html"}, 0
    for page in pages.values():
        for address in page.fetched:
            if address.startswith("data:"):
                continue
            if not os.path.isfile(os.path.join(directory, address)):
                fail(f"{page.name}: fetches {address}, which isn't part of the site")
        for link in page.links:
            count += 1
            if re.match(r"(https?|mailto):", link):
                continue
            file, fragment = urldefrag(link)
            file = unquote(file) or page.name
            if file not in pages:
                fail(f"{page.name}: link to {link}: no such page")
                continue
            if file != page.name:
                reached.add(file)
            if fragment and unquote(fragment) not in pages[file].ids:
                fail(f"{page.name}: link to {link}: no such anchor")
    for name in sorted(set(pages) - reached):
        fail(f"{name}: no page links to it")
    return count


def check_symbols(index, text, symbol_map, header):
    """Each name is an entry whose link goes to a place of that very name."""
    entries = {name: place for place, name in
               re.findall(r'<li><a href="([^"]*)"><code>(\w+)</code>', text)}
    functions = set(re.findall(r"^\s+(rmmap_\w+);", symbol_map, re.M))
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    types = set(re.findall(r"^(?:struct|enum) (rmmap_\w+)\s*[{;]", code, re.M))
    macros = set(re.findall(r"^#define (RMMAP_\w+)", code, re.M)) - {"RMMAP_H"}
    if len(functions) < 60 or len(types) < 7 or len(macros) < 40:
        fail(f"too few names: {len(functions)} {len(types)} {len(macros)}")
    for name in sorted(functions | types | macros):
        place = entries.get(name, "")
        if not place:
            fail(f"{index}: {name} is missing")
        elif not place.endswith(f"#{name}"):
            fail(f"{index}: {name} leads to {place}")
    documented = functions | types
    for name in sorted(documented):
        if entries.get(name, "").startswith("rmmap.h.html"):
            fail(f"{index}: {name} leads to no manual page")
    if list(entries) != sorted(entries, key=lambda name: (name.lower(), name)):
        fail(f"{index}: not in order")
    return len(entries)


def main():
    directory, symbol_map, header = sys.argv[1:]
    texts = {name: read(os.path.join(directory, name)) for name in sorted(os.listdir(directory))
             if name.endswith(".html")}
    pages = {name: Page(name, text) for name, text in texts.items()}
    for name in ("index.html", "symbols.html", "rmmap.h.html"):
        if name not in pages:
            fail(f"{name} is missing")
            return 1
    links = check_links(directory, pages)
    symbols = check_symbols("symbols.html", texts["symbols.html"], read(symbol_map), read(header))
    style = read(os.path.join(directory, "style.css"))
    if re.search(r"@import|url\(", style):
        fail("style.css: fetches something")
    print(f"{len(pages)} pages, {links} links, {symbols} symbols, {len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
