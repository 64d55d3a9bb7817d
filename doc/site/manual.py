# SPDX-License-Identifier: MIT OR Apache-2.0
"""Manual pages: what mandoc makes of them, with our own links, anchors and headings."""
import os
import re
import subprocess

from markup import color_c, contents, escape, link_words, outside_tags

SECTIONS = {"1": "Programs", "3": "Functions", "5": "Formats", "7": "Overviews"}
REFERENCE = re.compile(r'<a\s+class="Xr"(?:\s+href="[^"]*")?>(.*?)</a>', re.S)
HEADING = re.compile(r'<h1\s+class="Sh"\s+id="([^"]*)">(.*?)</h1>', re.S)
PERMALINK = re.compile(r'<a\s+class="permalink"[^>]*>(.*?)</a>', re.S)


class ManualPage:
    def __init__(self, path):
        self.path = path
        self.title, self.section = os.path.basename(path).rsplit(".", 1)
        self.file = f"{self.title}.{self.section}.html"
        self.names, self.description = self._read_name_section()
        self.markup = subprocess.run(
            [os.environ.get("MANDOC", "mandoc"), "-T", "html", "-O", "fragment,man=%N.%S", "-W", "unsupp", path],
            check=True, capture_output=True, text=True).stdout

    def _read_name_section(self):
        names, description, inside = [], "", False
        with open(self.path, encoding="ascii") as source:
            for line in source:
                words = line.split()
                if line.startswith(".Sh "):
                    inside = words[1] == "NAME"
                elif inside and line.startswith(".Nm "):
                    names.append(words[1])
                elif inside and line.startswith(".Nd "):
                    description = line[4:].strip()
        return names, description

    def knows(self, name):
        """How much this page has to say about a name of the header; 0: nothing."""
        if name in self.names:
            return 4
        if re.search(rf"#define\s+{name}\b", self.markup):
            return 3
        if f'id="{name}"' in self.markup:
            return 2
        told, _, _ = self.markup.partition('id="EXAMPLES"')
        return 1 if re.search(rf"\b{name}\b", told) else 0

    def place_of(self, name):
        """The address where this page tells of a name it knows."""
        if f'id="{name}"' not in self.markup:
            self._anchor_first(name)
        return f"{self.file}#{name}"

    def _anchor_first(self, name):
        """Puts an anchor around the first mention after NAME."""
        word = re.compile(rf"\b{name}\b")
        head, start, rest = self.markup.partition('id="SYNOPSIS"')
        done = []

        def mark(text):
            if done or not word.search(text):
                return text
            done.append(name)
            return word.sub(f'<span id="{name}">{name}</span>', text, count=1)

        # What follows id="SYNOPSIS" begins inside of a tag.
        tag, close, body = rest.partition(">")
        self.markup = head + start + tag + close + outside_tags(body, mark)

    def body(self, targets, places):
        """The page's own HTML. targets: "name(section)" to address."""
        markup = re.sub(r'<table class="(?:head|foot)">.*?</table>', "", self.markup, flags=re.S)
        markup = PERMALINK.sub(r"\1", markup)

        def refer(found):
            words = "".join(found.group(1).split())
            target = targets.get(words)
            return (f'<a class="Xr" href="{target}">{words}</a>' if target
                    else f'<span class="Xr">{words}</span>')

        markup = REFERENCE.sub(refer, markup)
        markup = re.sub(r'<a\s+class="In">(.*?)</a>', r'<a href="rmmap.h.html">\1</a>'
                        if 'class="In">rmmap.h<' in markup else r"\1", markup)
        # What is told here needs no link in the text; what is told on another page does.
        elsewhere = {name: place for name, place in places.items()
                     if not place.startswith(f"{self.file}#")}
        parts = re.split(r"<pre>(.*?)</pre>", markup, flags=re.S)
        markup = "".join(f"<pre>{self._color(part, places)}</pre>" if index % 2 else
                         link_words(part, elsewhere) for index, part in enumerate(parts))
        # The title says what NAME says.
        markup = re.sub(r'<section class="Sh">\s*<h1 class="Sh" id="NAME">.*?</section>', "", markup,
                        count=1, flags=re.S)
        markup = re.sub(r'<h2(\s+class="Ss".*?)</h2>', r"<h3\1</h3>", markup, flags=re.S)
        headings = [(name, calm(title)) for name, title in HEADING.findall(markup)]
        markup = HEADING.sub(lambda head: f'<h2 id="{head.group(1)}">{calm(head.group(2))}</h2>',
                             markup)
        return contents(headings), self._title(targets) + markup

    def _title(self, targets):
        kind = SECTIONS.get(self.section, "Manual")
        names = ", ".join(f'<a href="{targets[f"{name}({self.section})"]}"><code>{name}</code></a>'
                          for name in self.names)
        names = f'<p class="names">{names}</p>' if len(self.names) > 1 else ""
        return (f'<header class="title"><p class="kind">Manual, section {self.section}: {kind}</p>'
                f"<h1>{self.title}<span>({self.section})</span></h1>"
                f'<p class="lead">{escape(self.description)}</p>{names}</header>')

    def _color(self, source, places):
        # A name that was given its anchor in this block must keep it.
        return color_c(source, {name: place for name, place in places.items()
                                if f'<span id="{name}">' not in source})


def calm(heading):
    """RETURN VALUES as Return values."""
    return heading.capitalize() if heading.isupper() else heading
