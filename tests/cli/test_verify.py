"""`archivedctl verify`: what it says, what it asks, and how it ends."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archived.cli import cli
from archived.cli.caller import Caller
from archived.core.verifying import MINE
from tests.cli.contract import fits
from tests.verify.world import EPHYS, G0, G1, World, world

FILES = {"a.ap.bin": b"a" * 5000, "a.ap.meta": b"meta"}


@dataclass
class Desk:
    """A rig to type at."""

    world: World
    stop: threading.Event = field(default_factory=threading.Event)

    def type(self, *words: str, typed: str = "") -> Result:
        """What comes of `archivedctl WORDS`."""
        caller = Caller(
            environ={**os.environ, "SUDO_USER": "ada"}, now=self.world.now, stop=self.stop
        )
        line = ["-c", str(self.world.base / "archived.ini"), *words]
        result = CliRunner().invoke(cli, line, input=typed, obj=caller)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        """The JSON of `verify WORDS`, held against its schema."""
        result = self.type("verify", *words, "--json")
        assert result.exit_code == code, (result.stdout, result.stderr)
        answer = json.loads(result.stdout)
        fits(answer, "verify")
        return answer


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A rig with an archive in a directory."""
    with world(tmp_path, "directory", monkeypatch) as made:
        yield Desk(made)


