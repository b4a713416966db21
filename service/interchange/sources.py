"""The links of a debunk as rebuttals of the kind ``source``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from service.interchange.cleaning import Link
from service.schemas.text import web_address

_ADDRESS = re.compile(r"https?://[^\s<>\"«»„“”]+")
_ARCHIVED = re.compile(r"https?://(?:web\.)?archive\.(?:org|today|is|ph)/(?:web/)?\d+[a-z_]*/(.+)")
_TRAILING = re.compile(r"(?:[.,;:!?'’…*]|(?<!:)//)+\Z")
"""What follows an address in a sentence; EUvsDisinfo puts ``//`` between two claims."""

_TELLING = 12
"""Linked words shorter than this ("stated", "OSCE") are no title."""

STATE_OUTLETS = frozenset(
    """
    rt.com sputniknews.com sputnikglobe.com tass.ru tass.com ria.ru rg.ru 1tv.ru vesti.ru ren.tv
    tvzvezda.ru riafan.ru ukraina.ru kremlin.ru mid.ru lenta.ru iz.ru kp.ru aif.ru ntv.ru tvc.ru
    anti-spiegel.ru news-front.info southfront.org
    """.split()  # noqa: SIM905 - as a list it would fill the screen
)
"""What debunks link to as the place of the claim. Such a page rebuts nothing."""


def sources(links: Iterable[Link]) -> list[dict[str, Any]]:
    """One rebuttal per address, named by its host; an archived page by the host it was kept from.

    Links to the Russian state's own outlets and to no web page are left out.
    """
    found: dict[str, dict[str, Any]] = {}
    for link in links:
        publisher = publisher_of(link.url)
        if publisher is None or publisher_is_state_outlet(publisher) or link.url in found:
            continue
        title = link.words if len(link.words) >= _TELLING and "://" not in link.words else None
        found[link.url] = {
            "publisher": publisher,
            "url": link.url,
            "title": title[:500] if title else None,
            "kind": "source",
        }
    return list(found.values())


def links_in(text: str) -> list[Link]:
    """The addresses that stand in a plain text, each once."""
    found = {}
    for address in _ADDRESS.findall(text):
        url = _TRAILING.sub("", address)
        while url.endswith(")") and url.count("(") < url.count(")"):
            url = _TRAILING.sub("", url[:-1])
        found[url] = Link(url, "")
    return list(found.values())


def publisher_of(url: str) -> str | None:
    """The host that publishes the page, without ``www.``; None where it is no web address."""
    archived = _ARCHIVED.match(url)
    original = archived[1] if archived else url
    if "://" not in original:
        original = f"http://{original}"
    try:
        web_address(url)
        host = (urlsplit(original).hostname or "").removeprefix("www.")
    except ValueError:
        return None
    return host or None


def publisher_is_state_outlet(host: str) -> bool:
    """Whether the host is one of ``STATE_OUTLETS`` or below one."""
    labels = host.split(".")
    return any(".".join(labels[at:]) in STATE_OUTLETS for at in range(len(labels)))
