"""Running sets against an engine, the reports, and the command."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import preparation
from service.cli import evaluating
from service.evaluation.figures import figures_of
from service.evaluation.report import Circumstances, Measured, as_html, as_json, notices
from service.evaluation.running import Bench, Scan, run_sets
from service.evaluation.sets import Article, Documents, EvaluationSet, Query, Span
from service.inference.batching_encoder import BatchingEncoder
from service.inference.normalising import NormalisingEncoder
from service.models import Claim, Match, MatchQuery
from service.progress import progress
from tests.fakes import CLAIMS, FakeCatalogue, FakeEncoder, FakeEngine

PEACEKEEPERS = "peacekeepers-occupy-west-ukraine"


@dataclass(frozen=True)
class Finding:
    start: int
    end: int
    matches: Sequence[Match]


class Engines:
    """Opens fakes; remembers what was opened and asked."""

    def __init__(self, scans: bool = False) -> None:
        self.opened: list[str | None] = []
        self.asked: list[MatchQuery] = []
        self.scans = scans

    @contextmanager
    def __call__(self, documents: Documents | None) -> Iterator[Bench]:
        self.opened.append(documents.name if documents else None)
        catalogue = FakeCatalogue(documents.claims if documents else CLAIMS)
        engine = FakeEngine(catalogue)
        engine.queries = self.asked
        yield Bench(engine, catalogue, self._scan(engine) if self.scans else None)

    def _scan(self, engine: FakeEngine) -> Scan:
        def scan(text: str) -> list[Finding]:
            matches = engine.find_matches([MatchQuery(text, min_score=0.0)])[0].matches
            return [Finding(0, len(text), matches), Finding(0, len(text), ())]

        return scan


def measured(engines: Engines, *sets: EvaluationSet) -> list[Measured]:
    return [
        Measured(run, tuple(figures_of(run, seed=0)), seconds)
        for run, seconds in run_sets(sets, engines, progress)
    ]


def around() -> Circumstances:
    return Circumstances(
        "1.0", datetime(2026, 11, 22, tzinfo=UTC), "a <b>machine</b>", 0, None, ("vox_diary",)
    )


SCRIPT = "<script>alert('peacekeepers')</script> to occupy western Ukraine"


def judged() -> EvaluationSet:
    return EvaluationSet(
        "mine",
        queries=(
            Query("1", SCRIPT, frozenset({"no-such-claim"}), "en", "quote", "rejects"),
            Query("2", "peacekeepers occupy western Ukraine", frozenset({PEACEKEEPERS}), "de"),
        ),
        neutral=(Query("3", "Tomatoes & <i>basil</i>", language="en", style="other_news"),),
    )


def test_a_sentence_in_several_sets_is_asked_once_and_without_a_lowest_score() -> None:
    engines = Engines()
    one, two = measured(engines, judged(), judged())
    assert engines.opened == [None]
    assert len(engines.asked) == 3
    assert {(query.limit, query.min_score, query.language) for query in engines.asked} == {
        (20, 0.0, None)
    }
    assert one.run.answers == two.run.answers
    assert [answer.right for answer in one.run.answers] == [False, True]


def test_sets_over_the_same_documents_share_an_engine() -> None:
    engines = Engines()
    documents = Documents("own", (Claim("grain", "Grain goes to the rich.", "No."),))
    query = Query("1", "grain for the rich", frozenset({"grain"}))
    own = EvaluationSet("own", (query,), documents=documents)
    found = measured(engines, own, judged(), EvaluationSet("again", (query,), documents=documents))
    assert engines.opened == ["own", None]
    assert {one.run.set.name: one.run.info.claims for one in found} == {
        "own": 1,
        "again": 1,
        "mine": 3,
    }


def test_the_query_itself_is_left_out_of_its_answer() -> None:
    query = Query("1", CLAIMS[0].text, frozenset({CLAIMS[1].id}), without=frozenset({PEACEKEEPERS}))
    engines = Engines()
    (found,) = measured(engines, EvaluationSet("set", (query,)))
    assert engines.asked[0].limit == 21
    assert found.run.answers[0].shown[0].claim_id == CLAIMS[1].id
    assert found.run.answers[0].right


def test_gold_claims_that_the_catalogue_lacks_are_told() -> None:
    found = measured(Engines(), judged())
    assert found[0].run.unknown == ("no-such-claim",)
    assert notices(found)[0] == "mine: 1 gold claims are not known, such as 'no-such-claim'."


def articles() -> EvaluationSet:
    text = "Peacekeepers to occupy western Ukraine"
    span = Span(0, len(text), frozenset({PEACEKEEPERS}))
    return EvaluationSet("articles", articles=(Article("art-1", text, (span,)),))


def test_articles_are_measured_where_the_engine_can_scan() -> None:
    (found,) = measured(Engines(scans=True), articles())
    assert {one.measure: one.estimate.value for one in found.figures}["findings: F1"] == 1


def test_articles_are_skipped_where_the_engine_cannot_scan() -> None:
    found = measured(Engines(), articles())
    assert found[0].figures == ()
    assert "articles: skipped; this engine cannot scan articles." in notices(found)
    assert "articles" in as_html(found, around())


def test_the_page_quotes_texts_escaped() -> None:
    page = as_html(measured(Engines(scans=True), judged(), articles()), around())
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;peacekeepers&#39;)" in page
    assert "Tomatoes &amp; &lt;i&gt;basil" in page
    assert "a &lt;b&gt;machine" in page
    assert "(not in the catalogue)" in page
    assert "rejects, shown as not found" in page
    assert "vox_diary" in page


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = as_html(measured(Engines(), judged()), around())
    assert "http" not in page
    assert "src=" not in page
    assert page.count("<svg") == 2


def test_the_json_file_holds_figures_and_no_text() -> None:
    written = as_json(measured(Engines(), judged()), around())
    content = json.loads(written)
    figures = {
        (one["group"], one["measure"]): (one["value"], one["n"])
        for one in content["sets"][0]["figures"]
    }
    assert figures["all", "P@1"] == (0.5, 2)
    assert content["sets"][0]["confusion"] == {
        "rejects": {"repeats": 0, "rejects": 0, "unclear": 0, "not found": 1}
    }
    assert content["sets"][0]["base_rate"] == pytest.approx(1 / 3, abs=1e-4)
    assert "peacekeepers" not in written


def test_an_empty_set_is_reported_without_figures() -> None:
    found = measured(Engines(), EvaluationSet("empty"))
    assert found[0].figures == ()
    assert json.loads(as_json(found, around()))["sets"][0]["figures"] == []
    assert "empty" not in as_html(found, around())


# The command


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sets; the command uses fakes of the encoder, and a data folder of its own."""
    monkeypatch.setenv("REFRAIN_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("REFRAIN_STARTER", "false")
    monkeypatch.setenv("REFRAIN_VERIFIER", "off")
    encoder = NormalisingEncoder(FakeEncoder())
    monkeypatch.setattr(preparation, "NormalisingEncoder", lambda inner: encoder)
    monkeypatch.setattr(
        "service.inference.loading.prepare_encoder", lambda *given, **options: FakeEncoder()
    )
    batching = BatchingEncoder(FakeEncoder())
    monkeypatch.setattr("service.wiring.batching_encoder", lambda settings, observer: batching)
    folder = tmp_path / "sets" / "checkthat2020"
    folder.mkdir(parents=True)
    (folder / "verified_claims.tsv").write_text("7\tGrain for the rich\tGrain?\n8\tMud\tMud?\n")
    (folder / "dev.queries.tsv").write_text("1\tgrain is for the rich\n2\tmud\n")
    (folder / "dev.qrels").write_text("1 0 7 1\n2 0 8 1\n")
    return folder.parent


def evaluate(*args: str | Path) -> Result:
    return CliRunner().invoke(evaluating.evaluate, [str(arg) for arg in args])


def test_the_command_prints_a_table_and_writes_its_reports(sets: Path, tmp_path: Path) -> None:
    page, figures = tmp_path / "out/report.html", tmp_path / "out/report.json"
    told = evaluate("--sets", sets, "--html", page, "--json", figures)
    assert told.exit_code == 0, told.output
    assert "Absent, skipped: dev (development sets)." in told.output
    assert "checkthat2020/dev" in told.stdout
    assert "MAP@5" in told.stdout
    assert "checkthat2020/dev" in page.read_text("utf-8")
    assert json.loads(figures.read_text("utf-8"))["sets"][0]["claims"] == 2


def test_the_documents_of_a_set_are_encoded_once(
    sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate("--sets", sets).exit_code == 0

    def refuse(self: FakeEncoder, texts: object, progress: object = None) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(FakeEncoder, "encode_passages", refuse)
    again = evaluate("--sets", sets, "--limit-queries", "1")
    assert again.exit_code == 0, again.output
    assert "checkthat2020/dev" in again.stdout


def test_a_users_own_files_are_run_alone(sets: Path) -> None:
    own = sets / "checkthat2020"
    files = ("--queries", own / "dev.queries.tsv", "--qrels", own / "dev.qrels")
    told = evaluate(*files, "--claims", own / "verified_claims.tsv")
    assert told.exit_code == 0, told.output
    assert "checkthat2020" not in told.stdout
    assert "│ dev " in told.stdout


def test_names_choose_sets_and_unknown_ones_are_refused(sets: Path) -> None:
    assert "MAP@5" in evaluate("--sets", sets, "--set", "checkthat2020/*").stdout
    told = evaluate("--sets", sets, "--set", "dev/queries_en")
    assert told.exit_code == 1
    assert "no set 'dev/queries_en'. Present: checkthat2020/dev." in told.stderr


def test_nothing_present_is_no_error_unless_a_folder_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluating, "DEFAULT_SETS", tmp_path / "absent")
    told = evaluate()
    assert told.exit_code == 0, told.output
    assert "No evaluation set is present." in told.output
    named = evaluate("--sets", tmp_path)
    assert named.exit_code == 1
    assert "holds no evaluation set" in named.stderr


def test_files_that_belong_together_are_asked_for_together(tmp_path: Path) -> None:
    file = tmp_path / "queries.tsv"
    file.write_text("1\tx\n")
    assert "--queries and --qrels belong together" in evaluate("--queries", file).stderr
    assert "go with --queries" in evaluate("--claims", file).stderr


def test_a_malformed_file_is_told_without_a_traceback(sets: Path) -> None:
    (sets / "checkthat2020/dev.qrels").write_text("1 0 7\n")
    told = evaluate("--sets", sets)
    assert told.exit_code == 1
    assert "dev.qrels:1: 'query 0 claim relevance' expected" in told.stderr


def test_a_report_that_cannot_be_written_is_told_before_the_work(sets: Path) -> None:
    told = evaluate("--sets", sets, "--html", sets / "checkthat2020/dev.qrels/report.html")
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr
    assert "MAP@5" not in told.stdout
