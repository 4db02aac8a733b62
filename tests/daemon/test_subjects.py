"""Subjects in the daemon: read where they are written down, never in the way of archiving unless that is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.subjects import Subject
from archived.daemon import SubjectSources
from archived.errors import LabDatabaseError
from tests.daemon.world import EPHYS, QUIET, VIDEO, World

LIST = "subject_id,h2o,sex\n407513,SC011,F\n"
NOT_KNOWN = "no subject is known for 'SC011'"


class Lab:
    """A lab's database, or what is left of it."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        self.rows = list(rows)
        self.away = False
        self.asked = 0

    def __call__(self) -> Sequence[tuple[str, str]]:
        self.asked += 1
        if self.away:
            raise LabDatabaseError("the lab's database is away", what_to_do="start it")
        return self.rows


@pytest.fixture
def file(world: World) -> Path:
    return world.base / "subjects.csv"


def write(file: Path, text: str) -> None:
    """Write anew, as a program does: with another time, however quickly it follows."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def configure(world: World, **sources: object) -> None:
    world.subjects = replace(SubjectSources(), **sources)  # type: ignore[arg-type]
    world.restart()


def known(world: World) -> dict[str, str]:
    return {each.h2o: each.subject for each in world.store.subjects()}


def alarms(world: World) -> dict[str, str]:
    """Those about subjects; the rig may be empty besides."""
    told = {each.key: each.message for each in world.store.alarms()}
    return {key: message for key, message in told.items() if key.startswith("subjects")}


def ticks(world: World, number: int = 3, **span: float) -> None:
    step = timedelta(**span) if span else timedelta(seconds=5)
    world.pass_time(step * number, step=step)


class TestTheFile:
    def test_it_is_read_at_the_start(self, world: World, file: Path) -> None:
        write(file, LIST)
        configure(world, file=file)

        ticks(world, 2)

        assert known(world) == {"SC011": "407513"}
        assert dict(world.store.subjects()[0].details) == {"sex": "F"}
        assert alarms(world) == {}

    def test_it_is_read_again_when_it_changed_and_has_stopped_to_change(
        self, world: World, file: Path
    ) -> None:
        write(file, LIST)
        configure(world, file=file)
        ticks(world)

        write(file, LIST + "1,SC0")
        ticks(world, 1)
        write(file, LIST + "1,SC012\n")
        ticks(world, 3)

        assert known(world) == {"SC011": "407513", "SC012": "1"}
        assert "SC0" not in str(world.log.entries)

    def test_what_is_gone_from_it_is_not_known_any_more(self, world: World, file: Path) -> None:
        write(file, LIST + "1,SC012\n")
        configure(world, file=file)
        world.store.add_subject(Subject("2", "SC013"), world.now)
        ticks(world)

        write(file, LIST)
        ticks(world)

        assert known(world) == {"SC011": "407513", "SC013": "2"}

    def test_an_unchanged_one_is_not_read_again(
        self, world: World, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(file, LIST)
        configure(world, file=file)
        ticks(world)

        monkeypatch.setattr("archived.daemon.subjects.read_list", lambda *_: pytest.fail("read"))
        ticks(world, 20)

        assert known(world) == {"SC011": "407513"}

    @pytest.mark.parametrize("how", ["gone", "unreadable", "empty", "header only", "half bad"])
    def test_what_is_wrong_with_it_is_an_alarm_and_empties_nothing(
        self, world: World, file: Path, how: str
    ) -> None:
        write(file, LIST)
        configure(world, file=file)
        ticks(world)
        world.record_video()

        if how == "gone":
            file.unlink()
        elif how == "unreadable":
            file.unlink()
            file.mkdir()
        else:
            texts = {"empty": "", "header only": "subject_id,h2o\n"}
            write(file, texts.get(how, "subject_id,h2o\n1,SC012\n,SC013\n"))
        ticks(world, 4)

        assert known(world)["SC011"] == "407513"
        assert set(alarms(world)) == {"subjects"}
        assert all(each.what_to_do for each in world.store.alarms())
        if how == "half bad":
            assert known(world)["SC012"] == "1"
            assert "line 3: subject_id is empty" in alarms(world)["subjects"]
        world.until(world.all_archived)

        if file.is_dir():
            file.rmdir()
        write(file, LIST)
        ticks(world, 4)
        assert alarms(world) == {}
        assert known(world) == {"SC011": "407513"}

    def test_one_that_comes_back_as_it_was_ends_the_alarm(self, world: World, file: Path) -> None:
        write(file, LIST)
        configure(world, file=file)
        ticks(world)
        aside = file.with_name("aside")
        file.rename(aside)
        ticks(world)
        assert set(alarms(world)) == {"subjects"}

        aside.rename(file)
        ticks(world)

        assert alarms(world) == {}

    def test_what_it_said_goes_with_it_out_of_the_configuration(
        self, world: World, file: Path
    ) -> None:
        write(file, "subject_id,h2o\n1,SC011\n")
        lab = Lab(("2", "SC011"))
        configure(world, file=file, lab=lab)
        ticks(world)
        assert known(world) == {"SC011": "1"}

        configure(world, lab=lab)
        ticks(world)
        assert known(world) == {"SC011": "2"}

        configure(world)
        ticks(world)
        assert known(world) == {}


class TestTheDatabase:
    def test_it_is_asked_every_ten_minutes(self, world: World) -> None:
        lab = Lab(("407513", "SC011"), ("1", "not an animal's name"))
        configure(world, lab=lab)
        ticks(world)
        assert known(world) == {"SC011": "407513"}

        lab.rows.append(("2", "SC012"))
        ticks(world, 9, minutes=1)
        assert lab.asked == 1

        ticks(world, 3, minutes=1)
        assert lab.asked == 2
        assert known(world) == {"SC011": "407513", "SC012": "2"}
        assert alarms(world) == {}

    def test_while_it_is_away_everything_goes_on(self, world: World) -> None:
        lab = Lab(("407513", "SC011"))
        configure(world, lab=lab)
        ticks(world)
        lab.away = True
        world.record_video()

        world.until(world.all_archived)

        assert known(world) == {"SC011": "407513"}
        assert "the lab's database is away" in alarms(world)["subjects:datajoint"]
        lab.away = False
        ticks(world, 3, minutes=1)
        assert alarms(world) == {}

    def test_a_table_that_is_suddenly_empty_empties_nothing(self, world: World) -> None:
        lab = Lab(("407513", "SC011"))
        configure(world, lab=lab)
        ticks(world)
        lab.rows.clear()
        ticks(world, 12, minutes=1)

        assert known(world) == {"SC011": "407513"}
        assert "no subject any more" in alarms(world)["subjects:datajoint"]

    def test_a_mistake_of_the_program_there_is_an_alarm_too(self, world: World) -> None:
        def broken() -> Sequence[tuple[str, str]]:
            raise KeyError("water_restriction_number")

        configure(world, lab=broken)
        world.record_video()

        world.until(world.all_archived)

        assert "the program itself failed" in alarms(world)["subjects:datajoint"]

    def test_two_sources_that_contradict_each_other_are_told_until_somebody_decides(
        self, world: World, file: Path
    ) -> None:
        write(file, LIST)
        configure(world, file=file, lab=Lab(("9", "SC011")))
        ticks(world)
        assert "407513 in file" in alarms(world)["subjects:conflict"]
        assert known(world) == {"SC011": "407513"}

        world.store.add_subject(Subject("9", "SC011"), world.now)
        ticks(world, 2, minutes=1)

        assert alarms(world) == {}
        assert known(world) == {"SC011": "9"}


class TestOnlyKnownAnimals:
    def test_otherwise_nobody_asks(self, world: World) -> None:
        world.record_video()

        world.until(world.all_archived)

    def test_the_others_wait_and_are_told_why(self, world: World, file: Path) -> None:
        write(file, "subject_id,h2o\n1,SC099\n")
        configure(world, file=file, only_known=True)
        world.record_run()

        world.pass_time(3 * QUIET)

        dataset = world.store.dataset(EPHYS)
        assert dataset.state is State.SETTLING
        assert dataset.reason.startswith(NOT_KNOWN)
        assert str(file) in dataset.reason
        assert "`archivedctl subjects add SUBJECT_ID SC011`" in dataset.reason
        ticks(world, 1, seconds=1)
        assert world.daemon.idle(world.now)
        assert world.daemon.needs_a_person()

    def test_they_go_on_by_themselves_once_the_file_has_them(
        self, world: World, file: Path
    ) -> None:
        write(file, "subject_id,h2o\n1,SC099\n")
        configure(world, file=file, only_known=True)
        world.record_run()
        world.pass_time(3 * QUIET)

        write(file, LIST)
        ticks(world, 5)

        assert world.store.dataset(EPHYS).state is not State.SETTLING
        world.until(world.all_archived)
        assert world.store.dataset(EPHYS).subject == "407513"

    def test_they_go_on_within_two_turns_once_a_person_said_it(self, world: World) -> None:
        configure(world, only_known=True)
        world.record_run()
        world.pass_time(3 * QUIET)

        world.store.add_subject(Subject("407513", "SC011"), world.now)
        ticks(world, 2)

        assert world.store.dataset(EPHYS).state is not State.SETTLING
        assert not world.daemon.idle(world.now)

    def test_what_is_still_recorded_is_told_to_change_and_not_to_wait(self, world: World) -> None:
        configure(world, only_known=True)
        world.record_run()

        world.pass_time(QUIET / 2)

        assert NOT_KNOWN not in world.store.dataset(EPHYS).reason

    def test_what_is_archived_stays_archived_when_its_subject_goes(self, world: World) -> None:
        configure(world, only_known=True)
        world.store.add_subject(Subject("407513", "SC011"), world.now)
        world.record_video()
        world.until(world.all_archived)

        world.store.remove_subject("SC011")
        world.pass_time(3 * QUIET)

        assert world.store.dataset(VIDEO).state is State.ARCHIVED

    def test_a_waiting_one_is_told_anew_when_its_subject_went_again(self, world: World) -> None:
        configure(world, only_known=True)
        world.store.add_subject(Subject("407513", "SC011"), world.now)
        video = next(world.record_video().glob("*.avi"))
        content = video.read_bytes()
        video.write_bytes(content[:4] + bytes(4) + content[8:])
        world.pass_time(3 * QUIET)
        assert world.store.dataset(VIDEO).state is State.SETTLING
        assert NOT_KNOWN not in world.store.dataset(VIDEO).reason

        world.store.remove_subject("SC011")
        world.pass_time(QUIET)

        assert world.store.dataset(VIDEO).reason.startswith(NOT_KNOWN)

    def test_after_a_restart_they_still_wait(self, world: World) -> None:
        configure(world, only_known=True)
        world.record_run()
        world.pass_time(3 * QUIET)

        world.restart()
        world.pass_time(QUIET)

        assert world.store.dataset(EPHYS).reason.startswith(NOT_KNOWN)
