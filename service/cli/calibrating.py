"""``refrain calibrate``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.running import read_and_log, told_plainly
from service.errors import ServiceError
from service.settings import Settings

if TYPE_CHECKING:
    from service.catalogue.catalogue import Catalogue
    from service.interchange.groups import SentenceGroup
    from service.matching.engine import CatalogueEngine
    from service.matching.fitting import Example

_BATCH = 500
Existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--groups",
    "group_files",
    multiple=True,
    type=Existing,
    help="Sentence groups (JSON Lines) on which the verifier was not trained.",
)
@click.option(
    "--ordinary",
    "ordinary_files",
    multiple=True,
    type=Existing,
    help="Ordinary sentences (JSON Lines) that should match nothing.",
)
@click.option(
    "--feedback", is_flag=True, help="What your editors said of the answers (POST /feedback)."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; the data folder's own calibration by default.",
)
@told_plainly
def calibrate(
    group_files: tuple[Path, ...],
    ordinary_files: tuple[Path, ...],
    feedback: bool,
    out: Path | None,
) -> None:
    """Fit the probabilities to judged sentences, for the encoder and verifier in use.

    Takes --groups and --ordinary, or --feedback, or all of them. Prints what cross-validation says
    of the probabilities. The service uses the calibration from its next start.
    """
    from service.interchange.groups import read_groups, read_ordinary
    from service.matching.fitting import Example, fit
    from service.matching.learning import refuse_too_few
    from service.progress import tell
    from service.wiring import load_verifier

    if not feedback and not (group_files and ordinary_files):
        raise click.UsageError("Give --groups and --ordinary, or --feedback, or all of them.")
    settings = read_and_log()
    groups = read_groups(group_files)
    examples = [example for group in groups for example in _examples(group)]
    examples += [
        Example(text, language, None, "neither", text, ordinary=True)
        for text, language in read_ordinary(ordinary_files)
    ]
    on: dict[str, str | int] = {
        path.name: sha256(path.read_bytes()).hexdigest() for path in (*group_files, *ordinary_files)
    }
    verifier = load_verifier(settings)
    name = f"{settings.encoder.rstrip('/').split('/')[-1]}-{verifier.name if verifier else 'none'}"
    with _engine_with(settings, groups, feedback) as engine:
        try:
            if feedback:
                learned = _learned(settings, engine, wrong_is_ordinary=not ordinary_files)
                examples += learned
                on["feedback"] = len(learned)
                name += "-feedback"
                if not groups:
                    refuse_too_few(examples, sides=verifier is not None)
            tell(f"Judging {len(examples)} sentences.")
            calibration = fit(engine, verifier, examples, name=name, made={"on": on})
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
            lone = group.claim_id is None
            yield Example(text, group.language, about, label, claim_id, lone=lone)  # type: ignore[arg-type]


def _learned(
    settings: Settings, engine: CatalogueEngine, *, wrong_is_ordinary: bool
) -> list[Example]:
    """The examples of all feedback; what gave none is told."""
    from service.catalogue.catalogue import Catalogue
    from service.matching.learning import learn
    from service.progress import tell

    with closing(Catalogue(settings.database_url)) as catalogue:
        learned = learn(engine, catalogue.feedback.all(), wrong_is_ordinary=wrong_is_ordinary)
    tell(
        f"{len(learned.examples):,} texts with feedback. Not used: {learned.gone:,} about claims "
        f"that are gone, {learned.elsewhere:,} where another claim is shown first now."
    )
    return learned.examples


@contextmanager
def _engine_with(
    settings: Settings, groups: Sequence[SentenceGroup], feedback: bool
) -> Iterator[CatalogueEngine]:
    """An engine over all claims that the examples are about.

    Those of feedback are the newsroom's, all others the starter's. The groups' own claims are added
    in a folder apart, never to the newsroom's catalogue.
    """
    from service.catalogue.catalogue import Catalogue
    from service.preparation import prepare
    from service.wiring import load_engine

    added = [group.as_claim() for group in groups if group.claim_id is None]
    if feedback and not added:
        place = settings
    else:
        digest = sha256(repr([*added, *["feedback"] * feedback]).encode()).hexdigest()[:16]
        place = replace(
            settings,
            data_dir=settings.data_dir / "calibration" / digest,
            catalogue_url=None,
            starter=not feedback,
        )
    prepare(place)
    with closing(Catalogue(place.database_url)) as catalogue:
        if place is not settings:
            if feedback:
                _mirror(settings, catalogue)
            for start in range(0, len(added), _BATCH):
                catalogue.save(added[start : start + _BATCH], who="calibrate", encoded=None)
            prepare(place)
        yield load_engine(place, catalogue)


def _mirror(settings: Settings, catalogue: Catalogue) -> None:
    """Makes a catalogue hold the newsroom's claims and no others."""
    from service.catalogue.catalogue import Catalogue

    gone = {claim.id for claim in catalogue.all_claims()}
    with closing(Catalogue(settings.database_url)) as own:
        own.check()
        claims = own.all_claims()
        while batch := list(islice(claims, _BATCH)):
            catalogue.save(batch, who="calibrate", encoded=None)
            gone -= {claim.id for claim in batch}
    for claim_id in gone:
        catalogue.remove(claim_id, who="calibrate")
