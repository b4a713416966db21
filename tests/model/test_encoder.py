"""The sentence-transformers encoder: the bundled model, and any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from service.errors import EncoderError
from service.inference import bundled
from service.inference.torch_encoder import EncoderChoice, TorchEncoder

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def encoder() -> TorchEncoder:
    return TorchEncoder(EncoderChoice())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of two dozen words and random weights, made here."""
    folder = tmp_path_factory.mktemp("tiny")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *["война", "мир", "украина", "peace", "war", "query", ":", "ukraine"],
    ]
    vocabulary = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    vocabulary.pre_tokenizer = Whitespace()
    make: Any = PreTrainedTokenizerFast  # published without types
    tokenizer = make(
        tokenizer_object=vocabulary,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=16,
    )
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    BertModel(config).save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    transformer = Transformer(str(folder / "base"), max_seq_length=16)
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(str(folder / "model"))
    return folder / "model"


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
