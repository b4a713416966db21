"""Which encoder is meant: what the settings say of it, without loading it."""

from __future__ import annotations

from dataclasses import dataclass

from service.inference import bundled

BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """Which encoder to load.

    ``languages`` None stands for all. An empty prompt stands for the model's own.
    """

    name: str = BUNDLED
    languages: frozenset[str] | None = bundled.LANGUAGES
    query_prompt: str = ""
    passage_prompt: str = ""

    @property
    def display_name(self) -> str:
        """The name that is shown: the last part of a path or of a hub's name."""
        return bundled.NAME if self.name == BUNDLED else self.name.rstrip("/").split("/")[-1]
