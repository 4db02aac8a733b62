"""kill -9 of the installed programs at any moment while a rig records: nothing is lost, sent twice or left behind.

`make kills KILLS=500` kills as often in each story; without it each is short. A failure names its seed.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from demo import rig as programs
from tests.acceptance import disks, promises
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.nursery import Child, Nursery
from tests.acceptance.test_shared_store import point
from tests.acceptance.test_there_and_back import SUBJECTS, Lab
from tests.acceptance.test_there_and_back import lab as lab
from tests.store.servers import Server

KILLS = int(os.environ.get("KILLS", "3"))
SEED = int(os.environ.get("KILLS_SEED", random.SystemRandom().randrange(1_000_000)))
LONGEST_WAIT = 1.2
"""Seconds that a daemon lives at least when nothing better to die at comes along."""

STORIES = [("directory", "sqlite"), ("globus", "sqlite"), ("globus", "postgresql")]
if "KILLS" in os.environ:
    STORIES.append(("directory", "postgresql"))

pytestmark = pytest.mark.timeout(120 + 20 * KILLS)


class Recorder:
    """A rig that records one session after the other, in a thread, until it is told to end."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._record)
        self.sessions = 0

    def _record(self) -> None:
        for number in itertools.count():
            self._session(number)
            self.sessions = number + 1
            if self._enough.wait(1.0 + KILLS / 200):
                return

    def _session(self, number: int) -> None:
        h2o, run = f"SC{number:03}", f"SC{number:03}_022319_g0"
        video = self._root / h2o / "02232019" / "video"
        written = [
            programs.spikeglx(self._root / h2o / run, run, probes=1, blocks=3, seed=number),
            programs.tracking_video(video, h2o, "side", trials=2, seed=number),
        ]
        for step in itertools.zip_longest(*written):
            assert step
            if self._enough.wait(0.03):
                continue
        # Large enough that a copy of it is seen under way.
        later = video / f"{h2o}_side_009-0000.avi"
        for _ in programs.avi(later, [random.Random(number).randbytes(1 << 20)] * 4):
            pass

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()

    def end(self) -> None:
        """Let the session be recorded to its end, faster."""
        self._enough.set()
        self._thread.join()


class Executioner:
    """Kills the programs of one rig, each time at another kind of moment."""

    def __init__(
        self, rig: TestRig, nursery: Nursery, chance: random.Random, commits: Callable[[], object]
    ) -> None:
        self._rig, self._nursery, self._chance = rig, nursery, chance
        self._commits = commits
        self.killed: Counter[str] = Counter()
        moments = [self._after_a_commit]
        if rig.globus is None:
            moments += [self._during_a_copy]
        else:
            moments += [self._with_a_question_open, self._with_an_answer_lost]
        # Last, so that a short story has one of each of the others.
        moments += [self._whenever, self._whenever]
        self._moments = itertools.cycle(moments)

    def kill_a_daemon(self) -> None:
        """Start a daemon, disturb it with a command that is killed too, and kill it at the next kind of moment."""
        daemon = self._nursery.start("archived")
        command = self._command() if self._chance.random() < 0.6 else None
        moment = next(self._moments)
        struck = moment()
        if command is not None and command.kill() == -9:
            self.killed["a command"] += 1
        code = daemon.kill()
        assert code == -9, (code, self._rig.log())
        self.killed[moment.__name__.strip("_") if struck else "whenever"] += 1

    def _command(self) -> Child:
        words = self._chance.choice(
            [
                ["status"],
                ["list"],
                ["discover"],
                ["pause"],
                ["resume"],
                ["retry", "--all"],
                ["hold", "--all"],
                ["release", "--all"],
            ]
        )
        return self._nursery.start("archivedctl", *words)

    def _whenever(self) -> bool:
        threading.Event().wait(self._chance.uniform(0, LONGEST_WAIT))
        return True

    def _after_a_commit(self) -> bool:
        seen = {self._commits()}
        wanted = 1 + self._chance.randint(1, 12)

        def committed() -> bool:
            seen.add(self._commits())
            return len(seen) >= wanted

        return self._comes(committed)

    def _during_a_copy(self) -> bool:
        return self._comes(
            lambda: next(self._rig.archive.rglob("*.archived-part"), None) is not None
        )

    def _with_a_question_open(self) -> bool:
        # Which of its questions it is differs each time: for a token, a folder, an id, a task, receipts.
        return self._with("slow", "*", after=self._chance.randint(0, 12), seconds=1)

    def _with_an_answer_lost(self) -> bool:
        return self._with("reset", self._chance.choice(["GET */submission_id", "POST */transfer"]))

    def _with(self, fault: str, route: str, **options: Any) -> bool:
        globus = self._rig.globus
        assert globus is not None
        order = globus.order(fault, route=route, times=1, **options)
        struck = self._comes(lambda: order.struck > 0)
        globus.clear_faults(number=order.id)
        return struck

    def _comes(self, condition: Callable[[], bool]) -> bool:
        pause, end = threading.Event(), time.monotonic() + 3 * LONGEST_WAIT
        while time.monotonic() < end:
            if condition():
                return True
            pause.wait(0.002)
        return False


