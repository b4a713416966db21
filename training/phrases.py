"""Phrases that report a claim without distance, and phrases that deny it."""

from __future__ import annotations

import random

REPORTED: dict[str, tuple[str, ...]] = {
    "en": (
        "{a} said that {c}.",
        "{a} wrote on social media that {c}.",
        "On Friday {a} told a news conference that {c}.",
        "Viewers of the state channel heard once more that {c}.",
        "{a} went further and announced that {c}.",
        "It is an open secret that {c}.",
        "According to {a}, {c}.",
        "{C}, {a} told reporters.",
        "{a} claimed, without offering evidence, that {c}.",
        "It is a fact that {c}.",
        "{C}!",
    ),
    "ru": (
        "Как пишет телеграм-канал с миллионной аудиторией, {c}.",
        "Отвечая на вопрос журналистов о переговорах, {a} заявил, что {c}, и добавил, что выводы будут сделаны.",
        "На брифинге в четверг {a} вновь повторил: {c}.",
        "Гость вечернего эфира под аплодисменты зала сказал, что {c}.",
        "{a} заявил, что {c}.",
        "По словам {b}, {c}.",
        "{C}, сообщили в эфире.",
        "{C}!",
    ),
    "uk": (
        "Як пише телеграм-канал із мільйонною аудиторією, {c}.",
        "Відповідаючи на запитання журналістів, {a} заявив, що {c}, і додав, що висновки буде зроблено.",
        "Гість вечірнього ефіру під оплески зали сказав, що {c}.",
        "{a} заявив, що {c}.",
        "{C}, повідомили в ефірі.",
        "{C}!",
    ),
    "pl": (
        "Jak pisze kanał na Telegramie obserwowany przez milion osób, {c}.",
        "Zapytany przez dziennikarzy o rozmowy, {a} odparł, że {c}, i dodał, że Moskwa wyciągnie wnioski.",
        "Gość wieczornego programu powiedział przy oklaskach publiczności, że {c}.",
        "{a} oświadczył, że {c}.",
        "{C}, podała rosyjska telewizja.",
        "{C}!",
    ),
    "de": (
        "Wie ein Telegram-Kanal mit einer Million Abonnenten schreibt: {c}.",
        "Auf die Frage von Journalisten nach den Gesprächen antwortete {a}: {c}, und Moskau werde seine Schlüsse ziehen.",
        "Ein Gast der Abendsendung sagte unter dem Beifall des Publikums: {c}.",
        "{a} erklärte, dass Folgendes gilt: {c}.",
        "{C}, hieß es im russischen Fernsehen.",
        "{C}!",
    ),
    "fr": (
        "Selon une chaîne Telegram suivie par un million de personnes, {c}.",
        "Interrogé par des journalistes sur les négociations, {a} a répondu que {c} et que Moscou en tirerait les conséquences.",
        "Un invité de l'émission du soir a déclaré, sous les applaudissements du public, que {c}.",
        "{a} a déclaré que {c}.",
        "{C}, a affirmé la télévision russe.",
        "{C} !",
    ),
}
DENIED: dict[str, tuple[str, ...]] = {
    "en": (
        "False: {c}.",
        "A fake: {c}.",
        "Not true that {c}.",
        "{b}: no, this never happened. ({C})",
        "It is not true that {c}.",
        "The claim that {c} is false, {b} found.",
        "{b} called the claim that {c} a lie.",
        "{b} dismissed as baseless the story that {c}.",
        "No, {c} is an invention: nothing of the kind happened.",
        '"{C}" is what Russian television says; the documents show the opposite.',
        "Fact check: {c}? False, says {b}.",
        "{a} says that {c}, but {b} showed that this is untrue.",
        "There is no evidence that {c}, and investigators established the contrary.",
    ),
    "ru": (
        "Ложь: {c}.",
        "Нет, это неправда: {c}.",
        "Неправда, что {c}.",
        "Утверждение о том, что {c}, — ложь, установили журналисты.",
        "«{C}» — это выдумка, показала проверка.",
        "Фейк: {c}.",
    ),
    "uk": (
        "Брехня: {c}.",
        "Ні, це неправда: {c}.",
        "Неправда, що {c}.",
        "Твердження про те, що {c}, — брехня, встановили журналісти.",
        "«{C}» — вигадка, показала перевірка.",
        "Фейк: {c}.",
    ),
    "pl": (
        "Kłamstwo: {c}.",
        "Nie, to nieprawda: {c}.",
        "Nieprawda, że {c}.",
        "Twierdzenie, że {c}, jest fałszywe, ustalili dziennikarze.",
        "„{C}” to wymysł, wykazała weryfikacja.",
        "Fałsz: {c}.",
    ),
    "de": (
        "Eine Lüge: {c}.",
        "Nein, das ist unwahr: {c}.",
        "Es stimmt nicht, dass Folgendes gilt: {c}.",
        "„{C}“ ist eine Erfindung, ergab eine Prüfung.",
        "Falsch: {c}.",
        "Die Behauptung „{c}“ ist widerlegt.",
    ),
    "fr": (
        "Un mensonge : {c}.",
        "Non, c'est inexact : {c}.",
        "Il est faux que {c}.",
        "L'affirmation selon laquelle {c} est un mensonge, ont établi des journalistes.",
        "« {C} » : une invention, selon les vérificateurs.",
        "Faux : {c}.",
    ),
}
SPEAKERS: dict[str, tuple[str, ...]] = {
    "en": (
        "Peskov",
        "Zakharova",
        "the Russian foreign ministry",
        "a Duma deputy",
        "Lavrov",
        "the television host",
        "a Kremlin adviser",
        "Medvedev",
        "RT",
        "the envoy",
        "the senator",
    ),
    "ru": (
        "Песков",
        "Лавров",
        "Медведев",
        "Соловьёв",
        "депутат Госдумы",
    ),
    "uk": (
        "Пєсков",
        "Лавров",
        "Медведєв",
        "речник Кремля",
        "депутат Держдуми",
    ),
    "pl": (
        "Pieskow",
        "Ławrow",
        "Miedwiediew",
        "rosyjski senator",
    ),
    "de": (
        "Peskow",
        "Lawrow",
        "Medwedew",
        "der russische Abgeordnete",
    ),
    "fr": (
        "Peskov",
        "Lavrov",
        "Medvedev",
        "le sénateur russe",
    ),
}
OTHERS: dict[str, tuple[str, ...]] = {
    "en": (
        "fact-checkers",
        "the BBC",
        "the UN mission",
        "researchers",
        "the government",
        "independent experts",
        "the ministry",
        "EU officials",
        "investigators",
        "the spokesman",
    ),
    "ru": (
        "Пескова",
        "Лаврова",
        "дипломата",
    ),
    "uk": ("речника",),
    "pl": ("rzecznika",),
    "de": ("des Sprechers",),
    "fr": ("du porte-parole",),
}
_LOWERED = {"The", "A", "An", "It", "There", "This", "In", "All", "No"}


def _inside(text: str) -> str:
    """A sentence as it stands inside another: no full stop, an article in lower case."""
    first, _, rest = text.partition(" ")
    return (f"{first.lower()} {rest}" if first in _LOWERED else text).rstrip(".!?")


def _filled(phrases: tuple[str, ...], text: str, language: str, chance: random.Random) -> str:
    filled = chance.choice(phrases).format(
        c=_inside(text),
        C=text.rstrip(".!?"),
        a=chance.choice(SPEAKERS[language]),
        b=chance.choice(OTHERS[language]),
    )
    return filled[0].upper() + filled[1:]


def reported(text: str, language: str, chance: random.Random) -> str:
    """The claim passed on by somebody."""
    return _filled(REPORTED[language], text, language, chance)


def denied(text: str, language: str, chance: random.Random) -> str:
    """The claim called untrue by somebody."""
    return _filled(DENIED[language], text, language, chance)
