"""A daemon that begins to watch a folder with files that were brought there takes none of them for a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.model import FileStat, FileState, Recording
from archived.movers import Movers, opened
from archived.store import FolderSighting, Selector, SightResult, Store
from tests.builders import NOON
from tests.retrieve.world import EPHYS, G0, Machine, some_bytes

FILES = {"a.ap.bin": some_bytes(1), "a.ap.meta": b"meta"}


def sighting(folder: Path, root: str | None = None) -> FolderSighting:
    """A look at the dataset's folder, as a daemon has it."""
    stats = []
    for path in sorted((folder / G0).iterdir()):
        found = path.stat()
        stats.append(
            FileStat(
                f"{G0}/{path.name}",
                found.st_size,
                found.st_mtime_ns,
                found.st_ctime_ns,
                found.st_ino,
            )
        )
    recording = Recording("catgt", G0, "SC011", date(2019, 2, 23))
    files = tuple((stat, "ephys-bin") for stat in stats)
    return FolderSighting(root or str(folder), EPHYS, recording, G0, 1, (), files)


def look(machine: Machine, store: Store | None = None) -> SightResult:
    """What a daemon notes that looks at the folder that files are brought to."""
    return (store or machine.store).sight([sighting(machine.here)], NOON)


def test_its_own_recordings_stay_archived(machine: Machine, movers: Movers) -> None:
    machine.archived(G0, FILES)
    machine.retrieve(movers)

    result = look(machine)

    assert (result.files_new, result.files_changed, list(result.moved)) == (0, 0, [])
    dataset = machine.store.dataset(f"{EPHYS}/{G0}")
    assert dataset.state is State.ARCHIVED
    assert {each.state for each in machine.store.files(dataset.id)} == {FileState.ARCHIVED}


def test_a_copy_that_was_edited_since_is_noticed(machine: Machine, movers: Movers) -> None:
    machine.archived(G0, FILES)
    machine.retrieve(movers)
    (machine.here / G0 / "a.ap.meta").write_bytes(b"edited")

    look(machine)

    dataset = machine.store.dataset(f"{EPHYS}/{G0}")
    assert dataset.state is State.FAILED
    assert "changed after it was archived" in dataset.reason


def test_what_is_recorded_beside_what_was_brought_is_new(machine: Machine, movers: Movers) -> None:
    machine.archived(G0, FILES)
    machine.retrieve(movers)
    (machine.here / G0 / "sorting.npy").write_bytes(b"sorted here")

    result = look(machine)

    assert result.files_new == 1
    assert machine.store.dataset(f"{EPHYS}/{G0}").state is State.SETTLING


def test_a_link_to_the_folder_is_the_folder(machine: Machine, movers: Movers) -> None:
    machine.archived(G0, FILES)
    machine.retrieve(movers)
    link = machine.base / "link"
    link.symlink_to(machine.here)

    result = machine.store.sight([sighting(machine.here, str(link))], NOON)

    assert (result.files_new, result.files_changed) == (0, 0)


def test_a_copy_whose_time_was_not_kept_is_still_what_was_archived(
    machine: Machine, desk_mover: Callable[[Machine], Movers]
) -> None:
    machine.archived(G0, FILES)
    outcome = machine.retrieve(desk_mover(machine))
    times = {path.stat().st_mtime_ns for path in (machine.here / G0).iterdir()}
    assert outcome.complete
    assert 1_550_000_000_000_000_001 not in times

    result = look(machine)

    assert (result.files_changed, list(result.moved)) == (0, [])


def test_copies_that_stand_for_what_was_archived_are_compared_by_every_look(
    machine: Machine, desk_mover: Callable[[Machine], Movers]
) -> None:
    machine.archived(G0, FILES)
    machine.retrieve(desk_mover(machine))
    seen = replace(sighting(machine.here), listing="f" * 32)

    for _ in range(2):
        machine.store.sight([seen], NOON)

    assert machine.store.known_folders(str(machine.here))[G0].listing is None


@pytest.mark.parametrize("edited", [False, True])
def test_recordings_of_another_rig_are_no_business_of_this_one(
    tmp_path: Path, shared: str, edited: bool
) -> None:
    with Store.open(shared, rig="ephys-rig", create=True, now=NOON) as rig:
        desk = Machine(tmp_path, store=shared, rig="desk")
        desk.archived(G0, FILES, store=rig)
        before = [each.state for each in rig.select(Selector())]
        with opened(desk.configuration) as movers:
            assert len(desk.retrieve(movers).brought) == 2
        assert [each.state for each in rig.select(Selector())] == before
    if edited:
        (desk.here / G0 / "a.ap.meta").write_bytes(b"edited here")

    result = look(desk)

    ours = [each.name for each in desk.store.select(Selector())]
    assert (ours, result.files_new) == (([f"{EPHYS}/{G0}"], 1) if edited else ([], 0))
    desk.store.close()
