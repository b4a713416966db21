"""A calibration from feedback: what a judgement teaches, and when there is too little of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import wiring
from service.catalogue.catalogue import Catalogue
from service.cli import calibrating
from service.cli.calibrating import calibrate
from service.matching.calibration import read_calibration
from service.matching.engine import CatalogueEngine
from service.matching.fitting import Example
from service.matching.learning import learn, refuse_too_few
from service.models import Claim, EditorJudgement
from service.settings import Settings
from tests.fakes import CLAIMS
from tests.unit.test_calibration import FakeVerifier
from tests.unit.test_engine import engine_over

PEACE, SVR, TERM = (claim.id for claim in CLAIMS)
TEXT = "Western peacekeepers are a cover for the occupation of western Ukraine, he said."
SAME = EditorJudgement(TEXT, PEACE, "same", "repeats")


@pytest.fixture(name="engine")
def _engine(catalogue: Catalogue, tmp_path: Path) -> CatalogueEngine:
    catalogue.save(CLAIMS, who="test", encoded=None)
    return engine_over(catalogue, tmp_path / "snapshots")


def taught(engine: CatalogueEngine, *judgements: EditorJudgement) -> list[Example]:
    return learn(engine, judgements, wrong_is_ordinary=True).examples


@pytest.mark.parametrize(
    ("relation", "label"), [("repeats", "repeats"), ("rejects", "rejects"), (None, "unclear")]
)
def test_same_makes_a_text_about_the_claim(
    engine: CatalogueEngine, relation: str | None, label: str
) -> None:
    judgement = replace(SAME, relation=relation)  # type: ignore[arg-type]
    assert taught(engine, judgement) == [Example(TEXT, "en", PEACE, label, PEACE)]  # type: ignore[arg-type]


def test_wrong_and_related_make_it_about_nothing(engine: CatalogueEngine) -> None:
    wrong = EditorJudgement(TEXT, PEACE, "wrong", "repeats")
    about_nothing = Example(TEXT, "en", None, "neither", PEACE, judged=PEACE)
    assert taught(engine, wrong) == [replace(about_nothing, ordinary=True)]
    related = replace(wrong, verdict="related")
    assert taught(engine, related) == [about_nothing]
    beside = learn(engine, [wrong], wrong_is_ordinary=False).examples
    assert beside == taught(engine, related)


def test_nothing_is_learned_of_a_first_claim_that_nobody_judged(engine: CatalogueEngine) -> None:
    learned = learn(engine, [EditorJudgement(TEXT, TERM, "wrong")], wrong_is_ordinary=True)
    assert (learned.examples, learned.elsewhere, learned.gone) == ([], 1, 0)


def test_same_outweighs_what_was_said_of_other_claims(engine: CatalogueEngine) -> None:
    wrong = EditorJudgement(TEXT, SVR, "wrong")
    assert taught(engine, wrong, SAME) == taught(engine, SAME, wrong) == taught(engine, SAME)


def test_of_two_claims_the_one_found_first_counts(engine: CatalogueEngine) -> None:
    other = EditorJudgement(TEXT, SVR, "same", "rejects")
    assert taught(engine, SAME, other) == taught(engine, other, SAME) == taught(engine, SAME)


def test_the_last_judgement_of_a_text_and_a_claim_counts(engine: CatalogueEngine) -> None:
    wrong = replace(SAME, verdict="wrong")
    assert [each.label for each in taught(engine, SAME, wrong)] == ["neither"]
    assert [each.label for each in taught(engine, wrong, SAME)] == ["repeats"]


def test_a_judgement_of_a_claim_that_is_gone_teaches_nothing(engine: CatalogueEngine) -> None:
    gone = EditorJudgement(TEXT, "deleted", "same", "repeats")
    learned = learn(engine, [gone], wrong_is_ordinary=True)
    assert (learned.examples, learned.elsewhere, learned.gone) == ([], 0, 1)
    assert taught(engine, gone, SAME) == taught(engine, SAME)


def test_too_little_is_refused_with_figures() -> None:
    examples = [Example(f"{n}", "en", f"c{n % 5}", "repeats", "g") for n in range(150)]
    examples += [Example(f"{n}", "en", None, "neither", "g", ordinary=True) for n in range(99)]
    with pytest.raises(ValueError, match="too little") as caught:
        refuse_too_few(examples, sides=True)
    for told in (
        "249 of 200 sentences",
        "99 of 100 ordinary",
        "150 of 20 texts judged `repeats`",
        "5 of 10 claims judged `repeats`",
        "0 of 20 texts judged `rejects`",
    ):
        assert told in str(caught.value)


def test_unclear_sides_are_enough_without_a_verifier() -> None:
    examples = [Example(f"{n}", "en", f"c{n % 20}", "unclear", f"c{n % 20}") for n in range(100)]
    examples += [Example(f"{n}", "en", None, "neither", "g", ordinary=True) for n in range(100)]
    refuse_too_few(examples, sides=False)
    with pytest.raises(ValueError, match="0 of 20 texts judged `repeats`"):
        refuse_too_few(examples, sides=True)


# The command

TOPICS = (
    "grain", "dam", "airport", "bridge", "school", "hospital", "border", "harvest", "pipeline",
    "railway", "museum", "church", "election", "virus", "laboratory", "drone", "convoy", "harbour",
    "factory", "reactor",
)  # fmt: skip
OWN = tuple(
    Claim(f"own-{topic}", f"The {topic} was destroyed by the government in secret.", "It stands.")
    for topic in TOPICS
)


def own_feedback() -> Iterator[EditorJudgement]:
    for claim, topic in zip(OWN, TOPICS, strict=True):
        for n in range(6):
            saying = f"Channel {n} says the {topic} was destroyed by the government in secret"
            yield EditorJudgement(f"{saying}.", claim.id, "same", "repeats")
            yield EditorJudgement(f"It is denied: {saying}.", claim.id, "same", "rejects")
            yield EditorJudgement(f"The weather, {saying}.", claim.id, "wrong")


@pytest.fixture(name="newsroom")
def _newsroom(catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A newsroom's catalogue, with a fake encoder and verifier behind the command."""
    catalogue.save(OWN, who="the desk", encoded=None)
    engine = engine_over(catalogue, tmp_path / "snapshots")

    @contextmanager
    def over(*_: object) -> Iterator[CatalogueEngine]:
        yield engine

    monkeypatch.setenv("REFRAIN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(calibrating, "_engine_with", over)
    monkeypatch.setattr(wiring, "load_verifier", lambda _: FakeVerifier())
    assert Settings(data_dir=tmp_path).database_url == str(catalogue.database.engine.url)
    return catalogue


def run(*arguments: str) -> Result:
    return CliRunner().invoke(calibrate, arguments)


def test_feedback_alone_makes_a_calibration(newsroom: Catalogue, tmp_path: Path) -> None:
    for judgement in own_feedback():
        newsroom.feedback.add(judgement)
    result = run("--feedback")
    assert result.exit_code == 0, result.output
    written = (tmp_path / "calibration.json").read_text("utf-8")
    assert "NaN" not in written  # there are no examples in other languages; NaN is not JSON
    calibration = read_calibration(written)
    assert calibration.name.endswith("-feedback")
    assert calibration.made["on"] == {"feedback": 360}
    assert calibration.made["cross-validation"]["English"]["right claim first"] > 0.9
    assert calibration.made["cross-validation"]["English"]["relation right"] > 0.9


def test_ordinary_sentences_take_the_place_of_wrong_ones(
    newsroom: Catalogue, tmp_path: Path
) -> None:
    for judgement in own_feedback():
        newsroom.feedback.add(judgement)
    path = tmp_path / "ordinary.jsonl"
    rows = [{"text": f"The harvest of year {n} was sold at the border."} for n in range(99)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    result = run("--feedback", "--ordinary", str(path))
    assert result.exit_code == 1
    assert "99 of 100 ordinary" in result.output
    path.write_text("\n".join(map(json.dumps, [*rows, rows[0]])), "utf-8")
    assert run("--feedback", "--ordinary", str(path)).exit_code == 0


@pytest.mark.parametrize("count", [0, 30])
def test_too_little_feedback_writes_nothing(
    newsroom: Catalogue, tmp_path: Path, count: int
) -> None:
    for judgement, _ in zip(own_feedback(), range(count), strict=False):
        newsroom.feedback.add(judgement)
    result = run("--feedback")
    assert result.exit_code == 1
    assert f"{count} of 200 sentences" in result.output
    assert not (tmp_path / "calibration.json").exists()


@pytest.mark.parametrize("arguments", [(), ("--groups", __file__), ("--ordinary", __file__)])
def test_a_calibration_needs_sentences(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--feedback" in result.output
