"""The formats of evaluation sets: what is read, and what is refused with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.evaluation.formats import development, diary, trec
from service.evaluation.formats.folder import find_sets
from service.evaluation.sets import EvaluationSet, SetError


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def checkthat(folder: Path) -> Path:
    write(folder / "verified_claims.tsv", "\tvclaim\ttitle", '7\t"He said ""no""."\tDid he?')
    write(folder / "dev.queries.tsv", "\ttweet_content", "1\tno, he said", "2\tnobody asked")
    write(folder / "dev.qrels", "1\t0\t7\t1", "2\t0\t7\t0")
    return folder


def test_development_queries_carry_language_style_and_relation(tmp_path: Path) -> None:
    path = write(
        tmp_path / "opposite.jsonl",
        {"id": "1", "text": "Nein.", "gold": ["a", "b"], "language": "de", "style": "quote"},
        "",
        {"id": "2", "text": "No.", "gold": ["a"], "relation": "rejects", "how": "denial"},
    )
    first, second = development.read_queries(path)
    assert (first.gold, first.language, first.style) == (frozenset({"a", "b"}), "de", "quote")
    assert (second.language, second.relation, second.style) == ("en", "rejects", "rejects: denial")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON: "),
        ("[" * 100_000, "not JSON: nested too deeply"),
        ("[]", "not a JSON object"),
        ('{"text": "x", "gold": ["a"]}', "'id' must be a text"),
        ('{"id": "2", "text": " ", "gold": ["a"]}', "'text' must be a text"),
        ('{"id": "2", "text": "x"}', "'gold' must be a list of ids"),
        ('{"id": "2", "text": "x", "gold": [3]}', "'gold' must hold ids"),
        ('{"id": "2", "text": "x", "gold": ["a"], "relation": "denies"}', "'relation' must be"),
        ('{"id": "2", "text": "x", "gold": ["a"], "language": 3}', "'language' must be a text"),
        ('{"id": "1", "text": "x", "gold": ["a"]}', "the id '1' occurs twice"),
    ],
)
def test_a_malformed_query_is_refused_with_file_and_line(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = write(tmp_path / "queries.jsonl", {"id": "1", "text": "x", "gold": ["a"]}, line)
    with pytest.raises(SetError) as refused:
        development.read_queries(path)
    assert str(refused.value).startswith(f"{path}:2: {reason}")


def test_a_line_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "neutral.jsonl"
    path.write_bytes(b'{"id": "1", "text": "x"}\n{"id": "2", "text": "\xff"}\n')
    with pytest.raises(SetError, match=r"neutral\.jsonl:2: not UTF-8 at byte 22"):
        development.read_neutral(path)


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        ({"start": 0, "end": 9, "gold": ["a"]}, "0 to 9 lies outside the text"),
        ({"start": 2, "end": 2, "gold": ["a"]}, "2 to 2 lies outside the text"),
        ({"start": "0", "end": 2, "gold": ["a"]}, "must be whole numbers"),
        ({"start": 0, "end": 2, "gold": []}, "'gold' must be a list"),
        (3, "'claims' must be a list of objects"),
    ],
)
def test_a_span_outside_its_article_is_refused(tmp_path: Path, span: object, reason: str) -> None:
    path = write(tmp_path / "articles.jsonl", {"id": "1", "text": "Claimed.", "claims": [span]})
    with pytest.raises(SetError, match=rf"articles\.jsonl:1: .*{reason}"):
        development.read_articles(path)


def test_spans_count_code_points(tmp_path: Path) -> None:
    row = {"id": "1", "text": "😂 он", "claims": [{"start": 2, "end": 4, "gold": ["a"]}]}
    (article,) = development.read_articles(write(tmp_path / "articles.jsonl", row))
    assert article.text[article.claims[0].start : article.claims[0].end] == "он"
    assert article.rejects == ()


def test_checkthat_is_read_with_its_quotes_and_without_its_headings(tmp_path: Path) -> None:
    (found,) = find_sets(checkthat(tmp_path / "checkthat2020")).sets
    assert found.name == "checkthat2020/dev"
    assert [(query.id, query.gold) for query in found.queries] == [("1", frozenset({"7"}))]
    assert found.documents is not None
    (claim,) = found.documents.claims
    assert (claim.id, claim.text, claim.title) == ("7", 'He said "no".', "Did he?")


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("dev.qrels", "1 0 7", ":3: 'query 0 claim relevance' expected, 3 fields found"),
        ("dev.qrels", "1 0 7 yes", ":3: the relevance 'yes' is not a whole number"),
        ("dev.qrels", "9 0 7 1", ": judges '9', which "),
        ("dev.queries.tsv", "3", ":4: 2 tab-separated fields expected, 1 found"),
        ("dev.queries.tsv", "2\tagain", ":4: the id '2' occurs twice"),
        ("dev.queries.tsv", "3\t", ":4: 'text' must be a text"),
        ("dev.queries.tsv", '3\t"He" said', ":4: not tab-separated as CSV is"),
        ("verified_claims.tsv", "8\t\tTitle", ":3: the claim has no text"),
        ("verified_claims.tsv", "A B\tx\tTitle", ":3: 'A B' is not an id"),
        ("verified_claims.tsv", "7\tx\tTitle", ":3: the id '7' occurs twice"),
    ],
)
def test_a_malformed_line_of_checkthat_is_refused(
    tmp_path: Path, name: str, line: str, reason: str
) -> None:
    path = checkthat(tmp_path) / name
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(SetError) as refused:
        find_sets(tmp_path)
    assert str(refused.value).startswith(f"{path}{reason}")


def test_qrels_that_find_nothing_relevant_are_refused(tmp_path: Path) -> None:
    write(checkthat(tmp_path) / "dev.qrels", "1 0 7 0")
    with pytest.raises(SetError, match="finds no claim relevant"):
        find_sets(tmp_path)


def test_queries_without_their_qrels_are_refused(tmp_path: Path) -> None:
    (checkthat(tmp_path) / "dev.qrels").unlink()
    with pytest.raises(SetError, match=r"dev\.qrels: cannot be read"):
        find_sets(tmp_path)


def test_a_users_own_set_may_be_json_lines_over_claims_without_rebuttals(tmp_path: Path) -> None:
    found = trec.read_set(
        "mine",
        write(tmp_path / "q.jsonl", {"id": 1, "text": "Grain?", "language": "en"}),
        write(tmp_path / "q.qrels", "1 Q0 grain 2", "1 Q0 bread -1", ""),
        trec.read_claims(write(tmp_path / "c.jsonl", {"id": "grain", "text": "Grain."})),
        write(tmp_path / "n.tsv", "n1\tTomatoes ripen."),
    )
    assert found.queries[0].gold == frozenset({"grain"})
    assert found.documents is not None
    assert [claim.id for claim in found.documents.claims] == ["grain"]
    assert [query.text for query in found.neutral] == ["Tomatoes ripen."]


def test_a_claim_that_the_interface_would_refuse_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", {"id": "grain", "text": "Grain.", "colour": "red"})
    with pytest.raises(SetError, match=r"c\.jsonl:1: .*colour"):
        trec.read_claims(path)
    with pytest.raises(SetError, match="holds no claim"):
        trec.read_claims(write(tmp_path / "empty.jsonl"))


def cases(path: Path, *pairs: tuple[str | None, str | None]) -> EvaluationSet:
    rows = [{"Fakes": fake, "Disinfo_cases _ua": case} for case, fake in pairs]
    path.write_text(json.dumps(rows), "utf-8")
    return diary.read_set("diary", path, "uk")


def test_a_case_of_the_diary_looks_for_another_of_its_fake(tmp_path: Path) -> None:
    found = cases(
        tmp_path / "cases.uk.json",
        ("one", "bread"),
        ("two", "bread"),
        (" one ", "bread"),  # the same case from another outlet
        ("alone", "salt"),
        (None, "salt"),
        ("", None),
    )
    assert found.documents is not None
    assert [claim.text for claim in found.documents.claims] == ["one", "two", "alone"]
    assert [(query.text, query.gold, query.without) for query in found.queries] == [
        ("one", frozenset({"case-2"}), frozenset({"case-1"})),
        ("two", frozenset({"case-1"}), frozenset({"case-2"})),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[\n{", r"cases\.uk\.json:2: not JSON"),
        (b"{}", "not a list of cases"),
        (b"[3]", "case number 1 is not an object"),
        (b'[{"Fakes": 3, "Disinfo_cases_ru": "x"}]', "case number 1: the case and its fake"),
        (b"\xff", "not UTF-8 at byte 1"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_malformed_diary_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "cases.uk.json"
    path.write_bytes(content)
    with pytest.raises(SetError, match=reason):
        diary.read_set("diary", path, "uk")


def test_sets_are_found_by_their_names_and_absent_ones_are_told(tmp_path: Path) -> None:
    queries = {"id": "1", "text": "x", "gold": ["a"]}
    write(tmp_path / "dev/queries_en.jsonl", queries)
    write(tmp_path / "dev/opposite.jsonl", queries | {"id": "2", "relation": "rejects"})
    write(tmp_path / "dev/neutral.jsonl", {"id": "1", "text": "x"})
    write(tmp_path / "dev/articles.jsonl", {"id": "1", "text": "x", "claims": []})
    write(tmp_path / "other/notes.jsonl", "not looked at")
    cases(tmp_path / "cases.uk.json", ("one", "bread"), ("two", "bread"))
    found = find_sets(tmp_path)
    assert [one.name for one in found.sets] == [
        f"{tmp_path.name}/uk",
        "dev/queries_en",
        "dev/opposite",
        "dev/all",
        "dev/articles",
    ]
    assert len(found.sets[3].queries) == 2
    assert found.absent == ("checkthat2020", "vox_diary")
    assert find_sets(tmp_path / "dev").absent == ("checkthat2020", "vox_diary")


def test_a_thinned_set_is_spread_over_the_whole(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": "x", "gold": ["a"]} for number in range(10)]
    queries = development.read_queries(write(tmp_path / "queries.jsonl", *rows))
    whole = EvaluationSet("set", queries)
    assert [query.id for query in whole.thinned(3).queries] == ["0", "3", "6"]
    assert whole.thinned(10) is whole
