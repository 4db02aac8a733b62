"""What the doctor finds: each trouble is provoked, at the simulated Globus or on this machine, and nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived import clock
from archived.cli.doctor.visit import within
from archived.cli.finding import Checked, Level, ok
from archived.simulator import running
from archived.transfer.login import finish_login, start_login
from tests.cli.contract import fits
from tests.cli.globus import ARCHIVE_COLLECTION, RIG_COLLECTION, GlobusRig
from tests.cli.rigs import CliRig
from tests.store.bench import Bench

LONG_AGO = 1_600_000_000


@pytest.fixture
def globus(rig: CliRig, monkeypatch: pytest.MonkeyPatch) -> Iterator[GlobusRig]:
    """A rig with one settled file, whose archive wants a consent."""
    folders = {RIG_COLLECTION: rig.root, ARCHIVE_COLLECTION: rig.base / "archive" / "ephys"}
    (rig.root / "SC011").mkdir()
    video = rig.root / "SC011" / "a.mp4"
    video.write_bytes(b"1234")
    os.utime(video, (LONG_AGO, LONG_AGO))
    rig.now = clock.now()
    with running(folders, mapped=[ARCHIVE_COLLECTION]) as simulated:
        made = GlobusRig(rig, simulated)
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        made.as_service()
        yield made


def told(rig: CliRig, level: str, *, code: int, offline: bool = False) -> list[dict[str, Any]]:
    """The findings of one level; those that come of the machine that runs the test are left out."""
    view = rig.json("check", *(["--offline"] if offline else []), code=code)
    fits(view, "check")
    return [
        each for each in view["findings"]
        if each["level"] == level and each["area"] not in ("events", "disk", "systemd")
    ]  # fmt: skip


def whats(found: list[dict[str, Any]]) -> str:
    return "\n".join(each["what"] for each in found)


def log_in(globus: GlobusRig, *collections: str) -> Path:
    """A person's login, with the consent for these collections; returns the file that keeps it."""
    globus.as_person()
    token = globus.rig.base / "state" / "tokens.json"
    pending = start_login(globus.globus.native_client_id, str(token), collections=collections)
    finish_login(pending, globus.globus.approve(pending.url))
    return token


def everything_below(folder: Path) -> set[str]:
    return {str(each) for each in folder.rglob("*")}


def test_a_sound_rig_is_seen_through_its_collection_and_nothing_is_written(
    globus: GlobusRig,
) -> None:
    before = everything_below(globus.rig.base)

    found = whats(told(globus.rig, "ok", code=0))

    assert f"{globus.rig.root}/SC011/a.mp4 is /SC011/a.mp4 of the collection" in found
    assert "with the same size" in found
    assert "the consent that its data needs is given" in found
    assert "the clock goes with that of Globus" in found
    assert "a check writes nothing" in found
    assert everything_below(globus.rig.base) == before
    methods = {(each.method, each.path) for each in globus.globus.requests()}
    assert not {path for method, path in methods if method != "GET" and "token" not in path}


def test_a_collection_that_shows_another_folder_is_found_by_a_file(globus: GlobusRig) -> None:
    text = globus.rig.configuration.read_text()
    changed = text.replace("local_endpoint_subdir = /", "local_endpoint_subdir = /SC011")
    globus.rig.configuration.write_text(changed)

    [failure] = told(globus.rig, "fail", code=3)

    assert failure["area"] == "paths"
    assert "is not seen as /SC011/SC011/a.mp4" in failure["what"]
    assert "nothing in it can be archived" in failure["means"]
    assert "local_endpoint_subdir" in failure["what_to_do"]


def test_a_file_of_another_size_is_not_the_same_file(globus: GlobusRig) -> None:
    away = globus.rig.base / "away" / "SC011"
    away.mkdir(parents=True)
    (away / "a.mp4").write_bytes(b"12345678")
    globus.globus.world.collections[RIG_COLLECTION].root = away.parent

    [failure] = told(globus.rig, "fail", code=3)

    assert "has 4 bytes" in failure["what"]
    assert "has 8" in failure["what"]


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        ({"connected": False}, "is not connected"),
        ({"paused": True}, "is paused"),
        ({"disable_verify": True}, "does not compute checksums"),
    ],
)
def test_a_collection_that_would_hold_transfers_up(
    globus: GlobusRig, switches: dict[str, bool], words: str
) -> None:
    globus.globus.switch(RIG_COLLECTION, **switches)

    found = told(globus.rig, "fail", code=3)

    assert words in whats(found)
    assert all(each["what_to_do"] for each in found if words in each["what"])


def test_an_archive_that_nobody_may_write_or_list(globus: GlobusRig) -> None:
    archive = globus.rig.base / "archive" / "ephys"
    archive.chmod(0o555)
    assert "lets nobody write (mode 0555)" in whats(told(globus.rig, "fail", code=3))

    archive.chmod(0o755)
    globus.globus.order("operation_denied", collection=ARCHIVE_COLLECTION)
    assert "folder of the archive (/)" in whats(told(globus.rig, "fail", code=3))


def test_a_missing_consent_is_told_with_the_command(globus: GlobusRig) -> None:
    log_in(globus)

    found = told(globus.rig, "fail", code=3)

    assert f"archivedctl login --collection {ARCHIVE_COLLECTION}" in {
        each["what_to_do"].removeprefix("type: ") for each in found
    }


def test_a_login_that_ages_and_one_of_a_collection_with_high_assurance(globus: GlobusRig) -> None:
    token = log_in(globus, ARCHIVE_COLLECTION)
    globus.globus.switch(RIG_COLLECTION, high_assurance=True)

    assert "renewed 0 days ago" in whats(told(globus.rig, "ok", code=0))
    assert "lasts 1440 minutes" in whats(told(globus.rig, "warn", code=0))
    old = (globus.rig.now - timedelta(days=160)).timestamp()
    os.utime(token, (old, old))
    assert "renewed 160 days ago" in whats(told(globus.rig, "warn", code=0))


