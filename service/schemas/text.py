"""What counts as plain text, a host name and a web address; raises ValueError with the reason."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_ADDRESS = re.compile(r'https?://[^\s<>"]+\Z', re.IGNORECASE)


def plain_text(value: str, longest: int) -> str:
    """The text without surrounding white space, checked to hold 1 to ``longest`` characters.

    Characters are Unicode code points. Line breaks and tabs are welcome; other control characters
    and lone surrogates, which no database and no encoder takes, are not.

    Raises:
        ValueError: the text is blank, too long, or holds such a character.
    """
    if _SURROGATE.search(value):
        raise ValueError("Must not contain a lone surrogate (half of a character).")
    if _CONTROL.search(value):
        raise ValueError("Must not contain NUL or other control characters.")
    text = value.strip()
    if all(unicodedata.category(character)[0] in "ZC" for character in text):
        raise ValueError("Must not be blank.")
    if len(text) > longest:
        raise ValueError(f"Must not be longer than {longest:,} characters.")
    return text


def host_name(value: str) -> str:
    """The host name in lower case, in ASCII, without ``www.`` and without a trailing dot.

    Raises:
        ValueError: this is no host name of at least two labels (RFC 1123).
    """
    host = value.strip().lower().removesuffix(".").removeprefix("www.")
    try:
        # The codec splits at the ideographic full stops too and knows the old IDNA only; both are
        # good enough to compare hosts.
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("Must be a host name, such as euvsdisinfo.eu.") from None
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise ValueError("Must be a host name, such as euvsdisinfo.eu.")
    return host


def web_address(value: str) -> str:
    """The http or https URL as it came.

    Raises:
        ValueError: it has another scheme, no well-formed host or port, a user name, or spaces.
    """
    fault = ValueError("Must be an http or https URL.")
    if not _ADDRESS.match(value) or "\\" in value:
        raise fault
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError where the port is no number
        host_name(parts.hostname or "")
    except ValueError:
        raise fault from None
    if "@" in parts.netloc:
        raise fault
    return value
