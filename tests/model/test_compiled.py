"""The compiled encoder: its vectors are those of the original, and it needs no torch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.errors import CompiledError, EncoderError
from service.inference import loading
from service.inference.choice import EncoderChoice
from service.inference.compiled import cache, compiling
from service.inference.compiled.cache import CompiledFolder
from service.inference.compiled.compiling import PROBES
from service.inference.compiled.encoder import CompiledEncoder
from service.inference.compiled.tokenizing import SavedTokenizer
from service.inference.protocol import Encoder, Vectors
from service.inference.torch_encoder import TorchEncoder
from tests.model.sentences import SENTENCES
from tests.model.tiny import make_tiny

pytestmark = pytest.mark.model

TEXTS = (*PROBES, *(text for text, _ in SENTENCES))


def cosines(some: Vectors, others: Vectors) -> Vectors:
    """Of each row with its counterpart; 1 where both are nothing, as of a text without tokens."""
    nothing = ~some.any(axis=1) & ~others.any(axis=1)
    return np.where(nothing, np.float32(1), (some * others).sum(axis=1))


def assert_alike(original: Encoder, twin: Encoder) -> None:
    expected, got = original.encode_queries(TEXTS), twin.encode_queries(TEXTS)
    assert cosines(expected.vectors, got.vectors).min() >= compiling.LEAST_COSINE
    assert got.truncated == expected.truncated
    alone = np.concatenate([twin.encode_queries([text]).vectors for text in TEXTS])
    assert cosines(expected.vectors, alone).min() >= compiling.LEAST_COSINE
    passages = original.encode_passages(TEXTS), twin.encode_passages(TEXTS)
    assert cosines(*passages).min() >= compiling.LEAST_COSINE


def prepare(choice: EncoderChoice, data_dir: Path, **options: Any) -> tuple[Encoder, list[str]]:
    told: list[str] = []
    return loading.prepare_encoder(choice, data_dir, told.append, **options), told


def compiled_folder(data_dir: Path) -> Path:
    [folder] = [path for path in (data_dir / "compiled" / "encoder").iterdir() if path.is_dir()]
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the bundled encoder is compiled."""
    folder = tmp_path_factory.mktemp("compiled")
    encoder, told = prepare(EncoderChoice(), folder)
    assert isinstance(encoder, CompiledEncoder), told
    return folder


@pytest.fixture(scope="module")
def tiny_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[EncoderChoice, Path]:
    """A tiny encoder, and a folder in which it is compiled."""
    folder = tmp_path_factory.mktemp("tiny")
    choice = EncoderChoice(str(make_tiny(folder / "model")), None)
    prepare(choice, folder)
    return choice, folder


@pytest.fixture
def ready(tiny_once: tuple[EncoderChoice, Path], tmp_path: Path) -> tuple[EncoderChoice, Path]:
    """A tiny encoder, and a folder of the test's own in which it is compiled."""
    shutil.copytree(tiny_once[1] / "compiled", tmp_path / "compiled")
    return tiny_once[0], tmp_path


@pytest.fixture
def tiny(tmp_path: Path) -> EncoderChoice:
    return EncoderChoice(str(make_tiny(tmp_path / "model")), None)


def test_the_bundled_encoder_gives_the_vectors_of_the_original(data_dir: Path) -> None:
    original = TorchEncoder(EncoderChoice())
    twin = loading.load_encoder(EncoderChoice(), data_dir)
    assert isinstance(twin, CompiledEncoder)
    assert_alike(original, twin)
    for fact in ("name", "fingerprint", "dimension", "languages"):
        assert getattr(twin, fact) == getattr(original, fact)


def test_a_text_is_called_truncated_where_the_original_says_so(data_dir: Path) -> None:
    twin = loading.load_encoder(EncoderChoice(), data_dir)
    assert twin.encode_queries(["word " * 254, "word " * 255]).truncated == (False, True)


def test_nothing_to_encode_gives_no_rows(data_dir: Path) -> None:
    twin = loading.load_encoder(EncoderChoice(), data_dir)
    assert isinstance(twin, CompiledEncoder)
    assert twin.encode_passages([]).shape == (0, 384)
    assert twin.encode_queries([]).vectors.shape == (0, 384)
    assert twin.encode_query_tokens([]).tokens == ()


def test_progress_adds_up_to_the_texts(data_dir: Path) -> None:
    done: list[int] = []
    twin = loading.load_encoder(EncoderChoice(), data_dir)
    twin.encode_passages(["one", "two words", "three words more"] * 15, done.append)
    assert sum(done) == 45


def test_the_vectors_of_the_tokens_are_those_that_are_pooled(data_dir: Path) -> None:
    twin = loading.load_encoder(EncoderChoice(), data_dir)
    assert isinstance(twin, CompiledEncoder)
    texts = ["Grain goes to the rich.", "No.", "Peacekeepers will occupy Ukraine. " * 9]
    found = twin.encode_query_tokens(texts)
    assert np.allclose(found.vectors, twin.encode_queries(texts).vectors, atol=1e-5)
    means = np.stack([rows.mean(axis=0) for rows in found.tokens])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    assert np.allclose(found.vectors, means, atol=1e-4)
    assert [len(rows) for rows in found.tokens][:2] == [8, 4]


