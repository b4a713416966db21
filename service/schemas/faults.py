"""marshmallow's tree of messages as JSON pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_STEP = 64


def faults(tree: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each fault as ``(pointer, detail)``; the pointer is empty for the whole."""
    if isinstance(tree, Mapping):
        for step, branch in tree.items():
            yield from faults(branch, at if step == "_schema" else f"{at}/{_step(step)}")
        return
    for message in tree if isinstance(tree, list) else [tree]:
        yield at, str(message)


def told(tree: Any) -> str:
    """All faults in one line, for a person."""
    return "; ".join(f"{at or 'the whole'}: {detail}" for at, detail in faults(tree))


def _step(name: object) -> str:
    """One step of a pointer. An unknown name may be anything; it is made printable and short."""
    text = str(name).encode("utf-8", "replace").decode()
    text = text if len(text) <= LONGEST_STEP else text[:LONGEST_STEP] + "…"
    return text.replace("~", "~0").replace("/", "~1")
