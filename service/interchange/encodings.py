"""Tells in which encoding a file is, and opens it so that a damaged row harms no other."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path

from charset_normalizer import from_bytes

from service.errors import ServiceError

SAMPLE = 1 << 20
"""Bytes from the beginning of a file that decide."""

LEAST_EVIDENCE = 24
"""With fewer bytes outside of ASCII an older encoding is not guessed: its rows are faulty."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOST = re.compile("[\ud800-\udfff\ufffd]")
_LEGACY = [
    "cp1250", "cp1251", "cp1252", "cp1257", "koi8_r", "koi8_u", "iso8859_2", "cp866",
]  # fmt: skip


def encoding_of(path: Path) -> str:
    """The encoding by its byte-order mark, UTF-8, or the likeliest of the older ones.

    A file of which most lines are UTF-8 is UTF-8; the other lines are faulty.

    Raises:
        OSError: the file cannot be read.
        ServiceError: no encoding fits.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    lines = [
        line
        for line in sample.splitlines()[: None if len(sample) < SAMPLE else -1] or [sample]
        if not line.isascii()
    ]
    faulty = [line for line in lines if not _is_utf8(line)]
    evidence = sum(byte > 127 for line in faulty for byte in line)
    if len(faulty) * 2 <= len(lines) or evidence < LEAST_EVIDENCE:
        return "utf-8"
    best = from_bytes(b"\n".join(faulty), cp_isolation=_LEGACY).best()
    if best is None:
        raise ServiceError(f"{path}: the encoding could not be told. Name it with --encoding.")
    return best.encoding


def known_encoding(name: str) -> str:
    """The name as Python writes it. Raises ServiceError where there is no such encoding."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ServiceError(f"There is no encoding {name!r}.") from None


def open_text(path: Path, encoding: str) -> TextIOWrapper:
    """Opens a file to read; bytes that do not fit become signs that ``undecoded`` finds."""
    fits_bytes = not encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
    return path.open(
        "r", encoding=encoding, errors="surrogateescape" if fits_bytes else "replace", newline=""
    )


def undecoded(texts: Iterable[str | None]) -> bool:
    """Whether a text holds bytes that could not be decoded, or the mark of letters lost before."""
    return any(
        text
        and not text.isascii()
        and any("\ud800" <= c <= "\udfff" or c == "\ufffd" for c in text)
        for text in texts
    )


def marked(text: str) -> str:
    """The text with U+FFFD where bytes could not be decoded, or half of a letter stands alone."""
    return _LOST.sub("\ufffd", text)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Utf8:
    """A text file as UTF-8 bytes, control signs turned into spaces, as a JSON parser wants them."""

    _SPACED = bytes(32 if byte < 32 else byte for byte in range(256))

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text

    def read(self, size: int = -1) -> bytes:
        return marked(self._text.read(size)).encode("utf-8").translate(self._SPACED)
