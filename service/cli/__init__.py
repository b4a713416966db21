"""The command line: one module per group of commands."""

from __future__ import annotations

import click

from service import __version__
from service.cli import (
    calibrating,
    evaluating,
    exporting,
    feedback,
    importing,
    keys,
    matching,
    safekeeping,
    serving,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="refrain")
def main() -> None:
    """Has this Kremlin claim been made before, and what is the known rebuttal?"""


for command in (
    serving.prepare,
    serving.serve,
    serving.reindex,
    serving.fold,
    serving.openapi,
    matching.match,
    matching.scan,
    importing.import_group,
    exporting.export_group,
    evaluating.evaluate,
    calibrating.calibrate,
    safekeeping.backup,
    safekeeping.restore,
    safekeeping.check,
    keys.keys_group,
    feedback.feedback_group,
):
    main.add_command(command)
