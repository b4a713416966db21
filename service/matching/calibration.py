"""From features and a verifier's answer to probabilities that can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from marshmallow import Schema, ValidationError, fields, validate
from numpy.typing import NDArray

from service.errors import CalibrationError
from service.matching.features import NAMES, Features
from service.models import Tier

FORMAT = 1

VERIFIED_NAMES = ("about", "repeats", "rejects", "about, not spoken", "about, Cyrillic")
"""What the verifier's answer adds to the features, where it was asked."""

SIDE_NAMES = ("side", "side, not spoken", "rebuttal", "not spoken")
"""What decides between repeating and rejecting."""

_NOT_SPOKEN = NAMES.index("not spoken")
_CYRILLIC = NAMES.index("Cyrillic")
_REBUTTAL = NAMES.index("covered by the rebuttal alone")


@dataclass(frozen=True, eq=False)
class Logistic:
    """A logistic regression over standardised values (Platt 1999 where there is one value)."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities, shape ``(n,)``, of values, shape ``(n, width)``."""
        scores = ((values - self.mean) / self.scale) @ self.weights + self.bias
        found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        return found

    def as_json(self) -> dict[str, Any]:
        """What is stored."""
        rounded = {
            name: np.round(getattr(self, name), 6).tolist() for name in ("mean", "scale", "weights")
        }
        return {**rounded, "bias": round(self.bias, 6)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Logistic:
        """What was stored."""
        mean, scale, weights = (
            np.array(stored[name], np.float64) for name in ("mean", "scale", "weights")
        )
        return cls(mean, scale, weights, float(stored["bias"]))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Probabilities for one encoder and one verifier, or none.

    ``cheap`` needs the features alone; ``about`` and ``side`` need the verifier's answer too and
    are None without a verifier. ``tiers`` are the lowest scores at which 1 % (``match``) and 5 %
    (``related``) of ordinary sentences have a match.
    """

    name: str
    encoder: str
    verifier: str | None
    cheap: Logistic
    about: Logistic | None
    side: Logistic | None
    tiers: Mapping[Tier, float]
    made: Mapping[str, Any]

    def verified(self, rows: Features, answers: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(repeats), P(rejects), P(neither), shape ``(n, 3)``, of verified candidates."""
        assert self.about is not None
        assert self.side is not None
        about = self.about(np.hstack([rows, verified_values(rows, answers)]))
        repeats = self.side(side_values(rows, answers))
        return np.stack([about * repeats, about * (1 - repeats), 1 - about], axis=1)

    def as_json(self) -> dict[str, Any]:
        """What is stored."""
        return {
            "format": FORMAT,
            "name": self.name,
            "encoder": self.encoder,
            "verifier": self.verifier,
            "features": list(NAMES),
            "cheap": self.cheap.as_json(),
            "about": self.about.as_json() if self.about else None,
            "side": self.side.as_json() if self.side else None,
            "tiers": dict(self.tiers),
            "made": dict(self.made),
        }


def verified_values(rows: Features, answers: NDArray[np.float32]) -> NDArray[np.float64]:
    """The values of ``VERIFIED_NAMES``, from log-probabilities of shape ``(n, 3)``."""
    repeats, rejects, neither = (answers[:, place].astype(np.float64) for place in range(3))
    about = np.logaddexp(repeats, rejects) - neither
    return np.stack(
        [
            about,
            repeats - neither,
            rejects - neither,
            about * rows[:, _NOT_SPOKEN],
            about * rows[:, _CYRILLIC],
        ],
        axis=1,
    )


def side_values(rows: Features, answers: NDArray[np.float32]) -> NDArray[np.float64]:
    """The values of ``SIDE_NAMES``.

    Of the features only what a rebuttal has and the claim has not: in the sentences that are
    fitted on, those that reject share more words with the claim than those that repeat it, which
    holds for how they were written alone.
    """
    side = (answers[:, 0] - answers[:, 1]).astype(np.float64)
    other = rows[:, _NOT_SPOKEN]
    return np.stack([side, side * other, rows[:, _REBUTTAL], other], axis=1)


class _LogisticSchema(Schema):
    mean = fields.List(fields.Float(), required=True)
    scale = fields.List(fields.Float(validate=validate.Range(min=1e-9)), required=True)
    weights = fields.List(fields.Float(), required=True)
    bias = fields.Float(required=True)


class _CalibrationSchema(Schema):
    format = fields.Integer(required=True, validate=validate.Equal(FORMAT))
    name = fields.String(required=True)
    encoder = fields.String(required=True)
    verifier = fields.String(required=True, allow_none=True)
    features = fields.List(fields.String(), required=True, validate=validate.Equal(list(NAMES)))
    cheap = fields.Nested(_LogisticSchema, required=True)
    about = fields.Nested(_LogisticSchema, required=True, allow_none=True)
    side = fields.Nested(_LogisticSchema, required=True, allow_none=True)
    tiers = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["match", "related"])),
        values=fields.Float(validate=validate.Range(0, 1)),
        required=True,
    )
    made = fields.Dict(required=True)


def read_calibration(text: str) -> Calibration:
    """A calibration from its JSON.

    Raises:
        CalibrationError: it is damaged, or was made for other features or by another version.
    """
    try:
        stored = _CalibrationSchema().load(json.loads(text))
        parts = {
            name: Logistic.of(stored[name]) if stored[name] else None
            for name in ("cheap", "about", "side")
        }
        widths = {
            "cheap": len(NAMES),
            "about": len(NAMES) + len(VERIFIED_NAMES),
            "side": len(SIDE_NAMES),
        }
        for name, part in parts.items():
            arrays = (part.mean, part.scale, part.weights) if part else ()
            if any(array.shape != (widths[name],) for array in arrays):
                raise ValueError(f"{name} has another width")
        if (stored["verifier"] is None) != (parts["about"] is None) or set(stored["tiers"]) != {
            "match",
            "related",
        }:
            raise ValueError("parts are missing")
    except (ValueError, TypeError, RecursionError, ValidationError) as error:
        raise CalibrationError(f"The calibration cannot be used: {error}") from error
    cheap = parts["cheap"]
    assert cheap is not None
    return Calibration(
        stored["name"],
        stored["encoder"],
        stored["verifier"],
        cheap,
        parts["about"],
        parts["side"],
        stored["tiers"],
        stored["made"],
    )


def shipped() -> list[str]:
    """The texts of the calibrations that come with the program."""
    folder = files("service.matching") / "calibrations"
    return [entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".json")]
