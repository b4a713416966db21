"""What can go wrong, in the house's words. Knows no HTTP: ``api/problems.py`` maps these."""

from __future__ import annotations


class ServiceError(Exception):
    """The root of all errors that the service raises on purpose. ``str()`` is fit to be shown."""


class NotFound(ServiceError):
    """A record that was asked for by id does not exist."""


class ClaimNotFound(NotFound):
    """No claim has this id."""

    def __init__(self, claim_id: str) -> None:
        super().__init__(f"There is no claim with the id {claim_id!r}.")
        self.claim_id = claim_id


class NarrativeNotFound(NotFound):
    """No narrative has this id."""

    def __init__(self, narrative_id: str) -> None:
        super().__init__(f"There is no narrative with the id {narrative_id!r}.")
        self.narrative_id = narrative_id


class ClaimExists(ServiceError):
    """Claims that were to be new are there already; ``claim_ids`` names them."""

    def __init__(self, claim_ids: tuple[str, ...]) -> None:
        super().__init__(f"There is already a claim with the id {_listed(claim_ids)}.")
        self.claim_ids = claim_ids


class ClaimChanged(ServiceError):
    """A claim is not the one that the writer has seen: another change, or deletion, came first."""

    def __init__(self, claim_ids: tuple[str, ...]) -> None:
        super().__init__(
            f"The claim {_listed(claim_ids)} has been changed or deleted since you read it. "
            "Read it again, and make your change to what it says now."
        )
        self.claim_ids = claim_ids


class InvalidInput(ServiceError):
    """Input that is well-formed but wrong. ``faults`` maps JSON pointers to what is wrong there."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(
            "; ".join(f"{pointer or '/'}: {fault}" for pointer, fault in faults.items())
        )
        self.faults = faults


class InvalidClaims(InvalidInput):
    """Claims that the catalogue cannot take. ``by_claim`` has the faults of each, by its id."""

    def __init__(self, by_claim: dict[str, dict[str, str]]) -> None:
        super().__init__(
            {at: fault for faults in by_claim.values() for at, fault in faults.items()}
        )
        self.by_claim = by_claim


class NotReady(ServiceError):
    """The service is still loading, or a part of it failed. ``failing`` names the parts."""

    def __init__(
        self, failing: tuple[str, ...], detail: str = "The service is still loading."
    ) -> None:
        super().__init__(detail)
        self.failing = failing


class SettingsError(ServiceError):
    """One or more settings are wrong; the message lists them all."""


class EncoderError(ServiceError):
    """The encoder cannot be loaded, or its weights are not the published ones."""


class CompiledError(EncoderError):
    """A compiled model is missing, damaged or not for here: the original is to be used."""


class Overloaded(ServiceError):
    """More requests wait than can be answered in time; trying again a little later may help."""

    def __init__(self, detail: str = "The service has more requests than it can answer.") -> None:
        super().__init__(detail)


class CatalogueError(ServiceError):
    """The catalogue cannot be opened, or its schema is newer than this program."""


class CatalogueUnwritable(CatalogueError):
    """A change was not written, and no part of it; the message is fit to be shown.

    ``cause`` is what the database said, for the log.
    """

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class BackupError(ServiceError):
    """A backup cannot be made or used; the catalogue is as it was."""


class KeyNameError(ServiceError):
    """No key can have this name, or none has it."""


class SnapshotError(ServiceError):
    """A snapshot is damaged, foreign or outdated: it is to be rebuilt, never searched."""


def _listed(names: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(names) - most} others" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


class CalibrationError(ServiceError):
    """A calibration is damaged, or was made for something else: it is not used."""
