"""The sentence-transformers encoder: the bundled model, and any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from service.errors import EncoderError
from service.inference import bundled
from service.inference.choice import EncoderChoice
from service.inference.torch_encoder import TorchEncoder
from tests.model.tiny import make_tiny

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def encoder() -> TorchEncoder:
    return TorchEncoder(EncoderChoice())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


def test_vectors_are_normalised_and_in_order(encoder: TorchEncoder) -> None:
    texts = ["Grain goes to the rich.", "Peacekeepers will occupy Ukraine. " * 3, "No."]
    rows = encoder.encode_passages(texts)
    assert rows.shape == (3, encoder.dimension) == (3, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.encode_queries([text]).vectors for text in texts])
    assert np.allclose(rows, alone, atol=1e-5)


def test_the_same_model_has_the_same_fingerprint(encoder: TorchEncoder) -> None:
    assert TorchEncoder(EncoderChoice()).fingerprint == encoder.fingerprint


def test_only_a_text_that_is_too_long_is_called_truncated(encoder: TorchEncoder) -> None:
    encoded = encoder.encode_queries(["word " * 250, "word " * 260])
    assert encoded.truncated == (False, True)


def test_nothing_to_encode_gives_no_rows(encoder: TorchEncoder) -> None:
    assert encoder.encode_passages([]).shape == (0, 384)
    assert encoder.encode_queries([]).vectors.shape == (0, 384)


def test_progress_adds_up_to_the_texts(encoder: TorchEncoder) -> None:
    done: list[int] = []
    encoder.encode_passages(["one", "two", "three"] * 15, done.append)
    assert sum(done) == 45


def test_any_sentence_transformers_path_works(tiny: Path) -> None:
    encoder = TorchEncoder(EncoderChoice(str(tiny), languages=None))
    assert (encoder.name, encoder.dimension, encoder.languages) == ("model", 16, None)
    rows = encoder.encode_passages(["война украина", "peace"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_what_decides_a_vector_decides_the_fingerprint(tiny: Path) -> None:
    choices = [
        EncoderChoice(str(tiny), None),
        EncoderChoice(str(tiny), frozenset({"uk"})),
        EncoderChoice(str(tiny), None, query_prompt="query : "),
        EncoderChoice(str(tiny), None, passage_prompt="query : "),
    ]
    fingerprints = {TorchEncoder(choice).fingerprint for choice in choices}
    assert len(fingerprints) == len(choices)


def test_prompts_stand_before_queries_and_wordings(tiny: Path) -> None:
    plain = TorchEncoder(EncoderChoice(str(tiny), None))
    prompted = TorchEncoder(EncoderChoice(str(tiny), None, "query : ", "war : "))
    assert np.allclose(
        prompted.encode_queries(["peace"]).vectors, plain.encode_queries(["query : peace"]).vectors
    )
    assert np.allclose(prompted.encode_passages(["peace"]), plain.encode_passages(["war : peace"]))


def test_prompts_of_the_model_itself_are_used(tmp_path: Path) -> None:
    prompts = {"query": "query : ", "document": "war : "}
    model = make_tiny(tmp_path / "model", prompts=prompts)
    own = TorchEncoder(EncoderChoice(str(model), None))
    assert (own.query_prompt, own.passage_prompt) == ("query : ", "war : ")
    given = TorchEncoder(EncoderChoice(str(model), None, "peace ", "мир "))
    assert (given.query_prompt, given.passage_prompt) == ("peace ", "мир ")
    queries = own.model.encode_query(["war"], normalize_embeddings=True)
    assert np.allclose(own.encode_queries(["war"]).vectors, queries)
    passages = own.model.encode_document(["war"], normalize_embeddings=True)
    assert np.allclose(own.encode_passages(["war"]), passages)


def test_a_wrong_path_is_one_clear_line() -> None:
    with pytest.raises(EncoderError, match="REFRAIN_ENCODER='/no/such/model'") as caught:
        TorchEncoder(EncoderChoice("/no/such/model", None))
    assert "\n" not in str(caught.value)


def test_a_folder_that_holds_no_model_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[")
    with pytest.raises(EncoderError, match="cannot be loaded") as caught:
        TorchEncoder(EncoderChoice(str(tmp_path), None))
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(EncoderError, match="not the published file"):
        bundled.verify(tmp_path / "model.safetensors", bundled.WEIGHTS_SHA256)
