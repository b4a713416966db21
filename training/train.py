"""Trains the bundled verifier: sentence groups in, weights and a report out.

    make train

Seeded. Two processes of one thread each share every batch, which on two cores takes half the time
of one process of two threads. The bundled encoder is used twice: to find the nearest other claims,
which become hard negatives, and for its first layers, where the training starts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from service.inference import bundled
from service.inference.choice import EncoderChoice
from service.inference.pair_model import PairModel, bundled_weights, save
from service.inference.pair_tokens import PairTokens, padded
from service.inference.torch_encoder import TorchEncoder
from service.interchange.groups import SentenceGroup, read_groups, read_ordinary
from service.starter import load_starter
from training.phrases import denied, reported

REPEATS, REJECTS, NEITHER = range(3)
OUTCOMES = ("repeats", "rejects", "neither")
NEAR_DUPLICATE = 0.7
NEIGHBOURS = 6
LOOKALIKES = 3
"""With so many claims an ordinary sentence is read."""
LAYERS, EPOCHS, BATCH, RATE, SEED = 3, 4, 32, 1.5e-4, 4
OFTEN = 0.65
"""The share of the groups about other claims than the starter's that an epoch takes."""
HEAD_RATE = 3.0
"""How much faster the fresh parts learn than the layers."""
WARM_UP = 60
SMOOTHING = 0.05
CHUNK = 40
"""Batches are cut from so many batches' worth of pairs, ordered by length: little is padded."""

RANK, WORLD = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


