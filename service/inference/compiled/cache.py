"""The folder of a compiled model: written aside and renamed, checked before it is used.

compiled/<role>/current.json     what the settings meant when `refrain prepare` last ran
compiled/<role>/<fingerprint>/   manifest.json and the files that it lists
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from service.errors import CompiledError

FORMAT = 1
"""Goes up when the files, or how they are made, change: older folders are then made anew."""

_CURRENT = "current.json"
_MANIFEST = "manifest.json"
_ALWAYS_HASHED = 32 * 1024 * 1024
"""A worker checks the sizes of all files, and the contents of those no larger than this."""

_FEATURES = ("avx", "sse", "fma", "f16c", "amx", "asimd", "sve", "i8mm", "bf16")

_PACKAGES = ("onnxruntime", "sentence-transformers", "transformers")


@dataclass(frozen=True, slots=True)
class Current:
    """What the settings meant when the model was last compiled, or found to be no candidate.

    ``choice`` are the settings, ``stamp`` tells one state of the model's files from another,
    ``machine`` is ``this_machine()``; ``refused`` says why the original is to be used instead.
    """

    choice: Mapping[str, Any]
    stamp: str
    machine: str
    fingerprint: str
    refused: str | None = None


class CompiledFolder:
    """The compiled models of one role, such as ``encoder``."""

    def __init__(self, data_dir: Path, role: str) -> None:
        self._folder = data_dir / "compiled" / role

    def current(self) -> Current | None:
        """What was noted last; None where nothing was, or nothing that can be read."""
        try:
            found = json.loads((self._folder / _CURRENT).read_text("utf-8"))
            return Current(**found)
        except (OSError, ValueError, TypeError):
            return None

    def note(self, current: Current) -> None:
        """Makes this what workers go by; other compiled models of the role are removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self._folder / _CURRENT, json.dumps(asdict(current), indent=1, sort_keys=True))
        for other in self._folder.iterdir():
            kept = current.fingerprint if current.refused is None else None
            if other.is_dir() and other.name != kept:
                # a worker that still runs it keeps the mapped file
                shutil.rmtree(other, ignore_errors=True)

    def read(self, fingerprint: str, *, verify: bool) -> tuple[Path, Mapping[str, Any]]:
        """Folder and facts of a compiled model; ``verify`` reads and checks every byte.

        Raises:
            CompiledError: it is missing, damaged, or made by another version.
        """
        folder = self._folder / fingerprint
        try:
            manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
            if manifest["format"] != FORMAT or manifest["fingerprint"] != fingerprint:
                raise CompiledError("The compiled model is of another version.")
            for name, recorded in manifest["files"].items():
                size = (folder / name).stat().st_size
                read = verify or size <= _ALWAYS_HASHED
                if size != recorded["size"] or (read and _sha256(folder / name) != recorded["sha"]):
                    raise CompiledError(f"The compiled model is damaged: {name} is not as written.")
            return folder, manifest["facts"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CompiledError(f"The compiled model cannot be read: {error}") from error

    def write(self, fingerprint: str, make: Callable[[Path], Mapping[str, Any]]) -> None:
        """Has ``make`` fill a folder and return its facts; it appears whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="making-", dir=self._folder))
        try:
            facts = make(aside)
            files = {
                path.name: {"size": path.stat().st_size, "sha": _sha256(path)}
                for path in sorted(aside.iterdir())
            }
            manifest = {
                "format": FORMAT,
                "fingerprint": fingerprint,
                "facts": facts,
                "files": files,
            }
            _write(aside / _MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
            aside.chmod(0o755)
            final = self._folder / fingerprint
            shutil.rmtree(final, ignore_errors=True)
            aside.rename(final)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def this_machine() -> str:
    """What a compiled model depends on beside the model: the instructions of the processor, for
    which its weights are laid out, the releases that made it, and whether there is a GPU."""
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8", "replace")
        lines = [line for line in told.splitlines() if line.startswith(("flags", "Features"))]
        words = lines[0].split(":")[1].split() if lines else []
    except OSError:  # not on Linux
        words = [platform.processor()]
    features = sorted(word for word in words if word.startswith(_FEATURES)) or words
    facts = [
        platform.system(),
        platform.machine(),
        *features,
        *(f"{name} {_version(name)}" for name in _PACKAGES),
        f"gpu {any(Path(device).exists() for device in ('/dev/nvidiactl', '/dev/kfd'))}",
    ]
    return hashlib.sha256(" ".join(facts).encode()).hexdigest()[:16]


def stamp(model: Path | None) -> str:
    """Tells one state of a model's folder from another, by names, sizes and times of its files;
    empty for a model that is not a folder on this machine."""
    if model is None or not model.is_dir():
        return ""
    facts = [
        (str(path.relative_to(model)), found.st_size, found.st_mtime_ns)
        for path in sorted(model.rglob("*"))
        if path.is_file()
        for found in [path.stat()]
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
