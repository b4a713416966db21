"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.settings import Settings

# A setting of the machine that runs the tests must not change what they see; this happens before
# any test starts a process of its own, which would inherit it.
for _name in [name for name in os.environ if name.startswith("REFRAIN_")]:
    del os.environ[_name]

# A model that is not on this machine is an error at once, not a download in the middle of a test.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A folder with the starter catalogue, encoded by the bundled encoder and indexed."""
    from service.preparation import prepare  # brings torch in, which most tests do without

    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("refrain")))
    prepare(settings)
    return settings
