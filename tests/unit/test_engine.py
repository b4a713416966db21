"""Matching over a real catalogue, with an encoder of hashed words."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.errors import NotReady
from service.index.snapshot import open_snapshot, write_snapshot
from service.inference.normalising import NormalisingEncoder
from service.inference.protocol import EncodedQueries, Encoder
from service.interchange.importing import Row, import_claims
from service.matching import loading as loading_module
from service.matching.engine import CatalogueEngine
from service.matching.loading import LoadingEngine
from service.models import Claim, ClaimFilter, MatchQuery, NoMatch
from service.preparation import encode_missing
from tests.fakes import CLAIMS, FakeEncoder

ENGLISH = frozenset({"en"})


def engine_over(
    catalogue: Catalogue, folder: Path, encoder: Encoder | None = None
) -> CatalogueEngine:
    encoder = encoder or FakeEncoder(languages=ENGLISH)
    encode_missing(catalogue, encoder)
    number = catalogue.encoder_id(encoder.fingerprint, encoder.name, encoder.dimension)
    revision, wordings = catalogue.wordings_at_revision()
    ids, rows = catalogue.vectors(number, encoder.dimension)
    facts = {"catalogue": catalogue.identity(), "encoder": encoder.fingerprint}
    write_snapshot(
        folder,
        revision=revision,
        wordings=wordings,
        claims=catalogue.all_claims(),
        vector_ids=ids,
        rows=rows,
        **facts,
    )
    snapshot = open_snapshot(folder, dimension=encoder.dimension, verify=True, **facts)
    return CatalogueEngine(catalogue, encoder, snapshot)


@pytest.fixture
def engine(catalogue: Catalogue, tmp_path: Path) -> CatalogueEngine:
    catalogue.save(CLAIMS, who="test", encoded=None)
    return engine_over(
        catalogue, tmp_path / "snapshots", NormalisingEncoder(FakeEncoder(languages=ENGLISH))
    )


def ids(engine: CatalogueEngine, text: str, **options: object) -> list[str]:
    query = replace(MatchQuery(text, min_score=0.0), **options)  # type: ignore[arg-type]
    return [match.claim.id for match in engine.find_matches([query])[0].matches]


def refused(engine: CatalogueEngine, query: MatchQuery) -> NoMatch:
    result = engine.find_matches([query])[0]
    assert result.matches == ()
    assert result.no_match is not None
    return result.no_match


def test_the_best_claim_comes_first_and_only_once(engine: CatalogueEngine) -> None:
    found = ids(engine, "Peacekeepers to occupy western Ukraine, a cover for occupation")
    assert found[0] == "peacekeepers-occupy-west-ukraine"
    assert len(found) == len(set(found)) == 3


def test_the_wording_that_matched_is_shown(engine: CatalogueEngine) -> None:
    result = engine.find_matches([MatchQuery("Peacekeepers to occupy western Ukraine")])[0]
    match = result.matches[0]
    assert (match.matched.field, match.matched.text) == ("title", match.claim.title)
    assert match.score == pytest.approx(1.0)


def test_without_calibration_nothing_is_called_a_match(engine: CatalogueEngine) -> None:
    result = engine.find_matches([MatchQuery("Zelensky's term has expired", min_score=0.0)])[0]
    assert engine.describe().calibrated is False
    assert engine.info().tiers is None
    for match in result.matches:
        assert (match.tier, match.relation, match.probabilities) == ("related", "unclear", None)
        assert 0 <= match.score <= 1


def test_at_most_limit_claims_come_back(engine: CatalogueEngine) -> None:
    assert len(ids(engine, "peacekeepers to Ukraine", limit=2)) == 2


def test_a_filter_narrows_before_ranking(engine: CatalogueEngine) -> None:
    legitimacy = ClaimFilter(narratives=("zelensky-legitimacy",))
    assert ids(engine, "peacekeepers to occupy Ukraine", filter=legitimacy) == [
        "zelensky-term-expired"
    ]


def test_a_filter_that_leaves_nothing_says_so(engine: CatalogueEngine) -> None:
    query = MatchQuery("peacekeepers", filter=ClaimFilter(narratives=("unknown",)))
    assert refused(engine, query).code == "filters_left_nothing"


def test_a_relation_that_nothing_has_says_so(engine: CatalogueEngine) -> None:
    query = MatchQuery("peacekeepers to Ukraine", min_score=0.0, relations=("rejects",))
    assert refused(engine, query).code == "filters_left_nothing"


def test_a_sentence_about_something_else_matches_nothing(engine: CatalogueEngine) -> None:
    answer = refused(engine, MatchQuery("Tomatoes ripen slowly"))
    assert answer.code == "below_min_score"
    assert answer.best_score is not None
    assert answer.considered == 3


def test_a_language_without_a_wording_says_so(engine: CatalogueEngine) -> None:
    assert refused(engine, MatchQuery("Friedenstruppen", language="de")).code == (
        "language_not_covered"
    )
    spanish = MatchQuery("El ministro dijo que las tropas occidentales quieren ocupar el país.")
    answer = refused(engine, spanish)
    assert answer.code == "language_not_covered"
    assert "'es'" in answer.reason


def test_a_language_that_the_encoder_does_not_speak_is_found_by_its_words(
    engine: CatalogueEngine,
) -> None:
    query = MatchQuery("Миротворцы Запада оккупируют Украину, заявили в Москве.", min_score=0.0)
    result = engine.find_matches([query])[0]
    assert result.language == "ru"
    assert result.matches[0].claim.id == "peacekeepers-occupy-west-ukraine"
    assert result.matches[0].matched.language == "ru"


def test_the_language_may_be_told(engine: CatalogueEngine) -> None:
    result = engine.find_matches([MatchQuery("Peacekeepers to occupy Ukraine", language="en")])[0]
    assert result.language == "en"


def test_case_quotes_lookalikes_and_invisible_letters_change_nothing(
    engine: CatalogueEngine,
) -> None:
    plain = MatchQuery('The "peacekeepers" will occupy western Ukraine', min_score=0.0)
    odd = MatchQuery(
        "THE «PEACEKEEPERS» WILL OCC\u200bUPY WESTERN UKRА\u0406NE",
        min_score=0.0,  # А, І Cyrillic
    )
    first, second = (result.matches for result in engine.find_matches([plain, odd]))
    assert [match.claim.id for match in first] == [match.claim.id for match in second]
    assert [match.score for match in first] == pytest.approx([match.score for match in second])


def test_the_terms_that_carried_a_match_are_shown_as_they_were_written(
    engine: CatalogueEngine,
) -> None:
    query = MatchQuery("Yesterday peacekeepers again planned to OCCUPY the western parts")
    terms = engine.find_matches([query])[0].matches[0].terms
    assert "OCCUPY" in terms
    assert "western" in terms
    assert "Yesterday" not in terms


def test_a_batch_answers_each_text_as_it_would_be_answered_alone(engine: CatalogueEngine) -> None:
    texts = ["Peacekeepers to occupy Ukraine", "Zelensky's term has expired", "Tomatoes ripen"]
    queries = [MatchQuery(text) for text in texts]
    together = engine.find_matches(queries)
    assert together == [engine.find_matches([query])[0] for query in queries]
    assert engine.find_matches([]) == []


def test_wordings_in_other_languages_are_not_given_to_the_encoder(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    class Strict(FakeEncoder):
        def encode_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
            assert all(text.isascii() for text in texts)
            return super().encode_passages(texts, progress)

    catalogue.save(CLAIMS, who="test", encoded=None)
    engine = engine_over(catalogue, tmp_path / "snapshots", Strict(languages=ENGLISH))
    assert engine.info().wordings == 5


def test_an_empty_catalogue_says_so(catalogue: Catalogue, tmp_path: Path) -> None:
    engine = engine_over(catalogue, tmp_path / "snapshots")
    assert refused(engine, MatchQuery("anything")).code == "catalogue_empty"


def test_a_refresh_brings_what_was_added_changed_and_removed(
    engine: CatalogueEngine, catalogue: Catalogue
) -> None:
    encoder = NormalisingEncoder(FakeEncoder(languages=ENGLISH))
    grain = Claim(id="grain", text="Grain goes to rich countries only.", rebuttal="No.")
    changed = replace(CLAIMS[2], text="The president's mandate ran out.")
    import_claims(catalogue, encoder, [Row(1, grain), Row(2, changed)], who="test")
    catalogue.remove("svr-100k-peacekeepers", who="test")
    assert "grain" not in ids(engine, "grain goes to rich countries")
    engine.refresh()
    assert ids(engine, "grain goes to rich countries")[0] == "grain"
    assert ids(engine, "the president's mandate ran out")[0] == "zelensky-term-expired"
    assert "svr-100k-peacekeepers" not in ids(engine, "100,000 peacekeepers", limit=50)
    assert engine.describe().catalogue_revision == catalogue.revision()
    assert engine.info().claims == 3


def test_a_claim_deleted_since_the_search_began_is_left_out(
    engine: CatalogueEngine, catalogue: Catalogue
) -> None:
    catalogue.remove("svr-100k-peacekeepers", who="test")
    assert "svr-100k-peacekeepers" not in ids(engine, "100,000 peacekeepers")


def test_an_engine_is_not_ready_until_it_is_loaded(
    engine: CatalogueEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def load() -> CatalogueEngine:
        gate.wait(10)
        return engine

    loading = LoadingEngine(load, failed=lambda error: None)
    assert loading.failing() == ("encoder", "index", "catalogue")
    with pytest.raises(NotReady):
        loading.describe()
    monkeypatch.setattr(loading_module, "START_PATIENCE_S", 0.05)
    with pytest.raises(NotReady):
        loading.find_matches([MatchQuery("x")])
    gate.set()
    assert loading.wait(10)
    assert loading.failing() == ()
    assert loading.describe() == engine.describe()


def test_a_query_waits_for_an_engine_that_is_about_to_be_loaded(engine: CatalogueEngine) -> None:
    def load() -> CatalogueEngine:
        time.sleep(0.2)
        return engine

    loading = LoadingEngine(load, failed=lambda error: None)
    assert loading.find_matches([MatchQuery("peacekeepers to Ukraine")])[0].matches


def test_an_engine_that_cannot_be_loaded_is_told_about() -> None:
    told: list[Exception] = []

    def load() -> CatalogueEngine:
        raise OSError("no disk")

    loading = LoadingEngine(load, told.append)
    assert not loading.wait(10)
    assert [str(error) for error in told] == ["no disk"]
    assert loading.failing()


def test_what_is_asked_again_is_answered_from_memory_until_the_catalogue_changes(
    engine: CatalogueEngine, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    encode = FakeEncoder.encode_queries

    def noted(self: FakeEncoder, texts: Sequence[str]) -> EncodedQueries:
        seen.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(FakeEncoder, "encode_queries", noted)
    query = MatchQuery(CLAIMS[0].text, min_score=0.0)
    first = engine.find_matches([query, query])
    assert engine.find_matches([query]) == first[:1] == first[1:]
    assert engine.find_matches([replace(query, limit=1)])[0].matches == first[0].matches[:1]
    assert len(seen) == 2
    catalogue.remove(CLAIMS[0].id, who="desk")
    engine.refresh()
    again = engine.find_matches([query])[0]
    assert CLAIMS[0].id not in [match.claim.id for match in again.matches]
