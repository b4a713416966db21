"""Plain text out of what feeds hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.interchange.cleaning import Link, one_line, paragraphs, paragraphs_and_links


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  two\n\twords ", "two words"),
        ("R&amp;D &quot;lies&quot;", 'R&D "lies"'),
        ("twice &amp;amp; escaped", "twice & escaped"),
        ("&lt;p&gt;escaped <b>tags</b>&lt;/p&gt;", "escaped tags"),
        ("less < more, 3 > 2", "less < more, 3 > 2"),
        ("a <tag> of ours", "a <tag> of ours"),
        ("\ufeffmark\u200b and so\u00adft", "mark and soft"),
        ("no\u00a0break", "no break"),
        ("it\x92s \x93quoted\x94", "it’s “quoted”"),
        ("bell\x07 and \x00", "bell and"),
        ("<script>alert(1)</script>safe", "safe"),
        ("e\u0301", "é"),
        ("half \ud83d", "half \ufffd"),
        ("one<br>two<p>three</p>", "one two three"),
    ],
)
def test_one_line(value: str, text: str) -> None:
    assert one_line(value) == text


def test_paragraphs_stay_apart() -> None:
    markup = "<p>One &amp; two.</p>\n<p>Three<br/>four.</p><ul><li>five</li><li>six</li></ul>"
    assert paragraphs(markup) == "One & two.\n\nThree\nfour.\n\nfive\n\nsix"
    assert paragraphs("One.\r\n\r\n\r\n  Two.\rThree.") == "One.\n\nTwo.\nThree."


def test_links_are_kept_once_with_their_words() -> None:
    markup = (
        '<p>See <a href="https://a.example/1?x=1&amp;y=2">the <b>record</b></a>, '
        '<a href="https://a.example/1?x=1&amp;y=2">again</a>, <a href="">nothing</a>, '
        '<a href=" https://b.example/a b ">b</a> <a>no address</a></p>'
    )
    text, links = paragraphs_and_links(markup)
    assert text == "See the record, again, nothing, b no address"
    assert links == [
        Link("https://a.example/1?x=1&y=2", "the record"),
        Link("https://b.example/a%20b", "b"),
    ]


@settings(deadline=None)
@given(st.text())
def test_any_text_becomes_plain(text: str) -> None:
    for cleaned in (one_line(text), paragraphs(text)):
        assert not any(ord(sign) < 32 and sign != "\n" for sign in cleaned)
        assert not any("\ud800" <= sign <= "\udfff" for sign in cleaned)
        assert cleaned == cleaned.strip()