def test_a_worker_needs_no_torch(data_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "import service.wiring\n"
        "from service.inference.loading import load_encoder, EncoderChoice\n"
        f"encoder = load_encoder(EncoderChoice(), Path({str(data_dir)!r}))\n"
        "encoder.encode_queries(['Grain goes to the rich.'])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'onnx', 'onnxscript'}\n"
        "print(type(encoder).__name__, *sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert ran.stdout.split() == ["CompiledEncoder"]


@pytest.mark.parametrize(
    ("pooling", "normalise"),
    [("mean", True), ("mean", False), ("cls", False), ("max", True), ("weightedmean", False)],
)
def test_any_pooling_is_compiled(tmp_path: Path, pooling: Any, normalise: bool) -> None:
    model = make_tiny(tmp_path / "model", pooling=pooling, normalise=normalise)
    choice = EncoderChoice(str(model), None)
    twin, told = prepare(choice, tmp_path)
    assert isinstance(twin, CompiledEncoder), told
    assert_alike(TorchEncoder(choice), twin)


@pytest.mark.parametrize(
    "choice",
    [EncoderChoice("", None), EncoderChoice("", frozenset({"uk", "en"}), "мир ", "war : ")],
)
def test_prompts_are_compiled_in(tmp_path: Path, choice: EncoderChoice) -> None:
    prompts = {"query": "query : ", "document": "ukraine "}
    model = make_tiny(tmp_path / "model", prompts=prompts)
    chosen = EncoderChoice(str(model), choice.languages, choice.query_prompt, choice.passage_prompt)
    twin, told = prepare(chosen, tmp_path)
    assert isinstance(twin, CompiledEncoder), told
    original = TorchEncoder(chosen)
    assert_alike(original, twin)
    assert not np.allclose(twin.encode_queries(["peace"]).vectors, twin.encode_passages(["peace"]))
    assert twin.languages == choice.languages


@pytest.mark.parametrize("side", ["left", "right"])
def test_texts_are_padded_on_the_side_of_the_model(tmp_path: Path, side: Any) -> None:
    model = make_tiny(tmp_path / "model", padding_side=side)
    encoder = TorchEncoder(EncoderChoice(str(model), None))
    compiling.write_tokenizer(encoder, tmp_path / "tokenizer.json")
    tokenizer = SavedTokenizer(tmp_path / "tokenizer.json")
    texts = ["peace", "war peace ukraine", "мир " * 40]
    expected = encoder.model.preprocess(texts)
    inputs = ("input_ids", "attention_mask")
    feeds = tokenizer.feeds(tokenizer.tokenise(texts), inputs)
    for name in inputs:
        assert np.array_equal(feeds[name], expected[name].numpy())


def test_pairs_are_tokenised_as_the_original_does(data_dir: Path) -> None:
    tokenizer = SavedTokenizer(compiled_folder(data_dir) / "tokenizer.json")
    pairs = [("Is it so?", "It is."), ("a " * 200, "b " * 200)]
    inputs = ("input_ids", "token_type_ids", "attention_mask")
    feeds = tokenizer.feeds(tokenizer.tokenise(pairs), inputs)
    expected = TorchEncoder(EncoderChoice()).model.tokenizer(
        [one for one, _ in pairs],
        [two for _, two in pairs],
        truncation="longest_first",
        max_length=256,
        padding=True,
        return_tensors="np",
    )
    for name in inputs:
        assert np.array_equal(feeds[name], expected[name])


def test_a_model_that_cannot_be_compiled_runs_as_it_is(tmp_path: Path) -> None:
    # such a model leaves its prompt out of the mean, which the compiled one does not know of
    model = make_tiny(tmp_path / "model", prompts={"query": "war : "}, include_prompt=False)
    choice = EncoderChoice(str(model), None)
    encoder, told = prepare(choice, tmp_path)
    assert isinstance(encoder, TorchEncoder)
    assert any("Warning" in line and "cosine" in line for line in told)
    # it is not tried again, and workers know
    again, told = prepare(choice, tmp_path)
    assert isinstance(again, TorchEncoder)
    assert told == []
    assert isinstance(loading.load_encoder(choice, tmp_path), TorchEncoder)
    with pytest.raises(EncoderError, match="cosine"):
        loading.load_encoder(choice, tmp_path, "compiled")


def test_a_twin_that_differs_is_refused(
    tiny: EncoderChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "LEAST_COSINE", 1.1)
    encoder, told = prepare(tiny, tmp_path)
    assert isinstance(encoder, TorchEncoder)
    assert len(told) == 2
    assert not [path for path in (tmp_path / "compiled" / "encoder").iterdir() if path.is_dir()]


def test_what_is_compiled_is_not_compiled_again(ready: tuple[EncoderChoice, Path]) -> None:
    choice, folder = ready
    encoder, told = prepare(choice, folder, rebuild=True)
    assert isinstance(encoder, CompiledEncoder)
    assert told == []


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    path.unlink()
    if how == "cut":
        path.write_bytes(content[:middle])
    elif how == "changed":
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 0x15]) + content[middle + 1 :])


