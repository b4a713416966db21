"""The documentation of the settings, made from their table."""

from __future__ import annotations

from dataclasses import Field
from pathlib import Path
from typing import Any

from service.settings import PREFIX, SETTINGS_TABLE

_FRAME = """\
# Settings

Refrain is set up with environment variables. All of them are checked at start and every fault is
listed at once. An unknown `{prefix}` name is an error. An empty value stands for the default.

| variable | default | meaning |
|---|---|---|
{rows}

Kubernetes sets variables of its own for a service of the name `refrain`: `REFRAIN_SERVICE_…`,
`REFRAIN_PORT_…`, and a `REFRAIN_PORT` with `://`. They are passed over, and a log line names them.

This page is made by `make docs`.
"""


def settings_page() -> str:
    """Every setting as Markdown; ``docs/settings.md`` is this text."""
    rows = "\n".join(
        f"| `{name}` | {_default(spec)} | {spec.metadata['help']} "
        f"Allowed: {spec.metadata['allowed']}. |"
        for name, spec in SETTINGS_TABLE.items()
    )
    return _FRAME.format(prefix=PREFIX, rows=rows)


def _default(spec: Field[Any]) -> str:
    if spec.metadata["shown"]:
        return str(spec.metadata["shown"])
    if isinstance(spec.default, bool):
        return f"`{str(spec.default).lower()}`"
    if isinstance(spec.default, Path):
        return f"`./{spec.default}`"
    return f"`{spec.default}`" if spec.default != "" else "empty"


if __name__ == "__main__":
    print(settings_page(), end="")
