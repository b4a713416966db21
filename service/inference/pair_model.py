"""The bundled verifier as a torch module: a small cross-encoder over query and wording.

The bundled encoder's embeddings, frozen; its first layers, trained by ``training/train.py``; and a
head of three logits. Brings torch in: only training and ``refrain prepare`` need it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from service.errors import EncoderError
from service.inference import bundled
from service.inference.verifier import OUTCOMES

WIDTH, HEADS, INNER = 384, 12, 1536
DROPOUT = 0.1

_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "norm",
}


class Layer(nn.Module):
    """One BERT layer, normalised after each half."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.output = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (batch, tokens, WIDTH), mask (batch, 1, 1, tokens) true where a token is."""
        batch, tokens, _ = states.shape

        def split(projected: Tensor) -> Tensor:
            return projected.view(batch, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)

        mixed = F.scaled_dot_product_attention(
            split(self.query(states)),
            split(self.key(states)),
            split(self.value(states)),
            attn_mask=mask,
        )
        joined = self.output(mixed.transpose(1, 2).reshape(batch, tokens, WIDTH))
        states = self.attention_norm(states + F.dropout(joined, DROPOUT, self.training))
        spread = self.outer(F.gelu(self.inner(states)))
        normed: Tensor = self.norm(states + F.dropout(spread, DROPOUT, self.training))
        return normed


class Embeddings(nn.Module):
    """Word, position and segment embeddings of the bundled encoder."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()

        def frozen(name: str) -> nn.Parameter:
            return nn.Parameter(weights[f"embeddings.{name}.weight"].float(), requires_grad=False)

        self.words, self.places = frozen("word_embeddings"), frozen("position_embeddings")
        self.kind = nn.Parameter(frozen("token_type_embeddings")[0].clone(), requires_grad=False)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.norm.weight.data = weights["embeddings.LayerNorm.weight"].float()
        self.norm.bias.data = weights["embeddings.LayerNorm.bias"].float()

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (batch, length) to (batch, length, WIDTH)."""
        embedded: Tensor = self.norm(
            self.words[tokens] + self.places[: tokens.shape[1]] + self.kind
        )
        return embedded


class PairModel(nn.Module):
    """Query and wording, read together by the trained layers, to three logits."""

    def __init__(self, weights: dict[str, Tensor], layers: int) -> None:
        super().__init__()
        self.embeddings = Embeddings(weights).requires_grad_(False)
        self.layers = nn.ModuleList([bundled_layer(weights, number) for number in range(layers)])
        self.side = nn.Parameter(torch.zeros(2, WIDTH))
        self.dense = nn.Linear(3 * WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, len(OUTCOMES))

    def forward(
        self, query: Tensor, query_mask: Tensor, wording: Tensor, wording_mask: Tensor
    ) -> Tensor:
        """Tokens and masks (batch, length) of both sides to logits (batch, 3)."""
        sides = [self.embeddings(query) + self.side[0], self.embeddings(wording) + self.side[1]]
        states = torch.cat(sides, dim=1)
        mask = torch.cat([query_mask, wording_mask], dim=1)
        for layer in self.layers:
            states = layer(states, mask[:, None, None, :])
        length = query.shape[1]
        pooled = torch.cat(
            [
                states[:, 0],
                _mean(states[:, :length], query_mask),
                _mean(states[:, length:], wording_mask),
            ],
            dim=1,
        )
        hidden = F.dropout(torch.tanh(self.dense(pooled)), DROPOUT, self.training)
        logits: Tensor = self.head(hidden)
        return logits


def _mean(part: Tensor, kept: Tensor) -> Tensor:
    weight = kept.to(part.dtype)[:, :, None]
    return (part * weight).sum(1) / weight.sum(1)


def bundled_layer(weights: dict[str, Tensor], number: int) -> Layer:
    """The bundled encoder's layer ``number``."""
    layer = Layer()
    prefix = f"encoder.layer.{number}."
    layer.load_state_dict(
        {
            f"{ours}.{end}": weights[f"{prefix}{theirs}.{end}"].float()
            for theirs, ours in _NAMES.items()
            for end in ("weight", "bias")
        }
    )
    return layer


def bundled_weights() -> dict[str, Tensor]:
    """The bundled encoder's tensors, verified. Raises EncoderError."""
    return load_file(bundled.model_folder() / "model.safetensors")


def save(model: PairModel, path: Path) -> None:
    """Writes the tensors that training changed, in half precision."""
    tensors = {
        name: tensor.detach().half().contiguous()
        for name, tensor in model.state_dict().items()
        if not name.startswith("embeddings.")
    }
    save_file(tensors, path, metadata={"layers": str(len(model.layers)), "base": bundled.NAME})


def load(path: Path) -> PairModel:
    """The bundled embeddings with the trained layers of a file.

    Raises:
        EncoderError: the file is damaged, or is no verifier's.
    """
    try:
        with safe_open(path, "pt") as file:
            model = PairModel(bundled_weights(), int(file.metadata()["layers"]))
            trained = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        missing, unexpected = model.load_state_dict(trained, strict=False)
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise EncoderError(f"The verifier's weights cannot be read: {error}") from error
    if unexpected or any(not name.startswith("embeddings.") for name in missing):
        raise EncoderError(f"{path.name} holds no verifier's weights.")
    return model.eval()
