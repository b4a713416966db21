"""Which language a feed means by a name, a tag or nothing at all."""

from __future__ import annotations

from service.language import ranked_languages
from service.schemas.languages import LANGUAGES

SURE = 0.95
"""A language is guessed only where the identifier gives it at least this share."""

_NAMES = {
    "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be", "bulgarian": "bg",
    "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "estonian": "et", "finnish": "fi", "french": "fr", "georgian": "ka", "german": "de",
    "greek": "el", "hungarian": "hu", "italian": "it", "kazakh": "kk", "latvian": "lv",
    "lithuanian": "lt", "macedonian": "mk", "moldavian": "ro", "moldovan": "ro",
    "montenegrin": "sr", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl",
    "spanish": "es", "swedish": "sv", "turkish": "tr", "ukrainian": "uk",
    "українська": "uk", "русский": "ru", "deutsch": "de", "français": "fr", "polski": "pl",
}  # fmt: skip


def language_code(name: str) -> str | None:
    """The ISO 639-1 code of an English name or a tag such as ``en-GB``; None for any other word.

    The name of a country is not one of a language: in Moldova several are spoken.
    """
    folded = name.strip().casefold()
    if folded in _NAMES:
        return _NAMES[folded]
    code = folded.replace("_", "-").split("-")[0]
    return code if code in LANGUAGES else None


def guessed_language(text: str) -> str | None:
    """The language of the text where there is little doubt, None otherwise."""
    language, share = ranked_languages(text)[0]
    return language if share >= SURE and language in LANGUAGES else None
