"""The look into the archive: several folders at once, patient, and one bad folder is the trouble of its own files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import pytest

from archived.core.retrieving import WantedFile
from archived.errors import (
    ArchivedError,
    ArchiveMissingError,
    NotPermittedError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import Entry, EntryType
from archived.retrieve import StoppedError
from archived.retrieve.archive import AT_ONCE, shortcomings
from archived.transfer.pace import Manners
from tests.fakes import FakeTransfers

QUICK = Manners(requests_a_second=None, first_wait=0.001, longest_wait=0.002, tries=3)
FOLDERS = [f"SC011/{number}" for number in range(8)]
FILES = [
    WantedFile(file_id=number, dataset=folder, path=f"{folder}/a.bin", size=1)
    for number, folder in enumerate(FOLDERS)
]


class Shelves(FakeTransfers):
    """Every folder holds its file; some have trouble, for so many times that they are asked."""

    def __init__(self, trouble: Mapping[str, tuple[ArchivedError, int]] | None = None) -> None:
        super().__init__({})
        self.trouble = dict(trouble or {})
        self.asked: list[str] = []
        self.happening: Callable[[], object] = lambda: None

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`."""
        self.asked.append(path)
        self.happening()
        error, times = self.trouble.get(path, (None, 0))
        if error is not None and self.asked.count(path) <= times:
            raise error
        return [Entry("a.bin", EntryType.FILE, 1, None)]


def look(shelves: Shelves, stop: threading.Event | None = None) -> dict[str, str]:
    """What is wrong with the files."""
    return shortcomings(
        shelves,
        FILES,
        stop=stop or threading.Event(),
        tell=lambda _progress: None,
        manners=QUICK,
    )


def test_every_folder_is_listed_once() -> None:
    shelves = Shelves()
    assert look(shelves) == {}
    assert sorted(shelves.asked) == FOLDERS


def test_several_folders_are_listed_at_once() -> None:
    shelves = Shelves()
    together = threading.Barrier(AT_ONCE)
    shelves.happening = lambda: together.wait(timeout=10)

    assert look(shelves) == {}


@pytest.mark.parametrize("kind", [TransferRefusedError, NotPermittedError])
def test_a_folder_that_may_not_be_listed_is_the_trouble_of_its_own_files(
    kind: type[ArchivedError],
) -> None:
    found = look(Shelves({FOLDERS[3]: (kind("not for you"), 1)}))

    assert found == {f"{FOLDERS[3]}/a.bin": "the archive does not show it: not for you"}


def test_an_archive_that_is_busy_is_asked_again() -> None:
    shelves = Shelves({each: (TransferUnavailableError("503"), 2) for each in FOLDERS})

    assert look(shelves) == {}


def test_a_folder_that_stays_away_while_others_come_is_passed_over() -> None:
    shelves = Shelves({FOLDERS[6]: (TransferUnavailableError("502 on this one"), 100)})

    assert list(look(shelves)) == [f"{FOLDERS[6]}/a.bin"]


def test_an_archive_that_stays_away_ends_the_look() -> None:
    shelves = Shelves({each: (TransferUnavailableError("503"), 1000) for each in FOLDERS})
    with pytest.raises(TransferUnavailableError, match="503"):
        look(shelves)


def test_an_archive_that_is_not_there_ends_the_look() -> None:
    shelves = Shelves({FOLDERS[7]: (ArchiveMissingError("not mounted"), 1)})
    with pytest.raises(ArchiveMissingError, match="not mounted"):
        look(shelves)


def test_a_stop_ends_the_look() -> None:
    stop, shelves = threading.Event(), Shelves()
    shelves.happening = stop.set

    with pytest.raises(StoppedError):
        look(shelves, stop)