@pytest.mark.parametrize("file", ["model.onnx", "model.data", "tokenizer.json", "manifest.json"])
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_damage_is_noticed(ready: tuple[EncoderChoice, Path], file: str, how: str) -> None:
    choice, folder = ready
    damage(compiled_folder(folder) / file, how)
    with pytest.raises(CompiledError):
        CompiledFolder(folder, "encoder").read(compiled_folder(folder).name, verify=True)
    assert isinstance(loading.load_encoder(choice, folder), TorchEncoder)


def test_a_worker_leaves_large_files_unread(
    ready: tuple[EncoderChoice, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = ready
    damage(compiled_folder(folder) / "model.data", "changed")
    monkeypatch.setattr(cache, "_ALWAYS_HASHED", 100)
    # what is wrong in it is for `refrain prepare` to find, which reads it all
    CompiledFolder(folder, "encoder").read(compiled_folder(folder).name, verify=False)


def test_damage_is_mended(ready: tuple[EncoderChoice, Path]) -> None:
    choice, folder = ready
    damage(compiled_folder(folder) / "model.data", "changed")
    encoder, told = prepare(choice, folder)
    assert isinstance(encoder, CompiledEncoder)
    assert "compiled anew" in told[0]
    assert isinstance(loading.load_encoder(choice, folder), CompiledEncoder)


def test_another_model_in_the_same_place_is_noticed(tiny: EncoderChoice, tmp_path: Path) -> None:
    first, _ = prepare(tiny, tmp_path)
    make_tiny(Path(tiny.name), seed=2)
    time.sleep(0.01)
    loaded = loading.load_encoder(tiny, tmp_path)
    assert isinstance(loaded, TorchEncoder)
    assert loaded.fingerprint != first.fingerprint
    second, _ = prepare(tiny, tmp_path)
    assert isinstance(second, CompiledEncoder)
    assert second.fingerprint == loaded.fingerprint
    assert compiled_folder(tmp_path).name == second.fingerprint


def test_other_settings_or_machines_are_noticed(ready: tuple[EncoderChoice, Path]) -> None:
    choice, folder = ready
    other = EncoderChoice(choice.name, frozenset({"en"}))
    assert isinstance(loading.load_encoder(other, folder), TorchEncoder)
    note = folder / "compiled" / "encoder" / "current.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "machine": "another"}))
    assert isinstance(loading.load_encoder(choice, folder), TorchEncoder)


def test_a_note_that_cannot_be_read_is_as_none(ready: tuple[EncoderChoice, Path]) -> None:
    choice, folder = ready
    for content in ("", "[]", "{}", '{"choice": 1}', "\0"):
        (folder / "compiled" / "encoder" / "current.json").write_text(content)
        assert isinstance(loading.load_encoder(choice, folder), TorchEncoder)


def test_torch_can_be_asked_for(ready: tuple[EncoderChoice, Path]) -> None:
    choice, folder = ready
    encoder, told = prepare(choice, folder, runtime="torch")
    assert isinstance(encoder, TorchEncoder)
    assert told == []
    assert isinstance(loading.load_encoder(choice, folder, "torch"), TorchEncoder)


def test_nothing_compiled_is_an_error_only_where_that_is_asked_for(
    tiny: EncoderChoice, tmp_path: Path
) -> None:
    assert isinstance(loading.load_encoder(tiny, tmp_path), TorchEncoder)
    with pytest.raises(EncoderError, match="REFRAIN_ENCODER_RUNTIME=compiled"):
        loading.load_encoder(tiny, tmp_path, "compiled")


def test_a_model_on_a_gpu_is_not_compiled(
    tiny: EncoderChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OnGpu(TorchEncoder):
        device = "cuda"

    monkeypatch.setattr(loading, "_original", OnGpu)
    encoder, told = prepare(tiny, tmp_path)
    assert isinstance(encoder, OnGpu)
    assert told == []


def test_a_compilation_that_is_broken_off_leaves_nothing(
    tiny: EncoderChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compiling, "check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(tiny, tmp_path)
    assert os.listdir(tmp_path / "compiled" / "encoder") == []


def test_a_tokenizer_that_is_not_fast_is_refused(
    tiny: EncoderChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TorchEncoder(tiny)
    monkeypatch.setattr(type(encoder.model), "tokenizer", object())
    with pytest.raises(CompiledError, match="no fast tokenizer"):
        compiling.compile_encoder(encoder, tmp_path)
