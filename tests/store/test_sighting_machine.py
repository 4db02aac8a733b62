"""Hints in any order, twice, or not at all: after one complete look the rows are those of a complete look alone."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from archived.core.lifecycle import State
from archived.core.model import FileStat, FileState
from archived.store import FolderSighting, LookSummary, Selector, Store
from tests.builders import NOON
from tests.effort import EFFORT, examples
from tests.store.bench import FILE_TYPE, G0, G1, LOCATION, ROOT, recording

pytestmark = pytest.mark.timeout(300 * EFFORT)

FOLDERS = [(G0, G0), (G0, f"{G0}/imec0"), (G1, G1)]
NAMES = ["a.bin", "b.bin"]
PATHS = st.sampled_from([f"{folder}/{name}" for _, folder in FOLDERS for name in NAMES])

Disk = dict[str, FileStat]


def sighting(disk: Disk, dataset: str, folder: str) -> FolderSighting:
    """A folder as a look would see it on that disk."""
    files = [stat for path, stat in disk.items() if path.rpartition("/")[0] == folder]
    seen = tuple((stat, FILE_TYPE) for stat in sorted(files, key=lambda each: each.path))
    return FolderSighting(ROOT, LOCATION, recording(dataset), folder, 1, (), seen)


def complete_look(store: Store, disk: Disk) -> None:
    """Everything there is, once."""
    there = [each for each in FOLDERS if any(path.startswith(f"{each[1]}/") for path in disk)]
    store.sight([sighting(disk, *each) for each in there], NOON)
    store.finish_look(ROOT, LookSummary({folder for _, folder in there}, True), NOON)


class HintMachine(RuleBasedStateMachine):
    """A disk on which recordings are made, and a daemon that hears of some of it, late and out of order."""

    empty: Path
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.store = self.new_store("hinted")
        self.disk: Disk = {}
        self.ticks = itertools.count(1)
        self.heard: list[FolderSighting] = []
        """What was seen at some time and is not written down yet."""

    def new_store(self, name: str) -> Store:
        path = self.folder / f"{name}.db"
        shutil.copy(self.empty, path)
        return Store.open(str(path), rig="rig-1", create=True, now=NOON)

    def teardown(self) -> None:
        self.store.close()

    @initialize(path=PATHS)
    def begin(self, path: str) -> None:
        self.write(path, 1)

    @rule(path=PATHS, size=st.integers(0, 2))
    def write(self, path: str, size: int) -> None:
        tick = next(self.ticks)
        self.disk[path] = FileStat(path, size, tick, tick, tick)

    @rule(path=PATHS)
    def remove(self, path: str) -> None:
        self.disk.pop(path, None)

    @rule(old=PATHS, new=PATHS)
    def rename(self, old: str, new: str) -> None:
        if old in self.disk:
            stat = self.disk.pop(old)
            self.disk[new] = FileStat(new, stat.size, stat.mtime_ns, next(self.ticks), stat.inode)

    @rule(which=st.sampled_from(FOLDERS), twice=st.booleans())
    def hear_of(self, which: tuple[str, str], twice: bool) -> None:
        self.heard += [sighting(self.disk, *which)] * (1 + twice)

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def write_down_some(self, data: st.DataObject) -> None:
        """Whatever comes first; the rest later, or never."""
        number = data.draw(st.integers(1, len(self.heard)))
        order = data.draw(st.permutations(self.heard))
        for each in order[:number]:
            self.store.sight([each], NOON)
        self.heard = [] if data.draw(st.booleans()) else list(order[number:])

    @rule()
    def look_at_everything(self) -> None:
        """The rescan is the truth."""
        complete_look(self.store, self.disk)
        with self.new_store("alone") as alone:
            complete_look(alone, self.disk)
            expected = rows(alone)
        found = rows(self.store)
        there = {path: row for path, row in found.items() if path in self.disk}
        assert there == {path: row for path, row in expected.items() if path in self.disk}
        assert set(there) == set(self.disk), "a complete look overlooked something"
        for path, row in found.items():
            if path not in self.disk:
                assert row[-1] in (FileState.PENDING, FileState.GONE)

    @rule()
    def look_at_everything_twice(self) -> None:
        """Absent in two complete looks: then it is gone, and a dataset of which nothing is left needs a person."""
        for _ in range(2):
            complete_look(self.store, self.disk)
        for path, row in rows(self.store).items():
            assert (path in self.disk) == (row[-1] is FileState.PENDING)
        for dataset in self.store.select(Selector()):
            left = any(path.startswith(f"{dataset.path}/") for path in self.disk)
            assert dataset.state is (State.SETTLING if left else State.FAILED)


def rows(store: Store) -> dict[str, tuple[Any, ...]]:
    """What is known of each file, by its path."""
    return {
        file.path: (*file.stat.fingerprint, file.file_type, dataset.name, file.state)
        for dataset in store.select(Selector())
        for file in store.files(dataset.id)
    }


def test_after_a_complete_look_it_does_not_matter_what_was_heard_before() -> None:
    with tempfile.TemporaryDirectory() as folder:
        HintMachine.folder = Path(folder)
        HintMachine.empty = Path(folder) / "empty.db"
        Store.open(str(HintMachine.empty), rig="rig-1", create=True, now=NOON).close()
        run_state_machine_as_test(
            HintMachine,
            settings=settings(
                max_examples=examples(20),
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