@pytest.fixture
def globus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A rig with an archive behind the simulated Globus."""
    with world(tmp_path, "globus", monkeypatch) as made:
        yield Desk(made)


def test_all_as_catalogued_ends_with_nought(desk: Desk) -> None:
    desk.world.archived(G0, FILES)

    result = desk.type("verify")

    assert result.exit_code == 0, result.stderr
    assert "as catalogued: 2 files" in result.stdout


def test_drift_ends_with_three_and_is_listed(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    desk.world.damage(f"{G0}/a.ap.bin")
    (desk.world.ephys / G0 / "a.ap.meta").unlink()

    answer = desk.json("--deep", code=3)

    (found,) = answer["verifications"]
    assert [each["path"] for each in found["missing"]] == [f"{G0}/a.ap.meta"]
    assert [each["path"] for each in found["different_content"]] == [f"{G0}/a.ap.bin"]
    assert found["counts"]["as_catalogued"] == 0
    assert found["counts"]["looked_at"] == 2
    page = desk.type("verify").stdout
    assert "DIFFERENT CONTENT" in page
    assert "MISSING IN THE ARCHIVE" in page


def test_show_and_status_tell_when_it_was_verified(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    desk.json("--deep")

    shown = json.loads(desk.type("show", f"{EPHYS}/{G0}", "--json").stdout)
    status = json.loads(desk.type("status", "--json").stdout)

    fits(shown, "show")
    fits(status, "status")
    assert {each["verified"]["content"] for each in shown["files"]} == {"same"}
    assert {each["verified"]["how"] for each in shown["files"]} == {"read"}
    assert shown["verified_at"] is not None
    assert status["verification"]["files"] == 2
    assert status["verification"]["never"] == 0
    assert "longest ago" in desk.type("status").stdout


def test_what_was_never_verified_is_counted(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    desk.json()
    desk.world.archived(G1, FILES)

    shown = json.loads(desk.type("show", f"{EPHYS}/{G1}", "--json").stdout)
    status = json.loads(desk.type("status", "--json").stdout)

    assert shown["verified_at"] is None
    assert [each["verified"] for each in shown["files"]] == [None, None]
    assert status["verification"]["never"] == 2


def test_an_unknown_name_is_refused(desk: Desk) -> None:
    desk.world.archived(G0, FILES)

    result = desk.type("verify", "raw-ephys/nothing")

    assert result.exit_code == 1
    assert "raw-ephys/nothing" in result.stderr


def test_what_fits_nothing_says_so(desk: Desk) -> None:
    desk.world.archived(G0, FILES)

    result = desk.type("verify", "--h2o", "XX999")

    assert result.exit_code == 0
    assert "No archived file fits." in result.stderr


def test_much_that_has_to_be_brought_is_asked_about(globus: Desk) -> None:
    globus.world.archived(G0, FILES, on_rig=False)
    with globus.world.store() as store:
        store._door.change("UPDATE file SET missing = 1")
    ini = globus.world.base / "archived.ini"
    ini.write_text(ini.read_text() + "\n[retrieve]\nask_above = 1k\n")

    asked = globus.type("verify", "--deep")

    assert asked.exit_code == 2
    assert "say --yes" in asked.stderr
    assert "5.00 kB are not on this rig any more" in asked.stderr
    assert globus.json("--deep", "--yes")["verifications"][0]["counts"]["compared"] == 2


def test_a_stop_tells_how_far_it_came_and_how_to_go_on(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    desk.stop.set()

    result = desk.type("verify")

    assert result.exit_code == 1
    assert "0 of 2 files were looked at" in result.stderr
    when = re.search(r"--not-since (\S+Z)\.", result.stderr)
    assert when is not None, result.stderr
    desk.stop.clear()
    desk.type("verify")
    desk.world.later += timedelta(
        hours=1
    )  # whenever it is typed, what was looked at since is passed over
    assert "No archived file fits." in desk.type("verify", "--not-since", when[1]).stderr


def test_what_a_killed_verify_left_is_shown_as_such(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    now = desk.world.now()
    with desk.world.store() as store:
        ids = [each.id for each in store.files(store.dataset(f"{EPHYS}/{G0}").id)]
        wanted = store.to_compare(ids)
        store.plan_comparison("left", EPHYS, wanted, now, now + timedelta(days=1), audit=MINE)
        with store.claim_verification(7, "bob", now):
            under_way = json.loads(desk.type("status", "--json").stdout)
    left = json.loads(desk.type("status", "--json").stdout)

    assert [each["reason"] for each in under_way["transfers"]] == [""]
    assert "left by a `verify --deep`" in left["transfers"][0]["reason"]
    desk.type("verify")
    assert json.loads(desk.type("status", "--json").stdout)["transfers"] == []


def test_an_archive_that_cannot_be_reached_fails(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    desk.world.ephys.rename(desk.world.base / "gone")

    answer = desk.json(code=1)

    assert answer["verifications"][0]["error"] is not None
    assert desk.world.states()["a.ap.bin"] == "archived"


def test_nothing_that_could_be_listed_ends_with_one(globus: Desk) -> None:
    globus.world.archived(G0, FILES)
    assert globus.world.globus is not None
    globus.world.globus.order("operation_denied", path=f"/ephys/{G0}")

    answer = globus.json(code=1)

    assert [each["path"] for each in answer["verifications"][0]["refused"]] == [G0]


def test_two_people_do_not_verify_at_a_time(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    with desk.world.store() as store, store.claim_verification(7, "bob", desk.world.now()):
        result = desk.type("verify")

    assert result.exit_code == 1
    assert "bob (pid 7" in result.stderr


def test_files_of_a_location_that_is_gone_are_told_of(desk: Desk) -> None:
    desk.world.archived(G0, FILES)
    ini = desk.world.base / "archived.ini"
    ini.write_text(ini.read_text().replace("[location:raw-ephys]", "[location:other]"))

    result = desk.type("verify")

    assert "2 files of raw-ephys cannot be verified" in result.stderr
    assert "No archived file fits" not in result.stderr
    answer = desk.json("-l", EPHYS, code=1)
    assert answer["not_configured"] == [{"location": EPHYS, "files": 2}]


def test_files_of_a_location_that_is_gone_are_no_archive_in_order(desk: Desk) -> None:
    """However well all the others are: nobody looked at these."""
    ini = desk.world.base / "archived.ini"
    with_two = ini.read_text()
    desk.world.archived(G0, FILES)
    ini.write_text(with_two.replace("[location:raw-ephys]", "[location:other]"))
    with desk.world.store() as store:
        store._door.change("UPDATE dataset SET location = 'other'")
    desk.world.archived(G1, FILES)

    result = desk.type("verify")

    assert result.exit_code == 3, result.stderr
    assert "as catalogued: 2 files" in result.stdout


def test_a_location_that_nobody_knows_is_no_archive_in_order(desk: Desk) -> None:
    desk.world.archived(G0, FILES)

    result = desk.type("verify", "--location", "raw-ehpys")

    assert result.exit_code == 1
    assert "there is no location 'raw-ehpys'" in result.stderr
    assert "as catalogued" not in result.stdout
