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


class InvalidInput(ServiceError):
    """Input that is well-formed but wrong. ``faults`` maps JSON pointers to what is wrong there."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(
            "; ".join(f"{pointer or '/'}: {fault}" for pointer, fault in faults.items())
        )
        self.faults = faults


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


class CatalogueError(ServiceError):
    """The catalogue cannot be opened, or its schema is newer than this program."""


class SnapshotError(ServiceError):
    """A snapshot is damaged, foreign or outdated: it is to be rebuilt, never searched."""
