"""What the daemon makes of its configuration before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from archived.__main__ import load
from archived.errors import ConfigurationError
from archived.logs.secrets import redact_text
from tests.cli.rigs import CliRig


def configured(base: Path, store: str) -> Path:
    """A configuration whose store is at that address."""
    rig = CliRig(base)
    text = rig.configuration.read_text()
    rig.configuration.write_text(text.replace(f"{base}/state/archived.db", store))
    rig.configuration.chmod(0o600)
    return rig.configuration


def test_the_password_of_the_store_is_kept_out_of_the_log(tmp_path: Path) -> None:
    load(configured(tmp_path, "postgresql://rig_1:open-s%40same@db.lab.org/archive"))
    assert "s@same" not in redact_text("the server says: no user with password open-s@same")


def test_an_address_that_no_driver_understands_is_refused_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no parameter sslmod"):
        load(configured(tmp_path, "postgresql://rig_1@db.lab.org/archive?sslmod=require"))