@pytest.fixture
def hasty(rig: TestRig) -> TestRig:
    """A rig whose daemon gets far within a short life."""
    text = rig.configuration.read_text()
    for slow, fast in (
        ("quiet_time = 1s", "quiet_time = 0.3s"),
        ("rescan = 1s", "rescan = 0.5s"),
        ("tick = 0.1s", "tick = 0.05s"),
        ("poll = 0.2s", "poll = 0.1s"),
    ):
        assert slow in text
        text = text.replace(slow, fast)
    rig.configuration.write_text(text)
    return rig


@pytest.fixture
def commits(
    request: pytest.FixtureRequest,
    store: str,
    hasty: TestRig,
    server_of: Callable[[str], Server],
) -> Iterator[Callable[[], object]]:
    """Puts the store of the rig there; says something else after every commit."""
    with ExitStack() as stack:
        rig = hasty
        if store == "sqlite":
            log = rig.base / "state" / "archived.db-wal"
            yield lambda: log.stat().st_mtime_ns if log.exists() else 0
            return
        server = server_of(store)
        name = f"killed_{request.node.callspec.id.replace('-', '_')}"
        point(rig, server.new_database(name), "test-rig")
        connection = stack.enter_context(closing(server.connect(name)))
        stack.callback(server.drop_database, name)
        question = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
        yield lambda: connection.execute(question).fetchone()


def assert_all_promises_kept(rig: TestRig, nursery: Nursery, recordings: int) -> None:
    """Let everything be done, then see that it was done right."""
    before = promises.Untouched.of(rig.root)
    nursery.control("resume")
    daemon = nursery.start("archived")

    glance = Glance(rig)
    if glance.file.exists():
        nursery.until(
            "an end, but for what is held",
            lambda: done_or_held(glance.counts()) == recordings,
            within=60 + 3 * KILLS,
        )

    def archived() -> bool:
        status = nursery.status()
        if status["counts"]["held"]:
            nursery.start("archivedctl", "release", "--all").wait(60)
        return bool(
            status["counts"]["archived"] == recordings == sum(status["counts"].values())
            and not [each for each in status["transfers"] if each["direction"] != "record"]
            and not status["alarms"]
        )

    nursery.until(f"{recordings} archived datasets", archived, within=60 + 3 * KILLS)
    nursery.until("an archive without leftovers", lambda: not leftovers(rig))
    promises.assert_tallies(rig, nursery.status())
    shown = disks.catalogue(rig)
    assert len(shown) == recordings
    for dataset in shown:
        promises.assert_events_explain(dataset)
    promises.assert_events_explain(nursery.json("show", shown[0]["name"]))
    os.kill(daemon.pid, 15)
    assert daemon.wait(20) == 0
    rig.assert_nothing_was_lost()
    promises.assert_no_leftovers(rig)
    if rig.globus is not None:
        promises.assert_one_task_for_each_file(rig)
    assert promises.Untouched.of(rig.root) == before
    for name in ("daemon.log", "ctl.log"):
        log = rig.base / name
        assert not log.exists() or "Traceback" not in log.read_text()


def done_or_held(counts: Mapping[str, int]) -> int:
    """How many datasets nothing more will happen to by itself."""
    return counts.get("archived", 0) + counts.get("held", 0)


def leftovers(rig: TestRig) -> list[Path]:
    """What is being copied, or was left behind by a copy."""
    return list(rig.archive.rglob("*.archived-part"))


@pytest.mark.parametrize(("rig", "store"), STORIES, indirect=["rig"])
def test_killed_at_any_moment_while_a_rig_records_it_keeps_every_promise(
    rig: TestRig,
    store: str,
    commits: Callable[[], object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(SEED)
    with Nursery(rig) as nursery, Recorder(rig.root) as recorder:
        executioner = Executioner(rig, nursery, chance, commits)
        for _ in range(KILLS):
            executioner.kill_a_daemon()
        recorder.end()
        recordings = 2 * recorder.sessions
        try:
            assert_all_promises_kept(rig, nursery, recordings)
        except BaseException as error:
            error.add_note(f"KILLS_SEED={SEED}, {dict(executioner.killed)}")
            raise
        assert executioner.killed.total() >= KILLS
    with capsys.disabled():
        if "KILLS" in os.environ:
            print(f"\nseed {SEED}, {recordings} recordings, killed {dict(executioner.killed)}")  # noqa: T201


def test_a_retrieve_killed_at_any_moment_brings_everything_and_leaves_nothing_behind(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, killed = random.Random(SEED), 0
    lab.archive_everything()
    (lab.analyst.base / "subjects.csv").write_text(SUBJECTS)
    with Nursery(lab.analyst) as nursery:
        nursery.control("discover")
        for _ in range(KILLS):
            words = chance.choice([["discover"], *[["retrieve", "--all", "--yes"]] * 5])
            if lab.globus and lab.rig.globus is not None:
                lab.rig.globus.set_rate(chance.choice([200_000, 2_000_000]))
            command = nursery.start("archivedctl", *words)
            threading.Event().wait(chance.uniform(0, LONGEST_WAIT))
            killed += command.kill() == -9
        if lab.rig.globus is not None:
            lab.rig.globus.set_rate(None)
        nursery.control("discover")
        nursery.control("retrieve", "--all", "--yes")
    assert lab.brought() == {**lab.in_archive("SC011"), **lab.in_archive("SC012")}
    with capsys.disabled():
        if "KILLS" in os.environ:
            print(f"\nseed {SEED}, killed {killed} of {KILLS}")  # noqa: T201