@dataclass(frozen=True, slots=True)
class Pair:
    """A query, a wording, and how the one stands to the other."""

    query: str
    wording: str
    label: int
    language: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A group to learn from, and the wordings that its sentences are read with."""

    group: SentenceGroup
    wordings: tuple[str, ...]
    always: bool = False
    """Whether it comes in every epoch, and not only in most."""


def starter_lessons(paths: Sequence[Path]) -> Iterator[Lesson]:
    """The starter catalogue's claims, one per language: its wordings repeat one another, a rebuttal
    contradicts what it answers, and the files say more of both."""
    written = {
        (row["id"], row["language"]): row
        for path in paths
        for row in map(json.loads, path.read_text("utf-8").splitlines())
    }
    for claim in load_starter():
        for language in sorted({claim.language, *claim.wordings}):
            own = claim.language == language
            wordings = (claim.text,) * own + tuple(claim.wordings.get(language, ()))
            more = written.pop((claim.id, language), {})
            group = SentenceGroup(
                f"{claim.id}-{language}",
                language,
                claim.text,
                wordings[0],
                (*wordings[1:], *more.get("repeats", ())),
                (*(claim.rebuttal,) * own, *more.get("rejects", ())),
                tuple(more.get("related", ())),
                claim.id,
            )
            yield Lesson(group, wordings, always=True)
    if written:
        raise SystemExit(f"No claim with a wording in that language: {sorted(written)[:5]}")


def ordinary_pairs(
    ordinary: Sequence[tuple[str, str]], groups: Sequence[SentenceGroup], encoder: TorchEncoder
) -> list[Pair]:
    """Each ordinary sentence with the claims of its language that look most like it: neither."""
    pairs = []
    for spoken in sorted({language for _, language in ordinary}):
        texts = [text for text, language in ordinary if language == spoken]
        theirs = [group.wording for group in groups if group.language == spoken]
        similarity = encoder.encode_passages(texts) @ encoder.encode_passages(theirs).T
        nearest = np.argsort(-similarity, axis=1)[:, :LOOKALIKES]
        pairs += [
            Pair(text, theirs[place], NEITHER, spoken)
            for text, places in zip(texts, nearest, strict=True)
            for place in places
        ]
    return pairs


def neighbours(groups: Sequence[SentenceGroup], encoder: TorchEncoder) -> list[list[int]]:
    """For each group those with the nearest other claims in its language, no near-duplicates."""
    texts = list(dict.fromkeys(group.claim for group in groups))
    place = {text: row for row, text in enumerate(texts)}
    claims = encoder.encode_passages(texts)[[place[group.claim] for group in groups]]
    languages = np.array([group.language for group in groups])
    found = []
    for number, group in enumerate(groups):
        similarity = claims @ claims[number]
        usable = (languages == group.language) & (similarity <= NEAR_DUPLICATE)
        others = np.flatnonzero(usable)
        found.append(others[np.argsort(-similarity[others])[:NEIGHBOURS]].tolist())
    return found


def make_pairs(
    lessons: Sequence[Lesson],
    near: Sequence[Sequence[int]],
    plain: Sequence[Pair],
    chance: random.Random,
) -> list[Pair]:
    """One epoch's pairs, with what counters the shortcuts that the groups invite.

    Repeats share fewer words with the claim than rejects do: so the claim itself comes reported in
    a phrase, and denied in one. Rejects run longer: so repeats are made long and denials short. And
    a sentence about the nearest other claim is about neither.
    """
    pairs = list(plain)
    for number, lesson in enumerate(lessons):
        if not lesson.always and chance.random() > OFTEN:
            continue
        group = lesson.group
        pairs += _own_pairs(lesson, chance)
        own = group.repeats + group.rejects
        for text in chance.sample(own, min(3, len(own)) if near[number] else 0):
            other = lessons[chance.choice(near[number])]
            pairs.append(Pair(text, chance.choice(other.wordings), NEITHER, group.language))
        for place in chance.sample(list(near[number]), min(2, len(near[number]))):
            theirs = lessons[place].group.repeats + lessons[place].group.rejects
            if theirs:
                wording = chance.choice(lesson.wordings)
                pairs.append(Pair(chance.choice(theirs), wording, NEITHER, group.language))
    chance.shuffle(pairs)
    return pairs


def _own_pairs(lesson: Lesson, chance: random.Random) -> Iterator[Pair]:
    group = lesson.group
    language, own = group.language, [group.wording, *group.repeats]

    def facing(query: str) -> str:
        """What the query is read with: mostly a wording, sometimes a sentence that repeats it."""
        among = lesson.wordings if chance.random() < 0.7 else own
        others = [text for text in among if text != query]
        return chance.choice(others or [text for text in own if text != query] or own[:1])

    for text in group.repeats:
        framed = reported(text, language, chance) if chance.random() < 0.5 else text
        yield Pair(framed, facing(text), REPEATS, language)
    if chance.random() < 0.7:
        base = chance.choice(own)
        framed = reported(base, language, chance) if chance.random() < 0.7 else base
        yield Pair(framed, facing(base), REPEATS, language)
    for text in group.rejects:
        yield Pair(text, facing(text), REJECTS, language)
    if chance.random() < 0.6:
        base = chance.choice(own)
        wording = facing(base) if chance.random() < 0.5 else base
        yield Pair(denied(base, language, chance), wording, REJECTS, language)
    if group.rejects and chance.random() < 0.25:
        yield Pair(chance.choice(own), chance.choice(group.rejects), REJECTS, language)
    for text in group.related:
        yield Pair(text, facing(text), NEITHER, language)


class Tokens:
    """Tokens of texts, remembered."""

    def __init__(self) -> None:
        self._tokens = PairTokens(bundled.model_folder() / "tokenizer.json")
        self._known: dict[str, list[int]] = {}

    def of(self, text: str) -> list[int]:
        """The token ids of one text."""
        if text not in self._known:
            self._known[text] = self._tokens.of([text])[0]
        return self._known[text]

    def side(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Tokens and mask of one side of a batch."""
        tokens, mask = padded([self.of(text) for text in texts])
        return torch.from_numpy(tokens), torch.from_numpy(mask)


def in_batches(
    pairs: Sequence[Pair], tokens: Tokens, chance: random.Random | None
) -> Iterator[list[Pair]]:
    """Batches of like length; in random order where there is a ``chance``."""
    chunk = BATCH * CHUNK if chance else max(1, len(pairs))
    for start in range(0, len(pairs), chunk):
        part = sorted(
            pairs[start : start + chunk],
            key=lambda pair: len(tokens.of(pair.query)) + len(tokens.of(pair.wording)),
        )
        batches = [part[place : place + BATCH] for place in range(0, len(part), BATCH)]
        if chance:
            chance.shuffle(batches)
        yield from batches


def logits_of(model: PairModel, batch: Sequence[Pair], tokens: Tokens) -> Tensor:
    """The model's logits, shape ``(batch, 3)``."""
    query = tokens.side([pair.query for pair in batch])
    wording = tokens.side([pair.wording for pair in batch])
    logits: Tensor = model(*query, *wording)
    return logits


