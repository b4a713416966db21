"""Turns what stands in other people's files into plain text: no markup, entities, control signs."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|cite|code|del|div|em|figure|font|h[1-6]|hr|i|img|iframe|ins|li"
    r"|ol|p|pre|q|s|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|tr|u|ul)"
    r"(?:\s[^<>]*)?/?>|<!--",
    re.IGNORECASE,
)
_BLOCKS = "p, div, li, blockquote, h1, h2, h3, h4, h5, h6, tr, ul, ol, table, section, figure"
_UNSEEN = "script, style, template, noscript, iframe"
_MOST_ROUNDS = 3
_PARAGRAPH = "\u2029"
"""Unicode's paragraph separator marks the ends of blocks while white space is put in order."""

_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a text: where it leads, and the words that are linked."""

    url: str
    words: str


def one_line(value: str) -> str:
    """The text in one line of plain words, single spaces between them."""
    return " ".join(_without_markup(value)[0].replace(_PARAGRAPH, " ").split())


def paragraphs(value: str) -> str:
    """The text as plain paragraphs with an empty line between them."""
    return _in_order(_without_markup(value)[0])


def paragraphs_and_links(value: str) -> tuple[str, list[Link]]:
    """As ``paragraphs``, and the text's links in order, each address once."""
    text, links = _without_markup(value)
    return _in_order(text), links


def _in_order(text: str) -> str:
    parts = []
    for part in text.split(_PARAGRAPH):
        lines = [_SPACES.sub(" ", line).strip() for line in part.split("\n")]
        parts.append(re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip()))
    return "\n\n".join(part for part in parts if part)


def _without_markup(value: str) -> tuple[str, list[Link]]:
    """Takes out tags and entities, also those that were escaped twice on their way here."""
    links: dict[str, Link] = {}
    text = _SURROGATE.sub("\ufffd", value)
    for _ in range(_MOST_ROUNDS):
        before = text
        if _TAG.search(text):
            text, found = _rendered(text)
            for link in found:
                links.setdefault(link.url, link)
        else:
            text = html.unescape(text)
        if text == before:
            break
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = _CONTROL.sub(_meant, text)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)), list(links.values())


def _rendered(markup: str) -> tuple[str, list[Link]]:
    page = LexborHTMLParser(markup)
    body = page.body
    if body is None:
        return "", []
    for node in body.css(_UNSEEN):
        node.decompose()
    links = [
        Link(_address(node.attributes.get("href") or ""), one_line(node.text()))
        for node in body.css("a[href]")
    ]
    for node in body.css("br"):
        node.replace_with("\n")
    for node in body.css(_BLOCKS):
        node.insert_before(_PARAGRAPH)
        node.insert_after(_PARAGRAPH)
    return body.text(), [link for link in links if link.url]


def _address(href: str) -> str:
    return "".join(href.split("\n")).strip().replace(" ", "%20")


def _meant(found: re.Match[str]) -> str:
    """The letter that a C1 control sign stands for where Windows-1252 was taken for Latin-1."""
    try:
        return found[0].encode("latin-1").decode("cp1252") if found[0] >= "\x80" else " "
    except UnicodeDecodeError:
        return " "
