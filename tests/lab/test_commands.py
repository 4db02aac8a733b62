"""`archivedctl datajoint` and the daemon, against a real database."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from archived import app, config
from archived.cli import mirror_page
from demo import rig as programs
from tests.cli.contract import fits
from tests.cli.rigs import CliRig
from tests.daemon.world import SilentLog
from tests.lab.catalogue import G0, G1, Catalogue
from tests.lab.labs import Lab
from tests.lab.test_mirroring import files, names

SECTION = """
[datajoint]
address = {address}
prefix = {prefix}
tls = no
{more}
"""


@pytest.fixture
def rig(tmp_path: Path) -> CliRig:
    return CliRig(tmp_path)


def configure(rig: CliRig, lab: Lab, more: str = "") -> None:
    """Give the rig the lab's database."""
    section = SECTION.format(address=lab.address, prefix=lab.prefix, more=more)
    rig.configuration.write_text(rig.configuration.read_text() + section)


def test_check_tells_what_sync_does_and_both_keep_to_their_schema(rig: CliRig, lab: Lab) -> None:
    lab.people()
    configure(rig, lab)
    with rig.store() as store:
        catalogue = Catalogue(store)
        catalogue.archive(G0, "a.ap.bin", "x" * 128)
        catalogue.archive(G1, "b.ap.bin")

    check = rig.json("datajoint", "check", code=3)
    sync = rig.json("datajoint", "sync")
    again = rig.json("datajoint", "check")

    for each in (check, sync, again):
        fits(each, "datajoint")
    assert {**check, "dry_run": False} == sync
    assert sync["tables"]
    assert sync["locations"] == ["raw-ephys"]
    assert sync["changes"][0] == {
        "dataset": f"raw-ephys/{G0}",
        "dataset_name": "ephys-raw-SC011-3",
        "dataset_type": "ephys-raw",
        "was": None,
        "inserted": True,
        "files_added": 1,
        "files_retyped": 0,
        "files_removed": 0,
        "subject": "407513",
        "session": 3,
    }
    assert [each["path"] for each in sync["left_out"]] == [f"{G0}/{'x' * 128}"]
    assert again["in_step"]
    assert again["changes"] == []


def test_a_person_is_told_the_same(rig: CliRig, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_page, "SHOWN", 1)
    configure(rig, lab)
    with rig.store() as store:
        catalogue = Catalogue(store)
        catalogue.archive(G0, "a.ap.bin", "x" * 128)
        catalogue.archive(G1, "b.ap.bin")

    check = rig.type("datajoint", "check")
    sync = rig.type("datajoint", "sync")

    assert check.exit_code == 3
    assert "To do: 5 tables, 1 storage location, 2 datasets with 2 files." in check.stdout
    assert sync.exit_code == 0
    assert "Done: 5 tables, 1 storage location, 2 datasets with 2 files." in sync.stdout
    assert "and 1 more" in sync.stdout
    assert "NOT MIRRORED" in sync.stdout
    assert "has no table of sessions" in sync.stdout
    assert "is in step: 2 archived datasets." in rig.said("datajoint", "check")
    assert len(files(lab)) == 2


def test_rows_of_ours_are_made_anew_by_an_option(rig: CliRig, lab: Lab) -> None:
    configure(rig, lab)
    with rig.store() as store:
        Catalogue(store).archive(G0, "a.ap.bin")
    rig.said("datajoint", "sync")
    lab.execute(
        f"INSERT INTO {lab.name('publication', '#file_type')} VALUES ('odd', '', '')",
        f"UPDATE {lab.name('publication', 'data_set__physical_file')} SET file_type = 'odd'",
    )

    rebuilt = rig.json("datajoint", "sync", "--rebuild")

    assert rebuilt["changes"][0]["inserted"]
    assert lab.rows("publication", "data_set__physical_file", "file_type") == [
        ("ephys-raw-neuropixels-ap-bin",)
    ]


def test_without_an_address_it_is_said_what_is_missing(rig: CliRig) -> None:
    rig.store().close()

    result = rig.type("datajoint", "check")

    assert result.exit_code == 78
    assert "[datajoint] has no address" in result.stderr


def test_a_database_that_is_away_is_a_failure_that_tells_no_password(rig: CliRig) -> None:
    rig.store().close()
    rig.configuration.write_text(
        rig.configuration.read_text()
        + "[datajoint]\naddress = mysql://lab:TAINTED-secret@127.0.0.1:1\n"
    )
    rig.configuration.chmod(0o600)

    result = rig.type("datajoint", "sync", "--json")

    assert result.exit_code == 1
    assert "mysql://lab:(not shown)@127.0.0.1:1" in result.stdout
    assert "TAINT" not in result.stdout + result.stderr


def test_a_location_that_is_elsewhere_needs_a_person(rig: CliRig, lab: Lab) -> None:
    configure(rig, lab)
    with rig.store() as store:
        Catalogue(store).archive(G0, "a.ap.bin")
    rig.said("datajoint", "sync")
    lab.execute(
        f"UPDATE {lab.name('publication', '#globus_storage_location')} SET globus_path = '/x'"
    )

    result = rig.type("datajoint", "sync")

    assert result.exit_code == 3
    assert "the lab's database says that location raw-ephys is /x" in result.stdout


def test_the_daemon_mirrors_what_is_archived(rig: CliRig, lab: Lab) -> None:
    lab.people()
    configure(rig, lab, "mirror = yes")
    settings = rig.configuration.read_text().replace("quiet_time = 10m", "quiet_time = 0s")
    rig.configuration.write_text(
        settings.replace("[globus]", "tick = 100ms\n[transfer]\npoll = 100ms\n[globus]")
    )
    run = "SC011_022319_g0"
    for _ in programs.spikeglx(rig.root / "SC011" / run, run, probes=1, blocks=1, seed=0):
        pass
    for path in [*rig.root.rglob("*"), rig.root]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    configuration = config.load(rig.configuration, {})
    log = SilentLog()

    for _ in range(2):
        code = app.run_until_idle(
            configuration, log, stop=threading.Event(), pid=os.getpid(), progress=lambda _: None
        )
        assert code == 0, log.entries

    assert names(lab) == ["ephys-raw-SC011-3"]
    assert len(files(lab)) > 1