def train(model: PairModel, batches: Sequence[list[Pair]], tokens: Tokens) -> None:
    """Over all batches once, with AdamW, a warm-up, and a linear decay to nothing."""
    fresh = [
        tensor
        for name, tensor in model.named_parameters()
        if not name.startswith(("layers.", "embeddings."))
    ]
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.layers.parameters()), "scale": 1.0},
            {"params": fresh, "scale": HEAD_RATE},
        ],
        weight_decay=0.01,
    )
    model.train()
    began, losses = time.monotonic(), []
    for step, batch in enumerate(batches):
        for part in optimizer.param_groups:
            decay = min(1.0, step / WARM_UP) * (1 - step / len(batches))
            part["lr"] = RATE * part["scale"] * decay
        share = batch[RANK::WORLD] or batch  # of a batch of one pair all read that
        target = torch.tensor([pair.label for pair in share])
        loss = F.cross_entropy(logits_of(model, share, tokens), target, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        _average(model)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        if step % 50 == 49 and RANK == 0:
            spent = time.monotonic() - began
            print(
                f"{step + 1}/{len(batches)} loss {np.mean(losses[-50:]):.3f} {spent:.0f} s",
                flush=True,
            )


def _average(model: PairModel) -> None:
    """The gradients' mean over all processes."""
    if WORLD == 1:
        return
    gradients = [tensor.grad for tensor in model.parameters() if tensor.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= WORLD
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def judge(model: PairModel, pairs: Sequence[Pair], tokens: Tokens) -> dict[str, Any]:
    """By language: how many pairs, three-way accuracy, and the relation right of the two."""
    model.eval()
    seen: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    with torch.inference_mode():
        for batch in in_batches(pairs, tokens, None):
            for pair, row in zip(batch, logits_of(model, batch, tokens).numpy(), strict=True):
                seen[pair.language].append((pair.label, row))
    report = {}
    for language, rows in sorted(seen.items()):
        labels, values = np.array([label for label, _ in rows]), np.stack([row for _, row in rows])
        about = labels != NEITHER
        sided = (values[about, 0] > values[about, 1]) == (labels[about] == REPEATS)
        report[language] = {
            "pairs": len(rows),
            "three-way accuracy": round(float((values.argmax(1) == labels).mean()), 4),
            "relation right": round(float(sided.mean()), 4),
        }
    return report


def judge_held_out(model: PairModel, paths: Sequence[Path], tokens: Tokens) -> dict[str, Any]:
    """``judge`` of held-out groups: those about claims that were trained on, and the others."""
    pairs: dict[str, list[Pair]] = {"the starter's claims": [], "other claims": []}
    for group in read_groups(paths):
        pairs["the starter's claims" if group.claim_id else "other claims"] += [
            Pair(text, group.wording, label, group.language)
            for label, texts in enumerate((group.repeats, group.rejects, group.related))
            for text in texts
        ]
    return {kind: judge(model, own, tokens) for kind, own in pairs.items()}


def main() -> None:
    """Read, pair, train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", nargs="+", type=Path, required=True)
    parser.add_argument("--starter", nargs="*", type=Path, default=[])
    parser.add_argument("--ordinary", nargs="*", type=Path, default=[])
    parser.add_argument("--held-out", nargs="+", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    if WORLD > 1:
        dist.init_process_group("gloo", rank=RANK, world_size=WORLD)
    chance, began = random.Random(SEED), time.monotonic()
    lessons = [Lesson(group, (group.wording,)) for group in read_groups(asked.groups)]
    lessons += starter_lessons(asked.starter)
    groups = [lesson.group for lesson in lessons]
    encoder = TorchEncoder(EncoderChoice())
    near = neighbours(groups, encoder)
    plain = ordinary_pairs(read_ordinary(asked.ordinary), groups, encoder)
    tokens = Tokens()
    batches = [
        batch
        for _ in range(EPOCHS)
        for batch in in_batches(make_pairs(lessons, near, plain, chance), tokens, chance)
    ]
    if RANK == 0:
        print(f"{len(groups)} groups, {sum(map(len, batches))} pairs", flush=True)
    model = PairModel(bundled_weights(), LAYERS)
    train(model, batches, tokens)
    if RANK:
        return
    save(model, asked.out)
    digest = hashlib.sha256(asked.out.read_bytes()).hexdigest()
    asked.out.with_suffix(".sha256").write_text(f"{digest}  {asked.out.name}\n", "ascii")
    report = {
        "groups": {
            f"{path.parent.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (*asked.groups, *asked.starter, *asked.ordinary)
        },
        "trained on": {"groups": len(groups), "pairs": sum(map(len, batches))},
        "layers": LAYERS,
        "epochs": EPOCHS,
        "batch": BATCH,
        "rate": RATE,
        "seed": SEED,
        "processes": WORLD,
        "seconds": round(time.monotonic() - began),
        "sha256": digest,
        "held out": judge_held_out(model, asked.held_out, tokens),
    }
    text = json.dumps(report, indent=1) + "\n"
    asked.out.with_suffix(".report.json").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
