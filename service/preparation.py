"""Makes everything ready to serve: schema, starter catalogue, vectors, snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from service.catalogue.catalogue import Catalogue
from service.errors import ServiceError, SnapshotError
from service.index.snapshot import Snapshot, open_snapshot, write_snapshot
from service.inference import bundled_verifier, loading
from service.inference.choice import EncoderChoice
from service.inference.normalising import NormalisingEncoder
from service.inference.protocol import Encoder
from service.progress import progress, tell
from service.settings import BUNDLED_ENCODER, Settings
from service.starter import load_starter
from service.starter.updating import update_starter

_BATCH = 256
_LONGEST_WAIT_S = 1800


def load_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name. Raises EncoderError."""
    return NormalisingEncoder(named_encoder(settings))


def named_encoder(settings: Settings) -> Encoder:
    """The encoder without what is laid around it: compiled, where that was prepared."""
    return loading.load_encoder(
        encoder_choice(settings), settings.data_dir, settings.encoder_runtime
    )


def encoder_choice(settings: Settings) -> EncoderChoice:
    """Which encoder the settings mean."""
    if settings.encoder == BUNDLED_ENCODER:
        return EncoderChoice()
    return EncoderChoice(
        settings.encoder,
        settings.encoder_languages,
        settings.encoder_query_prompt,
        settings.encoder_passage_prompt,
    )


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Keeps other processes from preparing the same folder meanwhile.

    Raises:
        ServiceError: the folder cannot be written, or another process holds it for too long.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data_dir / "prepare.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell("Another process is preparing the catalogue; waiting for it.")
            lock.acquire(timeout=_LONGEST_WAIT_S)
    except Timeout as error:
        raise ServiceError("Another process has held the catalogue for too long.") from error
    except OSError as error:
        raise ServiceError(f"REFRAIN_DATA_DIR cannot be written: {error}") from error
    try:
        yield
    finally:
        lock.release()


def prepare(settings: Settings, *, rebuild: bool = False) -> None:
    """Brings the folder of the settings up to date; does only what is missing.

    ``rebuild`` writes a new snapshot even where the present one fits.

    Raises:
        ServiceError: of any kind, with a message fit to be shown.
    """
    with locked(settings.data_dir):
        catalogue = Catalogue(settings.database_url)
        try:
            catalogue.migrate()
            if settings.starter:
                _seed(catalogue)
            encoder = NormalisingEncoder(
                loading.prepare_encoder(
                    encoder_choice(settings),
                    settings.data_dir,
                    tell,
                    settings.encoder_runtime,
                    rebuild=rebuild,
                )
            )
            if settings.verifier == BUNDLED_ENCODER:
                bundled_verifier.prepare_verifier(settings.data_dir, tell)
            encode_missing(catalogue, encoder)
            _write_snapshot(settings, catalogue, encoder, rebuild)
        finally:
            catalogue.close()


def _seed(catalogue: Catalogue) -> None:
    """Brings the catalogue up to the starter of this release, and tells what that changed."""
    done = update_starter(catalogue, list(load_starter()))
    if done.added:
        tell(f"Added {_claims(done.added)} of the starter catalogue.")
    if done.corrected:
        tell(f"Corrected {_claims(done.corrected)} that no editor touched, from the starter.")
    if done.left:
        tell(
            f"Left {_claims(done.left)} as an editor has them, of which the starter says something "
            f"new: {', '.join(done.left)}"
        )


def _claims(ids: Sequence[str]) -> str:
    return "1 claim" if len(ids) == 1 else f"{len(ids):,} claims"


def encode_missing(catalogue: Catalogue, encoder: Encoder) -> None:
    """Encodes every wording that the encoder speaks and that has no vector yet."""
    number = catalogue.encoder_id(encoder.fingerprint, encoder.name, encoder.dimension)
    total = catalogue.count_without_vector(number, encoder.languages)
    if not total:
        return
    with progress(f"Encoding wordings with {encoder.name}", total) as step:
        while found := catalogue.wordings_without_vector(number, encoder.languages, _BATCH):
            rows = encoder.encode_passages([wording.text for wording in found], step)
            # each batch is stored at once: work that is interrupted is not done again
            catalogue.store_vectors(number, [wording.id for wording in found], rows)


def _write_snapshot(
    settings: Settings, catalogue: Catalogue, encoder: Encoder, rebuild: bool
) -> None:
    if not rebuild:
        try:
            snapshot = read_snapshot(settings, catalogue, encoder, verify=True)
            if snapshot.revision == catalogue.revision():
                return
        except SnapshotError:
            pass
    revision, wordings, vectors = write_base(settings, catalogue, encoder)
    tell(f"Indexed {wordings} wordings ({vectors} with vectors) at revision {revision}.")


def write_base(settings: Settings, catalogue: Catalogue, encoder: Encoder) -> tuple[int, int, int]:
    """Writes a snapshot; returns its revision and its numbers of wordings and of vectors."""
    number = catalogue.encoder_id(encoder.fingerprint, encoder.name, encoder.dimension)
    revision, wordings = catalogue.wordings_at_revision()
    vector_ids, rows = catalogue.vectors(number, encoder.dimension)
    write_snapshot(
        snapshot_folder(settings),
        catalogue=catalogue.identity(),
        revision=revision,
        encoder=encoder.fingerprint,
        wordings=wordings,
        claims=catalogue.all_claims(),
        vector_ids=vector_ids,
        rows=rows,
    )
    return revision, len(wordings), len(rows)


def snapshot_folder(settings: Settings) -> Path:
    """Where the snapshots lie."""
    return settings.data_dir / "snapshots"


def read_snapshot(
    settings: Settings, catalogue: Catalogue, encoder: Encoder, *, verify: bool
) -> Snapshot:
    """The snapshot that fits catalogue and encoder.

    Raises:
        SnapshotError: there is none, or it is damaged, or ahead of the catalogue.
    """
    snapshot = open_snapshot(
        snapshot_folder(settings),
        catalogue=catalogue.identity(),
        encoder=encoder.fingerprint,
        dimension=encoder.dimension,
        verify=verify,
    )
    if snapshot.revision > catalogue.revision():
        raise SnapshotError("The snapshot is ahead of the catalogue.")
    return snapshot
