"""What goes wrong on the way through an archive: folders that may not be read, a service that is busy or away."""

from __future__ import annotations

import shutil
import threading

import pytest

from archived import clock
from archived.core.discovery import Kind
from archived.core.lifecycle import State
from archived.errors import (
    ArchiveMissingError,
    LoginRequiredError,
    NotPermittedError,
    TransferUnavailableError,
)
from archived.transfer.pace import Manners, Pace, StoppedError
from tests.discover.bench import ARCHIVE_COLLECTION, CATGT, PROBE, RUN, Bench

LISTING = "GET /v0.10/operation/endpoint/*/ls"


class TestAFolderThatMayNotBeRead:
    def test_is_told_of_and_passed_over(self, globus: Bench) -> None:
        globus.put_run()
        globus.put(f"{CATGT}/a.bin")
        assert globus.globus is not None
        globus.globus.order("operation_denied", path=f"/ephys/{PROBE}")

        outcome = globus.discover()

        assert outcome.complete
        assert globus.refused(outcome) == [PROBE]
        assert set(globus.datasets()) == {f"raw-ephys/{CATGT}"}

    @pytest.mark.parametrize("refused", [PROBE, RUN, "SC011"])
    def test_hides_nothing_that_would_be_missing(self, globus: Bench, refused: str) -> None:
        globus.put_run()
        globus.discover()
        assert globus.globus is not None
        globus.globus.order("operation_denied", path=f"/ephys/{refused}")

        outcome = globus.discover()

        assert globus.refused(outcome) == [refused]
        assert Kind.CATALOGUE not in globus.counts(outcome)
        assert globus.datasets()[f"raw-ephys/{RUN}"].state is State.ARCHIVED
        assert globus.alarms() == []

    def test_is_an_error_where_nothing_else_is_left(self, globus: Bench) -> None:
        assert globus.globus is not None
        globus.globus.order("operation_denied", path="/ephys*")
        with pytest.raises(NotPermittedError):
            globus.discover()

    def test_may_be_one_that_fails_for_ever_while_the_others_do_not(self, directory: Bench) -> None:
        directory.put_run()
        directory.put(f"{CATGT}/a.bin")
        directory.broken[PROBE] = TransferUnavailableError("input/output error")

        outcome = directory.discover()

        assert outcome.complete
        assert directory.refused(outcome) == [PROBE]
        assert set(directory.datasets()) == {f"raw-ephys/{CATGT}"}

    def test_is_not_what_is_wrong_where_nothing_can_be_listed(self, directory: Bench) -> None:
        directory.put_run()
        for folder in (RUN, "SC011"):
            directory.broken[folder] = TransferUnavailableError("the server is away")
        with pytest.raises(TransferUnavailableError):
            directory.discover(below="SC011")
        directory.broken.clear()
        assert directory.discover(below="SC011").complete
        assert directory.datasets()[f"raw-ephys/{RUN}"].files == 4


class TestAHugeFolder:
    def test_of_as_many_entries_as_globus_lists_is_taken_whole(self, globus: Bench) -> None:
        assert globus.globus is not None
        globus.globus.settings.listing_limit = 300
        for number in range(300):
            globus.put(f"{CATGT}/{number:04}.bin", 1)

        outcome = globus.discover()

        assert globus.refused(outcome) == []
        assert globus.datasets()[f"raw-ephys/{CATGT}"].files == 300

    def test_of_more_is_passed_over(self, globus: Bench) -> None:
        globus.put_run()
        globus.discover()
        assert globus.globus is not None
        globus.globus.settings.listing_limit = 3
        for number in range(4):
            globus.put(f"{PROBE}/more{number}.bin")

        outcome = globus.discover()

        assert globus.refused(outcome) == [PROBE]
        with globus.store() as store:
            [(_, why)] = store.refused_folders(outcome.discovery.id, 9)
        assert "100000 entries" in why
        assert globus.datasets()[f"raw-ephys/{RUN}"].state is State.ARCHIVED


class TestABusyService:
    def test_is_asked_again_after_the_time_that_it_names(self, globus: Bench) -> None:
        globus.put_run()
        assert globus.globus is not None
        globus.globus.order("429", route=LISTING, times=2, retry_after=1)
        began = clock.monotonic()

        outcome = globus.discover()

        assert outcome.complete
        assert clock.monotonic() - began >= 1
        assert globus.datasets()[f"raw-ephys/{RUN}"].files == 4

    def test_is_asked_again_when_it_was_away_for_a_moment(self, globus: Bench) -> None:
        globus.put_run()
        assert globus.globus is not None
        globus.globus.order("503", route=LISTING, times=3)

        assert globus.discover().complete
        assert globus.datasets()[f"raw-ephys/{RUN}"].files == 4

    def test_is_given_up_and_gone_on_with_later(self, globus: Bench) -> None:
        globus.put_run()
        globus.put(f"{CATGT}/a.bin")
        assert globus.globus is not None
        globus.globus.order("503", route=LISTING, after=3)
        with pytest.raises(TransferUnavailableError):
            globus.discover()
        globus.globus.clear_faults()
        before = len(globus.listings())

        outcome = globus.discover()

        assert outcome.complete
        again = globus.listings()[before:]
        assert not any("path=%2Fephys&" in each or each.endswith("path=%2Fephys") for each in again)
        assert set(globus.datasets()) == {f"raw-ephys/{RUN}", f"raw-ephys/{CATGT}"}
        assert globus.counts(outcome)[Kind.ARCHIVE] == 5

    def test_is_not_waited_for_where_the_collection_does_not_exist(self, globus: Bench) -> None:
        ini = globus.base / "archived.ini"
        ini.write_text(ini.read_text().replace(ARCHIVE_COLLECTION, ARCHIVE_COLLECTION[:-1] + "3"))
        with pytest.raises(ArchiveMissingError):
            globus.discover()

    def test_that_wants_a_login_ends_the_walk(self, globus: Bench) -> None:
        assert globus.globus is not None
        globus.globus.order("invalid_client")
        with pytest.raises(LoginRequiredError):
            globus.discover()

    def test_is_asked_no_more_often_than_agreed(self, globus: Bench) -> None:
        for number in range(12):
            globus.put(f"SC{number:03}/SC{number:03}_022319_g0/a_g0_t0.nidq.bin")
        globus.manners = Manners(requests_a_second=20)
        began = clock.monotonic()

        globus.discover()

        asked = len(globus.listings())
        assert asked >= 25
        assert asked <= (clock.monotonic() - began) * 20 + 2


