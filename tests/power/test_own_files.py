"""A power cut at any moment: a login that was kept is there, and no file of ours is ever half of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from archived.transfer.token_file import TokenFile
from tests.power import stories
from tests.power.cutting import disks, needs_strace, noted, recorded, seeds
from tests.power.disk import Disk, store

pytestmark = [pytest.mark.timeout(600), needs_strace]


def test_a_login_that_was_kept_outlasts_a_power_cut(tmp_path: Path) -> None:
    base = tmp_path / "disk"
    base.mkdir()
    disk = Disk(base)
    operations = recorded("own_files", base)
    seen = set()
    for number, (name, tree, before) in enumerate(disks(operations, disk, seeds())):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, base, folder)
        path = folder / "tokens.json"
        if path.exists():
            path.chmod(0o600)
        found = TokenFile(str(path), client_id="client", environment="test").read()
        kept = int(found["transfer"].access_token[-1]) + 1 if found else 0
        assert kept in (noted(before), noted(before) + 1), name
        record = folder / "spool" / "a" / "b" / "record.json"
        if record.exists():
            assert record.read_bytes() in (stories.spooled(0), stories.spooled(1)), name
        seen.add(kept)
    assert seen == {0, 1, 2}
