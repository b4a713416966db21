"""Writes the catalogue out, claim by claim; a file is whole or not there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from service.errors import ServiceError
from service.interchange.claimreview_out import CONTEXT, claim_review
from service.models import Claim
from service.schemas.claim import ClaimSchema

Step = Callable[[int], None]


@contextmanager
def written_aside(path: Path | None) -> Iterator[IO[str]]:
    """A file to write, which takes its name when it is whole; None stands for standard output.

    A file that has the name already is replaced then, and only then.

    Raises:
        ServiceError: the file cannot be written.
    """
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            aside = Path(file.name)
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                mask = os.umask(0)
                os.umask(mask)
                aside.chmod(0o666 & ~mask)  # a temporary file is for its owner alone
                aside.replace(path)
            except BaseException:
                aside.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ServiceError(f"{path} cannot be written: {error.strerror or error}") from error


def write_jsonl(claims: Iterable[Claim], file: IO[str], step: Step) -> int:
    """One claim in the interface's JSON per line; returns how many. ``jsonl.read`` reads them."""
    schema = ClaimSchema()
    count = 0
    for count, claim in enumerate(claims, start=1):  # noqa: B007 - it is the result
        file.write(json.dumps(schema.dump(claim), ensure_ascii=False) + "\n")
        step(1)
    return count


def write_claimreview(
    claims: Iterable[Claim], file: IO[str], step: Step, *, publisher: str, base_url: str | None
) -> int:
    """One JSON-LD document with a ``@graph`` of reviews; returns how many."""
    file.write(f'{{"@context": {json.dumps(CONTEXT)}, "@graph": [')
    count = 0
    for count, claim in enumerate(claims, start=1):
        review = claim_review(claim, publisher, base_url)
        del review["@context"]
        file.write(",\n" if count > 1 else "\n")
        file.write(json.dumps(review, ensure_ascii=False))
        step(1)
    file.write("\n]}\n")
    return count
