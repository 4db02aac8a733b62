"""System calls of the real process that fail, at any of its calls: strace makes them fail, the kernel is not asked.

Each run is one daemon that meets a fault (an errno, at certain calls of each of its threads), and then one that meets
none. `make disks FAULTS=300` makes as many runs; without it there are few. A failure names its fault and its seed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Failing, Glance
from tests.acceptance.promises import Untouched, assert_no_leftovers
from tests.acceptance.test_a_rig import RUN, record, session

FAULTS = int(os.environ.get("FAULTS", "3"))
SEED = int(os.environ.get("FAULTS_SEED", random.SystemRandom().randrange(1_000_000)))

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]

READS = ("EIO", "ESTALE", "ENOMEM")
OPENS = (*READS, "EMFILE", "ENFILE")
WRITES = ("EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE")

Chance = random.Random
Places = Callable[[Path], Iterable[Path]]


def folders(base: Path) -> list[Path]:
    """Every folder of the rig."""
    root = base / "rig"
    return sorted([root, *(path for path in root.rglob("*") if path.is_dir())])


def recordings(base: Path) -> list[Path]:
    """Every file of the rig."""
    return sorted(path for path in (base / "rig").rglob("*") if path.is_file())


def store(base: Path) -> list[Path]:
    """The store, once it is there, and what SQLite keeps beside it."""
    return [base / "state" / f"archived.db{end}" for end in ("", "-wal", "-journal")]


def anywhere(base: Path) -> list[Path]:
    """Wherever the thread that meets it is at work."""
    return []


MENU: tuple[tuple[str, tuple[str, ...], Places, int], ...] = (
    ("read", READS, recordings, 6),
    ("pread64", READS, recordings, 6),
    ("getdents64", (*READS, "EACCES"), folders, 8),
    ("openat", OPENS, folders, 30),
    ("newfstatat,statx", READS, folders, 30),
    ("write", WRITES, anywhere, 40),
    ("fsync", WRITES, anywhere, 40),
    ("linkat,link", WRITES, anywhere, 12),
    ("rename,renameat,renameat2", WRITES, anywhere, 6),
    ("unlink,unlinkat", ("EIO", "EROFS"), anywhere, 12),
    ("mkdir,mkdirat", WRITES, anywhere, 6),
    ("utimensat", ("EIO", "EROFS"), anywhere, 12),
    ("pwrite64", WRITES, store, 120),
    ("fdatasync,fsync", WRITES, store, 40),
    ("pread64", READS, store, 40),
    ("fcntl", ("EIO", "ENOLCK"), store, 60),
    ("ftruncate", ("EIO", "ENOSPC"), store, 4),
)
"""What may fail: the calls, how, of which files, and at the how-manieth call of a thread at the latest."""


def picked(chance: Chance, base: Path) -> Failing:
    """One fault: at one call, at some that follow each other, or at every so-manieth for a while."""
    calls, errors, places, latest = chance.choice(MENU)
    first = chance.randint(1, latest)
    last = first + chance.choice((0, 0, 1, 3, 10))
    step = chance.choice(("", "", "+2", "+3"))
    when = f"{first}..{last}{step}" if last > first else str(first)
    chosen = list(places(base))
    if chosen and places is not store:
        chosen = chance.sample(chosen, chance.randint(1, min(len(chosen), 6)))
    return Failing(calls, chance.choice(errors), when, tuple(chosen))


def assert_it_is_no_mistake_of_ours(rig: TestRig) -> None:
    """The program expected what happened: no traceback, no bug that it reports of itself."""
    log = (rig.base / "daemon.log").read_text()
    assert "Traceback" not in log, log[-4000:]
    assert "mistake in this program" not in log, log[-4000:]


@pytest.mark.parametrize("number", range(FAULTS))
def test_whatever_call_fails_nothing_is_lost_and_all_arrives_once_that_is_over(
    rig: TestRig, number: int
) -> None:
    record(session(rig), 0)
    before = Untouched.of(rig.root)
    fault = picked(Chance(SEED * 1000 + number), rig.base)
    trace = rig.base / "trace"
    try:
        code = rig.start("--until-idle", under=fault.under(trace)).wait(100)
        # 1 is a store that could not even be opened, for which systemd starts it again.
        assert code in (0, 1, 3)
        assert_it_is_no_mistake_of_ours(rig)
        begun = (rig.base / "state/archived.db").exists()
        archived = disks.assert_archived_means_archived(rig) if begun and code != 1 else set()

        assert rig.start("--until-idle").wait(100) == 0, rig.log()

        rig.assert_nothing_was_lost()
        assert archived <= disks.names(rig, "archived")
        disks.assert_nothing_went_missing(rig)
        disks.assert_store_is_sound(rig)
        assert_it_is_no_mistake_of_ours(rig)
        assert_no_leftovers(rig)
        assert Untouched.of(rig.root) == before
    except BaseException as error:
        error.add_note(f"FAULTS_SEED={SEED} number {number}: {fault}, {[*fault.paths]}")
        raise
    if "FAULTS" in os.environ:
        print(f"\n{disks.hits(trace)} times, ended with {code}: {fault}")  # noqa: T201


def test_a_file_that_cannot_be_read_waits_is_told_and_arrives_once_it_can(rig: TestRig) -> None:
    glance = Glance(rig)
    record(session(rig), 0)
    bad = next((rig.root / "SC011" / RUN).rglob("*.ap.meta"))
    fault = Failing("pread64,read", "EIO", paths=(bad,))
    daemon = rig.start(under=fault.under(rig.base / "trace"))

    assert bad.name in glance.until_alarm("disk")
    glance.until(archived=2, settling=1)
    [alarm] = rig.status()["alarms"]
    assert "SMART" in alarm["what_to_do"]

    daemon.terminate()
    assert daemon.wait(30) == 0
    rig.start()
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()


def test_a_file_whose_middle_cannot_be_read_is_tried_again_and_then_a_person_is_asked(
    rig: TestRig,
) -> None:
    record(session(rig), 0)
    bad = next((rig.root / "SC011" / RUN).rglob("*.ap.bin"))
    fault = Failing("read", "EIO", paths=(bad,))

    daemon = rig.start("--until-idle", under=fault.under(rig.base / "trace"))
    assert daemon.wait(100) == 3, rig.log()

    assert disks.hits(rig.base / "trace") > 3
    status = rig.status()
    [attention] = status["attention"]
    assert (attention["state"], bad.name in attention["reason"]) == ("failed", True)
    assert "SMART" in attention["reason"]
    assert status["counts"]["archived"] == 2
    assert not [path for path in rig.archive.rglob("*") if path.name == bad.name]

    rig.control("retry", "--all")
    assert rig.start("--until-idle").wait(100) == 0, rig.log()
    rig.assert_nothing_was_lost()
