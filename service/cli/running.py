"""What every command needs: settings, logs, plain errors, an engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from service.errors import CatalogueError, ServiceError, SnapshotError
from service.logs import set_up
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from service.matching.engine import CatalogueEngine

P = ParamSpec("P")
R = TypeVar("R")


def told_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turns the house's errors into one line on standard error and exit status 1."""

    @wraps(command)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ServiceError as error:
            raise click.ClickException(str(error)) from error

    return inner


def read_and_log() -> Settings:
    settings = read_settings(os.environ)
    set_up(settings.log_level, settings.log_format)
    return settings


@contextmanager
def loaded_engine() -> Iterator[CatalogueEngine]:
    """A loaded engine over the catalogue, which is prepared first where that is needed."""
    from service.catalogue.catalogue import Catalogue
    from service.preparation import prepare as run
    from service.wiring import load_engine

    settings = read_and_log()
    catalogue = Catalogue(settings.database_url)
    try:
        try:
            engine = load_engine(settings, catalogue)
        except (CatalogueError, SnapshotError):  # not prepared yet, or for another encoder
            run(settings)
            engine = load_engine(settings, catalogue)
        yield engine
    finally:
        catalogue.close()
