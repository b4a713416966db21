"""``refrain import``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.running import read_and_log, told_plainly
from service.errors import CatalogueUnwritable, ServiceError
from service.settings import Settings

if TYPE_CHECKING:
    from service.inference.protocol import EncodedQueries, Encoder, Vectors
    from service.interchange.importing import ImportReport, Refused, Row
    from service.interchange.spooling import Merge

Rows = Iterator["Row | Refused"]

INPUT = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTPUT = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Given:
    """The options that every format has."""

    files: tuple[Path, ...]
    dry_run: bool
    refused: Path | None
    allow_refused: bool
    restore_deleted: bool = False
    overwrite_edited: bool = False


@click.group(name="import")
def import_group() -> None:
    """Bring claims into the catalogue."""


def _common(*, foreign: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds the files and the options that every format has, handed on as one ``Given``."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def inner(
            files: tuple[Path, ...],
            dry_run: bool,
            refused: Path | None,
            allow_refused: bool,
            restore_deleted: bool = False,
            overwrite_edited: bool = False,
            **others: Any,
        ) -> None:
            given = Given(files, dry_run, refused, allow_refused, restore_deleted, overwrite_edited)
            command(given, **others)

        decorated: Callable[..., None] = told_plainly(inner)
        options = [
            click.argument("files", nargs=-1, required=True, type=INPUT),
            click.option("--dry-run", is_flag=True, help="Report, but change nothing."),
            click.option(
                "--refused",
                type=OUTPUT,
                metavar="FILE",
                help="Where refused rows are named; must not exist yet. "
                "[default: NAME.refused.jsonl in this directory, where there are any]",
            ),
            click.option(
                "--allow-refused", is_flag=True, help="Exit with 0 even if rows were refused."
            ),
        ]
        if foreign:
            options += [
                click.option(
                    "--restore-deleted",
                    is_flag=True,
                    help="Bring back claims that an editor deleted.",
                ),
                click.option(
                    "--overwrite-edited",
                    is_flag=True,
                    help="Replace claims that an editor reviewed or changed, too.",
                ),
            ]
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


_encoding = click.option(
    "--encoding", metavar="NAME", help="Encoding of the files. [default: found out]"
)
_accept_rating = click.option(
    "--accept-rating",
    "accepted",
    multiple=True,
    metavar="RATING",
    help="Take rows with this rating, too; `unrated` for none. May be repeated.",
)


@import_group.command(name="jsonl")
@_common(foreign=False)
def import_jsonl(given: Given) -> None:
    """Import claims in the interface's JSON, one per line.

    A claim that the catalogue has is replaced as a whole.
    """
    from service.interchange import jsonl
    from service.interchange.spooling import last_counts

    _run("jsonl", given, [(str(path), jsonl.read(path)) for path in given.files], last_counts)


@import_group.command(name="claimreview")
@click.option(
    "--publisher",
    "publishers",
    multiple=True,
    metavar="HOST|NAME",
    help="Take reviews by this publisher, such as stopfake.org. May be repeated.",
)
@click.option(
    "--keyword",
    "keywords",
    multiple=True,
    metavar="TEXT",
    help="Take reviews whose claim, title or keywords hold this. May be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="Take all reviews.")
@_accept_rating
@click.option(
    "--language", metavar="CODE", help="Language of reviews that name none. [default: guessed]"
)
@_encoding
@_common(foreign=True)
def import_claimreview(
    given: Given,
    publishers: tuple[str, ...],
    keywords: tuple[str, ...],
    everything: bool,
    accepted: tuple[str, ...],
    language: str | None,
    encoding: str | None,
) -> None:
    """Import schema.org ClaimReview: JSON-LD, data feeds, and web pages that carry it.

    Says which: by --publisher, by --keyword (with both, both must fit), or --all. Reviews that
    rate a claim true, in part true or not at all are refused unless --accept-rating names them.
    """
    from service.interchange import claimreview
    from service.interchange.ratings import Accepted
    from service.interchange.spooling import merged
    from service.schemas.languages import LANGUAGES

    selected = bool(publishers or keywords)
    if selected == everything:
        raise click.UsageError(
            "Say which reviews to take: --publisher, --keyword (both may be repeated), or --all "
            "without either."
        )
    if not all(name.strip() for name in (*publishers, *keywords)):
        raise click.UsageError("--publisher and --keyword must not be empty.")
    if language and language not in LANGUAGES:
        raise click.UsageError("--language must be an ISO 639-1 code, such as en or uk.")
    selection = claimreview.Selection(publishers, keywords)
    readers = [
        (
            str(path),
            claimreview.read(
                path,
                selection,
                Accepted(accepted),
                language=language,
                encoding=_known(encoding),
            ),
        )
        for path in given.files
    ]
    report = _run("claimreview", given, readers, merged, foreign=True)
    if not report.read:
        click.echo("No review in these files is one of the selection.", err=True)


@import_group.command(name="euvsdisinfo")
@_encoding
@_common(foreign=True)
def import_euvsdisinfo(given: Given, encoding: str | None) -> None:
    """Import EUvsDisinfo cases, in the columns of its CSV file (`;` between them)."""
    from service.interchange import euvsdisinfo
    from service.interchange.spooling import merged

    known = _known(encoding)
    readers = [(str(path), euvsdisinfo.read(path, encoding=known)) for path in given.files]
    _run("euvsdisinfo", given, readers, merged, foreign=True)


@import_group.command(name="vox-diary")
@_common(foreign=True)
def import_vox_diary(given: Given) -> None:
    """Import VoxUkraine's Propaganda Diary.

    Name the files of all languages in one command: they are joined, case by case.
    """
    from service.interchange import vox_diary
    from service.interchange.spooling import merged

    name = ", ".join(str(path) for path in given.files)
    _run("vox-diary", given, [(name, vox_diary.read(given.files))], merged, foreign=True)


@import_group.command(name="csv")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column is which field; text and rebuttal are needed. May be repeated.",
)
@click.option(
    "--set",
    "constants",
    multiple=True,
    metavar="FIELD=TEXT",
    help="The same text for all rows, and for those where the column is empty.",
)
@click.option("--mapping", type=INPUT, metavar="FILE", help="A YAML file with map, set and more.")
@click.option("--source", metavar="NAME", help="Name of the list, part of the ids. [default: csv]")
@click.option("--delimiter", metavar="SIGN", help="Between the cells. [default: found out]")
@click.option(
    "--dates",
    type=click.Choice(["dmy", "mdy"]),
    help="How 03/04/2017 is meant. [default: such a date is left out]",
)
@_accept_rating
@_encoding
@_common(foreign=True)
def import_csv(
    given: Given,
    columns: tuple[str, ...],
    constants: tuple[str, ...],
    mapping: Path | None,
    accepted: tuple[str, ...],
    **options: str | None,
) -> None:
    """Import a table (CSV, TSV) by a mapping of its columns."""
    from service.interchange import spreadsheet
    from service.interchange.mapping import Mapped, read_mapping
    from service.interchange.ratings import Accepted
    from service.interchange.spooling import merged

    told: dict[str, Any] = read_mapping(mapping) if mapping else {}
    told |= {name: value for name, value in options.items() if value is not None}
    if told.get("delimiter") == "\\t":
        told["delimiter"] = "\t"
    told["encoding"] = _known(told.get("encoding"))
    told["columns"] = told.get("columns", {}) | _pairs(columns, "--map", "COLUMN")
    told["constants"] = told.get("constants", {}) | _pairs(constants, "--set", "TEXT")
    mapped = Mapped(**told)
    mapped.check()
    readers = [
        (str(path), spreadsheet.read(path, mapped, Accepted(accepted))) for path in given.files
    ]
    _run("csv", given, readers, merged, foreign=True)


def _pairs(given: Iterable[str], option: str, value: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, held in pairs:
        if not (name.strip() and equals and held.strip()):
            raise click.UsageError(f"Write {option} FIELD={value}, not {name + equals + held!r}.")
    return {name.strip(): held.strip() for name, _, held in pairs}


def _known(encoding: str | None) -> str | None:
    from service.interchange.encodings import known_encoding

    return known_encoding(encoding) if encoding else None


def _run(
    format: str,
    given: Given,
    readers: Sequence[tuple[str, Rows]],
    merge: Merge,
    *,
    foreign: bool = False,
) -> ImportReport:
    """Reads all files, then saves their claims; nothing is saved if a file cannot be read."""
    from service.catalogue.catalogue import Catalogue
    from service.interchange.importing import ImportReport, Policy, import_claims
    from service.interchange.refusals import RefusalFile
    from service.interchange.spooling import spool
    from service.progress import progress

    settings = read_and_log()
    name = given.files[0].name
    report = ImportReport()
    with (
        closing(Catalogue(settings.database_url)) as catalogue,
        RefusalFile(given.refused, name) as refusals,
        spool() as rows,
    ):
        catalogue.check()
        try:
            with progress(f"Reading {name}", None) as step:
                for file, reader in readers:
                    rows.fill(reader, merge, file=file, step=step)
        except OSError as error:
            raise ServiceError(f"{error.filename}: {error.strerror or error}") from error
        try:
            with progress(f"Importing {name}", len(rows)) as step:
                import_claims(
                    catalogue,
                    None if given.dry_run else _Encoder(settings),
                    rows,
                    who=f"import {format}",
                    step=step,
                    tell=refusals.add,
                    policy=Policy(foreign, given.restore_deleted, given.overwrite_edited),
                    report=report,
                )
        except CatalogueUnwritable as error:
            raise ServiceError(
                f"{error} What was imported before it is kept. Run the import again: it goes on "
                "where this one ended."
            ) from error
        finally:
            _tell(report, given, refusals.path if refusals.begun else None)
    if report.refused and not given.allow_refused:
        sys.exit(1)
    return report


def _tell(report: ImportReport, given: Given, refusals: Path | None) -> None:
    what = str(given.files[0]) if len(given.files) == 1 else f"{len(given.files)} files"
    counts = [
        f"{report.read:,} read",
        f"{report.added:,} added",
        f"{report.changed:,} changed",
        f"{report.unchanged:,} unchanged",
        *([f"{report.merged:,} merged with another row"] if report.merged else []),
        *([f"{report.kept:,} left as an editor has them"] if report.kept else []),
        f"{report.refused:,} refused",
    ]
    dry = " (a dry run: nothing was changed)" if given.dry_run else ""
    click.echo(f"{what}: {', '.join(counts)}{dry}")
    if report.noted:
        click.echo(f"{report.noted:,} rows were taken without a part that could not be read.")
    if refusals:
        click.echo(f"Why, row by row: {refusals}")


class _Encoder:
    """The encoder of the settings, loaded when the first text needs it: that takes seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _loaded(self) -> Encoder:
        from service.preparation import load_encoder

        return load_encoder(self._settings)

    @property
    def name(self) -> str:
        return self._loaded.name

    @property
    def fingerprint(self) -> str:
        return self._loaded.fingerprint

    @property
    def dimension(self) -> int:
        return self._loaded.dimension

    @property
    def languages(self) -> frozenset[str] | None:
        return self._loaded.languages

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        return self._loaded.encode_queries(texts)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        return self._loaded.encode_passages(texts, progress)
