"""The bundled verifier, its compiled twin, and any CrossEncoder with NLI labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from service.errors import EncoderError
from service.inference import bundled_verifier
from service.inference.bundled_verifier import PROBES, WEIGHTS, fingerprint, original
from service.inference.cross_encoder import CrossEncoderVerifier
from service.matching.engine import CatalogueEngine
from service.models import MatchQuery
from service.settings import Settings

pytestmark = pytest.mark.model

MB = 1_000_000


def tiny(folder: Path, labels: tuple[str, ...]) -> Path:
    """A cross-encoder of a dozen words and random weights, made here."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "war", "peace", "ukraine", "russia", "no", "yes"]
    vocabulary = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    vocabulary.pre_tokenizer = Whitespace()
    vocabulary.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
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
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_the_shipped_weights_are_small_and_those_recorded() -> None:
    assert WEIGHTS.stat().st_size <= 25 * MB
    assert len(fingerprint()) == 64


def test_other_weights_than_those_recorded_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "verifier.safetensors"
    other.write_bytes(WEIGHTS.read_bytes()[:-1] + b"\0")
    other.with_suffix(".sha256").write_text(WEIGHTS.with_suffix(".sha256").read_text())
    monkeypatch.setattr(bundled_verifier, "WEIGHTS", other)
    with pytest.raises(EncoderError, match="not the published file"):
        fingerprint()


def test_the_compiled_verifier_answers_as_the_original(prepared: Settings) -> None:
    compiled = bundled_verifier.load_verifier(prepared.data_dir)
    first = original(fingerprint())
    assert compiled.fingerprint == first.fingerprint
    assert np.allclose(compiled.verify(PROBES), first.verify(PROBES), atol=0.01)
    assert np.allclose(np.exp(first.verify(PROBES)).sum(axis=1), 1, atol=1e-4)
    assert compiled.verify([]).shape == (0, 3)


def test_a_batch_is_answered_in_order(prepared: Settings) -> None:
    verifier = bundled_verifier.load_verifier(prepared.data_dir)
    pairs = [*PROBES, *PROBES[::-1]]
    alone = np.concatenate([verifier.verify([pair]) for pair in pairs])
    assert np.allclose(verifier.verify(pairs), alone, atol=0.01)


@pytest.mark.parametrize(
    ("text", "claim_id", "relation"),
    [
        (
            "Peskov claims that a hundred thousand Western soldiers will occupy Ukraine.",
            "svr-100k-peacekeepers",
            "repeats",
        ),
        (
            "It is not true that Zelensky's approval has collapsed to four percent, surveys show.",
            "zelensky-4-percent",
            "rejects",
        ),
        (
            "He called the claim that Ukraine shot down MH17 with a Buk missile a lie.",
            "mh17-ukraine-shot",
            "rejects",
        ),
    ],
)
def test_a_repetition_and_a_denial_are_told_apart(
    engine: CatalogueEngine, text: str, claim_id: str, relation: str
) -> None:
    found = engine.find_matches([MatchQuery(text)])[0].matches[0]
    assert (found.claim.id, found.relation) == (claim_id, relation)
    assert found.tier == ("match" if relation == "repeats" else "related")


@pytest.mark.parametrize(
    "text",
    [
        "The president's office said that Zelensky will travel to Brussels on Thursday.",
        "Peacekeepers from eleven countries took part in an exercise in Cyprus last week.",
        "The central bank left its key rate unchanged at its meeting on Friday.",
    ],
)
def test_an_ordinary_sentence_about_the_same_names_is_no_match(
    engine: CatalogueEngine, text: str
) -> None:
    assert all(
        match.tier != "match" for match in engine.find_matches([MatchQuery(text)])[0].matches
    )


def test_the_shipped_calibrations_fit_the_bundled_encoder(
    engine: CatalogueEngine, prepared: Settings
) -> None:
    from service.inference.protocol import Encoder
    from service.preparation import load_encoder
    from service.wiring import load_judge

    assert engine.describe().calibrated
    encoder: Encoder = load_encoder(prepared)
    assert load_judge(prepared, encoder.fingerprint, None).tiers is not None
    assert load_judge(prepared, "another encoder", None).tiers is None


def test_any_cross_encoder_with_nli_labels_can_verify(tmp_path: Path) -> None:
    labels = ("contradiction", "entailment", "neutral")
    verifier = CrossEncoderVerifier(str(tiny(tmp_path / "nli", labels)))
    pairs = [("war in ukraine", "peace"), ("no", "yes yes yes")]
    answers = verifier.verify(pairs)
    raw = CrossEncoder(str(tmp_path / "nli")).predict(pairs, apply_softmax=True)
    assert np.allclose(np.exp(answers), np.asarray(raw)[:, [1, 0, 2]], atol=1e-4)
    assert CrossEncoderVerifier(str(tmp_path / "nli")).fingerprint == verifier.fingerprint
    assert verifier.verify([]).shape == (0, 3)


def test_a_cross_encoder_without_nli_labels_is_refused(tmp_path: Path) -> None:
    tiny(tmp_path / "other", ("good", "bad", "ugly"))
    with pytest.raises(EncoderError, match="entailment"):
        CrossEncoderVerifier(str(tmp_path / "other"))


def test_a_wrong_name_is_one_clear_line() -> None:
    with pytest.raises(EncoderError, match="REFRAIN_VERIFIER='/no/such'") as caught:
        CrossEncoderVerifier("/no/such")
    assert "\n" not in str(caught.value)
