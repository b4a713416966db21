"""``refrain calibrate``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.running import read_and_log, told_plainly
from service.errors import ServiceError
from service.settings import Settings

if TYPE_CHECKING:
    from service.interchange.groups import SentenceGroup
    from service.matching.engine import CatalogueEngine
    from service.matching.fitting import Example

Existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--groups",
    "group_files",
    multiple=True,
    required=True,
    type=Existing,
    help="Sentence groups (JSON Lines) on which the verifier was not trained.",
)
@click.option(
    "--ordinary",
    "ordinary_files",
    multiple=True,
    required=True,
    type=Existing,
    help="Ordinary sentences (JSON Lines) that should match nothing.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; the data folder's own calibration by default.",
)
@told_plainly
def calibrate(
    group_files: tuple[Path, ...], ordinary_files: tuple[Path, ...], out: Path | None
) -> None:
    """Fit the probabilities to judged sentences, for the encoder and verifier in use.

    Prints what cross-validation says of them. The service uses the calibration from its next
    start.
    """
    from service.interchange.groups import read_groups, read_ordinary
    from service.matching.fitting import Example, fit
    from service.progress import tell
    from service.wiring import load_verifier

    settings = read_and_log()
    groups = read_groups(group_files)
    examples = [example for group in groups for example in _examples(group)]
    examples += [
        Example(text, language, None, "neither", text, ordinary=True)
        for text, language in read_ordinary(ordinary_files)
    ]
    made = {
        "on": {
            path.name: sha256(path.read_bytes()).hexdigest()
            for path in (*group_files, *ordinary_files)
        }
    }
    verifier = load_verifier(settings)
    name = f"{settings.encoder.rstrip('/').split('/')[-1]}-{verifier.name if verifier else 'none'}"
    with _engine_with(settings, groups) as engine:
        tell(f"Judging {len(examples)} sentences.")
        try:
            calibration = fit(engine, verifier, examples, name=name, made=made)
        except ValueError as error:
            raise ServiceError(str(error)) from error
    place = out or settings.data_dir / "calibration.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{place.name}.new")
    aside.write_text(json.dumps(calibration.as_json(), indent=1) + "\n", "utf-8")
    aside.replace(place)
    click.echo(json.dumps({"tiers": calibration.tiers, **calibration.made}, indent=1))
    tell(f"Wrote {place}.")


def _examples(group: SentenceGroup) -> Iterator[Example]:
    from service.matching.fitting import Example

    claim_id = group.claim_id or group.as_claim().id
    for label, texts in (
        ("repeats", group.repeats),
        ("rejects", group.rejects),
        ("neither", group.related),
    ):
        for text in texts:
            about = claim_id if label != "neither" else None
            yield Example(text, group.language, about, label, claim_id)  # type: ignore[arg-type]


@contextmanager
def _engine_with(settings: Settings, groups: Sequence[SentenceGroup]) -> Iterator[CatalogueEngine]:
    """An engine over the starter catalogue and the groups' own claims, in a folder of its own."""
    from service.catalogue.catalogue import Catalogue
    from service.preparation import prepare
    from service.wiring import load_engine

    own = [group.as_claim() for group in groups if group.claim_id is None]
    digest = sha256(repr(own).encode()).hexdigest()[:16]
    apart = replace(
        settings,
        data_dir=settings.data_dir / "calibration" / digest,
        catalogue_url=None,
        starter=True,
    )
    prepare(apart)
    catalogue = Catalogue(apart.database_url)
    try:
        for start in range(0, len(own), 500):
            catalogue.save(own[start : start + 500], who="calibrate", encoded=None)
        prepare(apart)
        yield load_engine(apart, catalogue)
    finally:
        catalogue.close()