def test_a_clock_that_is_off_is_held_against_the_one_of_globus(globus: GlobusRig) -> None:
    globus.rig.now = clock.now() + timedelta(hours=2)

    assert "seconds ahead of that of Globus" in whats(told(globus.rig, "warn", code=0))


def test_what_hangs_is_given_up_and_the_rest_is_told(
    globus: GlobusRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archived.cli.check.PATIENCE", 1.5)
    globus.globus.order("slow", seconds=4.0, route="GET *ls*", times=1)

    found = told(globus.rig, "fail", code=3)

    assert "looking at this (collections) was given up after 1.5 seconds" in whats(found)
    assert "with the same size" in whats(told(globus.rig, "ok", code=0))


def test_without_globus_everything_of_this_machine_is_told_all_the_same(globus: GlobusRig) -> None:
    globus.globus.go_away()

    [failure] = told(globus.rig, "fail", code=3)

    assert failure["area"] == "login"
    areas = {each["area"] for each in globus.rig.json("check", code=3)["findings"]}
    assert areas >= {"configuration", "store", "root", "records", "disk"}


def test_a_mount_that_never_was_is_known_from_fstab(
    rig: CliRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = rig.base / "archive"
    fstab = tmp_path / "fstab"
    fstab.write_text(f"/dev/sdz1 {rig.root} ext4 defaults 0 2\n")
    monkeypatch.setattr("archived.rig.mounts.FSTAB", str(fstab))
    assert f"nothing is mounted on {rig.root}" in whats(told(rig, "fail", code=3))

    fstab.write_text(f"nas:/x {archive} nfs defaults 0 0\n")
    found = [each for each in told(rig, "fail", code=3) if "nothing is mounted" in each["what"]]
    assert [each["area"] for each in found] == ["raw-ephys", "raw-video"]
    assert {each["what_to_do"] for each in found} == {f"mount {archive}"}


def test_a_store_of_an_older_release_is_not_brought_up_to_date_by_a_look(
    rig: CliRig, bench: Bench
) -> None:
    newest = max(bench.store._door.rows("SELECT name FROM archived_schema"))[0]
    bench.store._door.change("DELETE FROM archived_schema WHERE name = ?", newest)

    [warning] = [
        each for each in told(rig, "warn", code=0, offline=True) if each["area"] == "store"
    ]

    assert newest in warning["what"]
    assert "not opened" in warning["means"]
    rows = {name for (name,) in bench.store._door.rows("SELECT name FROM archived_schema")}
    assert newest not in rows


def test_a_daemon_of_another_release_is_to_be_restarted(
    rig: CliRig, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench.store.claim_daemon(4711, rig.now, version="0.0.1"):
        monkeypatch.setattr("archived.cli.doctor.catalogue.__version__", "99.0")
        found = [
            each for each in told(rig, "warn", code=0, offline=True) if each["area"] == "daemon"
        ]

    assert "this program is 99.0" in found[0]["what"]
    assert found[0]["what_to_do"] == "systemctl restart archived"


def test_files_that_root_left_beside_the_store(rig: CliRig, bench: Bench) -> None:
    from archived.cli.doctor import catalogue

    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    state = rig.base / "state"
    os.chown(state, 4711, 4711)
    (state / "archived.db.daemon-lock").touch()

    found = [each.what for each in catalogue._owners(state / "archived.db")]

    assert "belong to different users" in found[0]
    assert f"{state}/archived.db" in found[0]
    assert f"{state}/archived.db.daemon-lock" in found[0]


def test_what_may_not_be_read_is_a_finding_among_the_others() -> None:
    def roots(_visit: object) -> Iterator[Checked]:
        yield ok("root", "one")
        raise PermissionError(13, "Permission denied", "/var/lib/archived")

    found = within(10, roots, None)  # type: ignore[arg-type]

    assert [each.level for each in found] == [Level.OK, Level.FAIL]
    assert "Permission denied (/var/lib/archived)" in found[1].what


@pytest.mark.parametrize(
    ("said", "level", "words"),
    [
        ("LoadState=not-found", "warn", "is not installed"),
        ("LoadState=loaded\nUnitFileState=disabled\nActiveState=active", "warn", "is not enabled"),
        ("LoadState=loaded\nUnitFileState=enabled\nActiveState=inactive", "warn", "is inactive"),
        ("LoadState=loaded\nUnitFileState=enabled\nActiveState=active", "ok", "is running"),
        ("LoadState=loaded\nUnitFileState=enabled\nActiveState=failed\nResult=exit-code", "fail",
         "has failed (exit-code)"),
    ],
)  # fmt: skip
def test_what_systemctl_says_of_the_unit(
    rig: CliRig, monkeypatch: pytest.MonkeyPatch, said: str, level: str, words: str
) -> None:
    monkeypatch.setattr("archived.cli.doctor.machine.SYSTEMD_RUNS", rig.base)
    monkeypatch.setattr("archived.cli.doctor.machine.SERVICES", rig.base)
    program = rig.base / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\ntest \"$4\" = archived.service || exit 1\nprintf '%s' '{said}'\n"
    )
    program.chmod(0o755)
    rig.environ["PATH"] = f"{program.parent}:/usr/bin:/bin"

    view = rig.json("check", "--offline", code=3 if level == "fail" else 0)

    found = [each["what"] for each in view["findings"] if each["area"] == "systemd"]
    assert any(words in each for each in found), found
