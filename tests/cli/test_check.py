"""`check` on this machine: every mistake at once, then what a doctor would look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import CliRig
from tests.store.bench import Bench


def findings(rig: CliRig, area: str, *, code: int = 0, level: str | None = None) -> list[str]:
    """What `check --offline` says of one area."""
    view = rig.json("check", "--offline", code=code)
    fits(view, "check")
    assert view["exit_code"] == code
    return [
        each["what"]
        for each in view["findings"]
        if each["area"] == area and level in (None, each["level"])
    ]


def test_every_mistake_is_told_at_once_and_nothing_else_is_looked_at(rig: CliRig) -> None:
    rig.configuration.write_text(
        "[archived]\nrig = a\nquiet_tine = 5m\nrescan = often\n[location:x]\narchive = there\n"
    )

    told = findings(rig, "configuration", code=78)

    assert len(told) >= 3
    assert any("quiet_tine" in each for each in told)
    assert any("rescan = often: expected a duration" in each for each in told)
    assert {each["area"] for each in rig.json("check", code=78)["findings"]} == {"configuration"}


def test_as_text_each_mistake_is_a_line(rig: CliRig) -> None:
    rig.configuration.write_text("[archived]\nrig = a\nquiet_tine = 5m\nrescan = often\n")

    result = rig.type("check")

    assert result.exit_code == 78
    assert all(
        line.startswith(("fail  configuration", "      AREA"))
        for line in result.stdout.splitlines()
    )


def test_a_configuration_that_is_not_there(rig: CliRig) -> None:
    rig.configuration.unlink()

    assert "There is no configuration" in findings(rig, "configuration", code=78)[0]


def test_a_fresh_machine_is_fine_before_the_daemon_ever_ran(rig: CliRig) -> None:
    (rig.root / "SC011").mkdir()

    [store] = findings(rig, "store", level="warn")

    assert "there is no store" in store
    assert list((rig.base / "state").iterdir()) == []


def test_a_sound_store_is_told_with_its_library(rig: CliRig, bench: Bench) -> None:
    library, soundness, tables, space = findings(rig, "store")

    assert "SQLite 3." in library
    assert "is sound" in soundness
    assert "of this release" in tables
    assert "free where the store is" in space


def test_a_damaged_store_needs_a_person(rig: CliRig) -> None:
    (rig.base / "state" / "archived.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)

    assert findings(rig, "store", code=3, level="fail")


def test_a_store_of_a_newer_release_needs_a_person(rig: CliRig, bench: Bench) -> None:
    bench.store._door.change(
        "INSERT INTO archived_schema (name, applied) VALUES ('9999_from_the_future', '2099-01-01')"
    )

    [told] = findings(rig, "store", code=3, level="fail")

    assert "newer release" in told


def test_a_daemon_that_runs_and_one_that_does_not(rig: CliRig, bench: Bench) -> None:
    assert "not running" in findings(rig, "daemon", level="warn")[0]
    with bench.store.claim_daemon(4711, NOON):
        assert findings(rig, "daemon", level="ok") == ["the daemon is running (pid 4711)"]


def test_an_alarm_needs_a_person(rig: CliRig, bench: Bench) -> None:
    bench.store.raise_alarm("x", "the archive is full", "make room", NOON)

    assert findings(rig, "alarm", code=3) == ["the archive is full"]


def test_a_root_that_is_away_or_empty(rig: CliRig) -> None:
    assert "is empty" in findings(rig, "root", level="warn")[0]
    rig.root.rmdir()

    assert "does not exist" in findings(rig, "root", code=3)[0]


def test_another_folder_in_the_place_of_the_root_is_noticed(
    rig: CliRig, bench: Bench, tmp_path: Path
) -> None:
    identity = '{"device": 1, "inode": 2, "file_system": "nfs4", "marker": ""}'  # of another disk
    bench.store.put_setting(f"root:{rig.root}", identity)

    assert "is not the folder it was" in findings(rig, "root", code=3)[0]


def test_folders_that_a_link_puts_inside_one_another_are_a_mistake(rig: CliRig) -> None:
    archive = rig.base / "archive" / "ephys"
    archive.rmdir()
    (rig.root / "inside").mkdir()
    archive.symlink_to(rig.root / "inside")

    assert findings(rig, "configuration", code=78, level="fail")


def test_locations_are_counted(rig: CliRig) -> None:
    assert findings(rig, "configuration", level="ok")[0].endswith("rig rig-1, 2 locations")

    text = rig.configuration.read_text()
    rig.configuration.write_text(text[: text.index("[location:raw-video]")])

    assert findings(rig, "configuration", level="ok")[0].endswith("rig rig-1, 1 location")


def test_few_inotify_watches_are_a_warning(
    rig: CliRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archived.cli.doctor.machine.INOTIFY_LIMITS", tmp_path)
    (rig.root / "SC011" / "catgt_SC011_022319_g0").mkdir(parents=True)
    watches, instances = tmp_path / "max_user_watches", tmp_path / "max_user_instances"
    instances.write_text("128\n")

    watches.write_text("8192\n")
    assert (
        "8192 folders may be watched for events, and there are 3"
        in findings(rig, "events", level="warn")[0]
    )
    assert "sysctl fs.inotify.max_user_watches=524288, and write" in rig.said("check", "--offline")
    watches.write_text("524288\n")
    assert findings(rig, "events", level="warn") == []
    instances.write_text("8\n")
    assert "8 inotify instances" in findings(rig, "events", level="warn")[0]
    watches.unlink()
    assert findings(rig, "events") == []


def test_under_systemd_the_package_has_to_be_there(
    rig: CliRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archived.cli.doctor.machine.SYSTEMD_RUNS", Path("/nowhere"))
    assert "not under systemd" in findings(rig, "systemd", level="ok")[0]

    rig.environ["NOTIFY_SOCKET"] = "/run/x"
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "systemd-python is missing" in findings(rig, "systemd", level="warn")[0]
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    assert findings(rig, "systemd", level="ok")


def test_a_directory_as_archive_needs_no_login_and_is_looked_at(rig: CliRig) -> None:
    archive = rig.base / "archive" / "ephys"
    archive.rmdir()

    view = rig.json("check", code=3)

    fits(view, "check")
    told = {each["what"] for each in view["findings"]}
    assert "no location needs a Globus account" in told
    assert f"the archive {archive} is missing" in told


def test_what_to_do_stands_below_the_table(rig: CliRig) -> None:
    shown = rig.said("check", "--offline")

    assert f"root: {rig.root} is empty\n  ▶ see whether its disk is mounted" in shown
