"""Brings a text into the one form that encoder and indexes read. For matching only, never shown."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from functools import lru_cache

from anyascii import anyascii

# Letters of the Russian and Ukrainian alphabets that are drawn like a Latin one, as
# Unicode's confusables.txt (UTS #39) pairs them. Its whole table, which the package
# confusable-homoglyphs carries, also pairs what no one would mistake (rn and m).
_CYRILLIC = "АВЕІКМНОРСТУХаеіорсух"
_LATIN = "ABEIKMHOPCTYXaeiopcyx"
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
# An apostrophe inside a word stays; everywhere else it is a quotation mark.
_QUOTATION = re.compile(r"[\"<>]|(?<!\w)'|'(?!\w)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CYRILLIC_LETTER = re.compile(r"[Ѐ-ӿ]")
_LATIN_LETTER = re.compile(r"[A-Za-zÀ-ɏ]")

_INVISIBLE = re.compile(
    "["
    + "".join(
        re.escape(chr(code))
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Cf"
    )
    + "\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
"""Format characters, surrogates and private use."""

_QUOTES = dict.fromkeys(map(ord, "«»„“”‟″❝❞〝〞＂"), '"')
_APOSTROPHES = dict.fromkeys(map(ord, "‘’‚‛′ʼʹ`´＇"), "'")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_PUNCTUATION = {**_QUOTES, **_APOSTROPHES, **_DASHES}

# How an embedded tweet ends: "— Name (@handle) January 14, 2020".
_SIGNATURE = re.compile(
    r"\s*—\s*(?P<name>[^—]{1,80}?)\s*\(@\w{1,15}\)\s+[A-Z][a-z]+ \d{1,2}, \d{4}\W*$"
)
# No \b before the scheme: tweets glue links to the word before them.
_LINK = re.compile(r"(?:https?://|pic\.twitter\.com/|www\.)\S+")
_HASHTAG = re.compile(r"[#@](\w+)")
_HUMP = re.compile(
    r"(?<=[a-zа-яёіїєґ])(?=[A-ZА-ЯЁІЇЄҐ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|_"
)


FORM = 1
"""Raised whenever ``normalise`` gives another text: stored vectors are then no longer used."""


def normalise(text: str) -> str:
    """Return ``text`` with one spelling for what the eye reads as the same.

    NFKC, no invisible characters, straight quotes and dashes, look-alike
    letters in the word's own script, single spaces. Case is kept: the English
    encoder lowers it itself, and hashtags and sentences are told apart by it.
    """
    text = html.unescape(text)
    if not text.isascii():
        # Cf is the category of zero-width joiners, soft hyphens, direction marks and byte-order
        # marks. Emoji sequences lose their joiner, which no index reads.
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_PUNCTUATION)
    text = _QUOTATION.sub(" ", text)
    if _CYRILLIC_LETTER.search(text) and _LATIN_LETTER.search(text):
        text = _WORD.sub(lambda match: _in_one_script(match[0]), text)
    return " ".join(text.split())


def _in_one_script(word: str) -> str:
    """Turn look-alikes into the script of the letters that have no look-alike."""
    if not (_CYRILLIC_LETTER.search(word) and _LATIN_LETTER.search(word)):
        return word
    as_cyrillic, as_latin = word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)
    can_be_cyrillic = not _LATIN_LETTER.search(as_cyrillic)
    can_be_latin = not _CYRILLIC_LETTER.search(as_latin)
    if can_be_cyrillic and can_be_latin:  # look-alikes only, as in СВР: the majority decides
        mostly_cyrillic = 2 * len(_CYRILLIC_LETTER.findall(word)) >= len(word)
        return as_cyrillic if mostly_cyrillic else as_latin
    if can_be_cyrillic:
        return as_cyrillic
    return as_latin if can_be_latin else word


def strip_post(text: str) -> str:
    """Return a post's words: links dropped, hashtags and @names split, the author's name kept."""
    text = html.unescape(text)
    signature = _SIGNATURE.search(text)
    author = ""
    if signature:
        text = text[: signature.start()]
        author = signature["name"]
    text = _LINK.sub(" ", text)
    text = _HASHTAG.sub(lambda tag: " " + _HUMP.sub(" ", tag[1]) + " ", text)
    return " ".join(f"{text} {author}".split())


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return what an encoder is given: the words of a post, normalised.

    Encoder, language detection and both indexes ask it of the same text, hence the cache.
    """
    return normalise(strip_post(text))


# Cyrillic as the newsrooms of Latin-script countries write it, without the signs
# that only some of them write; й and ї like и, so that -ский, -ський and -sky meet.
_CYRILLIC_FOLDS = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e",
        "є": "e", "ж": "zh", "з": "z", "и": "i", "і": "i", "ї": "i", "й": "i", "к": "k",
        "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
        "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh",
        "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip
# How German, Polish, French and English write one sound, longest first. The order
# matters: each rule sees what those before it left.
_SOUNDS = (
    ("tsch", "ch"), ("szcz", "sh"), ("sch", "sh"), ("cz", "ch"), ("sz", "sh"),
    ("tch", "ch"), ("kh", "h"), ("ch", "h"), ("ts", "c"), ("tz", "c"), ("ck", "k"),
    ("ph", "f"), ("w", "v"), ("y", "i"), ("j", "i"), ("ou", "u"), ("x", "ks"), ("q", "k"),
)  # fmt: skip
_DOUBLED = re.compile(r"([a-z])\1+")


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Return a case-folded word in plain Latin letters, near to how it sounds.

    Зеленский, Зеленський, Zelensky, Zelenskyy and Zełenski all become
    ``zelenski``. For matching only: nothing that is shown passes through it.
    """
    folded = anyascii(word.translate(_CYRILLIC_FOLDS)).casefold()
    for written, heard in _SOUNDS:
        folded = folded.replace(written, heard)
    return _DOUBLED.sub(r"\1", folded)
