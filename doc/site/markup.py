# SPDX-License-Identifier: MIT OR Apache-2.0
"""Small pieces of HTML that several kinds of pages need."""
import html
import re

TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"\b(?:rmmap|RMMAP)_\w+")
INDENT = re.compile(r"^(?: {8})+", re.M)
COMMENT_OR_STRING = re.compile(r"(/\*.*?\*/|//[^\n]*)|(&quot;.*?&quot;)", re.S)


def escape(text):
    return html.escape(text, quote=True)


def text_of(markup):
    """The words of a piece of HTML, in one line."""
    return " ".join(html.unescape(TAG.sub("", markup)).split())


def outside_tags(markup, change):
    """Has change(text) rewrite what lies between the tags."""
    out, at = [], 0
    for tag in TAG.finditer(markup):
        out += [change(markup[at:tag.start()]), tag.group()]
        at = tag.end()
    return "".join(out) + change(markup[at:])


def link_words(markup, places):
    """Makes every name that has a place a link to it; not inside of links."""
    out, at = [], 0
    for link in re.finditer(r"<a\b.*?</a>", markup, re.S):
        out += [_link_plain(markup[at:link.start()], places), link.group()]
        at = link.end()
    return "".join(out) + _link_plain(markup[at:], places)


def _link_plain(markup, places):
    def link(word):
        place = places.get(word.group())
        return f'<a class="name" href="{place}">{word.group()}</a>' if place else word.group()
    return outside_tags(markup, lambda text: WORD.sub(link, text))


def color_c(markup, places):
    """C source, escaped already: comments and strings are marked, our names are links."""
    # Tabs, so that the sheet can say how wide an indentation is.
    markup = INDENT.sub(lambda spaces: "\t" * (len(spaces.group()) // 8), markup)
    out, at = [], 0
    for part in COMMENT_OR_STRING.finditer(markup):
        out.append(link_words(markup[at:part.start()], places))
        kind = "comment" if part.group(1) else "string"
        out.append(f'<span class="{kind}">{part.group()}</span>')
        at = part.end()
    return "".join(out) + link_words(markup[at:], places)


def contents(headings):
    """The list "on this page" of (id, markup)."""
    if len(headings) < 3:
        return ""
    items = "".join(f'<li><a href="#{name}">{escape(text_of(title))}</a></li>'
                    for name, title in headings)
    return f'<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>{items}</ul></nav>'
