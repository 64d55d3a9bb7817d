# SPDX-License-Identifier: MIT OR Apache-2.0
"""Guides: what lowdown makes of doc/*.md, with anchors as GitHub makes them, and links that lead
to pages of the site."""
import os
import re
import subprocess

from markup import color_c, contents, escape, link_words, text_of

PICTURE = re.compile(r'<img src="([^"]*)"')
LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.S)
HEADING = re.compile(r'<h([1-6])(?: id="[^"]*")?>(.*?)</h\1>', re.S)
TABLE = re.compile(r"<table>.*?</table>", re.S)
CODE_BLOCK = re.compile(r'<pre><code(?: class="language-(\w*)")?>(.*?)</code></pre>', re.S)
# Its default is HTML; text and code stay as they were typed.
OPTIONS = ["--parse-no-metadata", "--parse-no-super", "--parse-no-ext-attrs", "--out-no-smarty",
           "--html-no-owasp", "--html-no-num-ent"]


class Guide:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)[:-len(".md")]
        self.file = f"{self.name}.html"
        with open(path, encoding="utf-8") as source:
            text = re.sub(r"<!--.*?-->\n?", "", source.read(), flags=re.S)
        self.markup = subprocess.run(["lowdown", *OPTIONS], input=text, check=True,
                                     capture_output=True, text=True).stdout
        title = re.search(r"<h1[^>]*>(.*?)</h1>", self.markup, re.S)
        first = re.search(r"<p>(.*?)</p>", self.markup, re.S)
        self.title = text_of(title.group(1)) if title else self.name
        self.summary = first_sentence(text_of(first.group(1))) if first else ""

    def body(self, find_target, places):
        """The page's own HTML. find_target(address) is the page for a link, None for plain text."""
        headings, seen = [], {}

        def head(found):
            level, words = found.groups()
            name = anchor(text_of(words), seen)
            if level == "2":
                headings.append((name, words))
            return f'<h{level} id="{name}">{words}</h{level}>'

        def link(found):
            address, words = found.groups()
            target = find_target(self, address)
            return f'<a href="{target}">{words}</a>' if target else words

        def picture(found):
            return f'<img src="{find_target(self, found.group(1))}"'

        markup = LINK.sub(link, HEADING.sub(head, self.markup))
        markup = PICTURE.sub(picture, markup)
        markup = TABLE.sub(lambda table: label_cells(table.group()), markup)
        blocks = []

        def set_aside(block):
            language, source = block.groups()
            if language in ("c", "cpp"):
                source = color_c(source.replace('"', "&quot;"), places)
            blocks.append(f'<pre class="block">{source}</pre>')
            return f"\0{len(blocks) - 1}\0"

        markup = CODE_BLOCK.sub(set_aside, markup)
        markup = re.sub(r"<code>.*?</code>", lambda code: link_words(code.group(), places), markup,
                        flags=re.S)
        # A link around code that became a link itself would be a link in a link.
        markup = re.sub(r'(<a href="[^"]*">)((?:(?!</a>).)*?)<a class="name"[^>]*>(.*?)</a>',
                        r"\1\2\3", markup, flags=re.S)
        markup = re.sub("\0([0-9]+)\0", lambda number: blocks[int(number.group(1))], markup)
        return contents(headings), f'<article class="guide">{markup}</article>'


def first_sentence(text):
    return re.split(r"(?<=[.:?!])\s", text, maxsplit=1)[0].rstrip(":")


def anchor(words, seen):
    """As GitHub names a heading, so that one link works in both places."""
    name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
    count = seen.get(name, 0)
    seen[name] = count + 1
    return f"{name}-{count}" if count else name


def label_cells(table):
    """Each cell knows its column, for screens on which a row becomes a block."""
    labels = [text_of(cell) for cell in re.findall(r"<th[^>]*>(.*?)</th>", table, re.S)]

    def row(found):
        column = iter(labels)
        return re.sub(r"<td(?=[ >])",
                      lambda _: f'<td data-label="{escape(next(column, ""))}"', found.group())

    table = re.sub(r"<tr>.*?</tr>", row, table, flags=re.S)
    # Long names may break where their parts meet.
    table = re.sub(r"<code>.*?</code>", lambda code: code.group().replace("::", "::<wbr>"), table,
                   flags=re.S)
    return f'<div class="table">{table}</div>'