def test_an_archive_that_is_not_there_is_not_an_empty_one(directory: Bench) -> None:
    directory.put_run()
    directory.discover()
    (directory.archive / "ephys").rename(directory.archive / "away")

    with pytest.raises(ArchiveMissingError):
        directory.discover()

    assert directory.datasets()[f"raw-ephys/{RUN}"].state is State.ARCHIVED


class TestALargePartThatIsNotThere:
    """Another folder was mounted, or `archive` in the configuration names another one."""

    @pytest.fixture(autouse=True)
    def mostly_lost(self, directory: Bench) -> None:
        for number in range(30):
            directory.put(f"{RUN}/a{number}.bin")
            directory.put(f"{CATGT}/a{number}.bin")
        directory.discover()
        directory.put(f"{CATGT}/new.bin")
        shutil.rmtree(directory.archive / "ephys" / RUN)

    def states(self, directory: Bench) -> list[State]:
        return [directory.datasets()[f"raw-ephys/{each}"].state for each in (RUN, CATGT)]

    def test_is_told_of_and_changes_no_state(self, directory: Bench) -> None:
        for below in ("", RUN):
            outcome = directory.discover(below=below)
            assert outcome.too_many
            assert len(directory.paths(outcome, Kind.CATALOGUE)) == 30
            assert self.states(directory) == [State.ARCHIVED] * 2
            with directory.store() as store:
                [alarm] = store.alarms()
            assert alarm.key == "archive:raw-ephys"
            assert "does not hold 30 of 6" in alarm.message

    def test_stays_without_consequence_after_a_kill(self, directory: Bench) -> None:
        directory.broken[RUN] = LoginRequiredError("who are you?")
        with pytest.raises(LoginRequiredError):
            directory.discover()
        with directory.store() as store:
            store._door.change("UPDATE total SET files = 1000000")
        directory.broken.clear()
        assert directory.discover().complete
        assert self.states(directory) == [State.ARCHIVED] * 2, "it was measured a second time"

    def test_is_lost_once_a_person_says_so(self, directory: Bench) -> None:
        directory.discover()
        outcome = directory.discover(believe=True)
        assert not outcome.too_many
        assert self.states(directory) == [State.FAILED, State.ARCHIVED]
        assert directory.alarms() == ["missing:raw-ephys"]

    def test_is_forgotten_once_it_is_there_again(self, directory: Bench) -> None:
        directory.discover()
        for number in range(30):
            directory.put(f"{RUN}/a{number}.bin")
        assert directory.discover().complete
        assert directory.alarms() == []


def test_a_folder_that_vanishes_on_the_way_is_empty(directory: Bench) -> None:
    directory.put_run()
    with directory.store() as store:
        walk = store.begin_discovery("raw-ephys", "", directory.now(), dry_run=False, restart=False)
        store._add_folders(walk.id, [f"{RUN}/was-here"], "to do")

    assert directory.discover().complete


class TestThePace:
    def pace(self, **manners: float) -> tuple[Pace, threading.Event]:
        stop = threading.Event()
        made = Manners(**{"requests_a_second": None, "first_wait": 0.001, **manners})  # type: ignore[arg-type]
        return Pace(made, monotonic=clock.monotonic, stop=stop), stop

    def test_asks_again_until_it_is_answered(self) -> None:
        pace, _ = self.pace()
        answers = iter([TransferUnavailableError("busy"), TransferUnavailableError("busy"), None])
        waits: list[str] = []

        def ask() -> str:
            waits.append(pace.waiting_for)
            if (error := next(answers)) is not None:
                raise error
            return "it"

        assert pace.patiently(ask) == "it"
        assert waits == ["", "busy", "busy"]
        assert pace.waiting_for == ""

    def test_gives_up_after_so_many_tries(self) -> None:
        pace, _ = self.pace(tries=3)
        asked: list[int] = []

        def ask() -> None:
            asked.append(1)
            raise TransferUnavailableError("busy")

        with pytest.raises(TransferUnavailableError):
            pace.patiently(ask)
        assert len(asked) == 3

    def test_ends_at_once_when_it_is_stopped(self) -> None:
        pace, stop = self.pace(first_wait=60, longest_wait=60)

        def ask() -> None:
            threading.Timer(0.05, stop.set).start()
            raise TransferUnavailableError("busy")

        began = clock.monotonic()
        with pytest.raises(StoppedError):
            pace.patiently(ask)
        assert clock.monotonic() - began < 10

    def test_keeps_all_threads_waiting_after_a_refusal(self) -> None:
        pace, _ = self.pace()
        answers = iter([TransferUnavailableError("busy", retry_after=0.3)])

        def refused_once() -> None:
            for error in answers:
                raise error

        began = clock.monotonic()
        pace.patiently(refused_once)
        assert clock.monotonic() - began >= 0.3
