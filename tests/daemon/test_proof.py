"""What counts as proof, beyond what the mover says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from archived.core.formats import UnreadableError
from archived.core.model import Batch, BatchFile, BatchState, Checksum, Direction
from archived.daemon import verify
from archived.daemon.verify import Proof, collect
from archived.ports import TransferItem, TransferOrder
from archived.rig.root import Root
from archived.rig.scanner import stat_files
from tests.builders import NOON
from tests.fakes import FakeTransfers

PATH = "SC011/run/a.ap.bin"
CONTENT = b"a recording" * 1000
TRUE = Checksum("SHA1", hashlib.sha1(CONTENT).hexdigest())
STALE = Checksum("SHA1", "ab" * 20)


def found_in_place(base: Path, told: Checksum | None, *, submitted: int) -> Proof:
    """The proof of a file that a transfer found in the archive, where an earlier one had put it."""
    (base / PATH).parent.mkdir(parents=True)
    (base / PATH).write_bytes(CONTENT)
    mover = FakeTransfers(base, archive={PATH: CONTENT})
    order = TransferOrder("s", "label", Direction.ARCHIVE, [TransferItem(PATH, len(CONTENT))], NOON)
    task_id = mover.submit(order)
    mover.poll(task_id)
    root = Root(str(base))
    stat = stat_files(root, [PATH])[PATH]
    file = BatchFile(
        1, 1, PATH, stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode, told, submitted, False
    )
    batch = Batch(
        id="b",
        location="raw-ephys",
        direction=Direction.ARCHIVE,
        state=BatchState.SENT,
        created_at=NOON,
        state_since=NOON,
        files=1,
        bytes=len(CONTENT),
        task_id=task_id,
    )
    return collect(root, None, mover, batch, [file])


@pytest.mark.parametrize("told", [TRUE, None])
def test_a_file_found_in_place_that_is_what_its_program_says_is_proved(
    tmp_path: Path, told: Checksum | None
) -> None:
    proof = found_in_place(tmp_path, told, submitted=1)

    assert [receipt.path for receipt in proof.receipts] == [PATH]
    assert not proof.strange


def test_a_file_found_in_place_that_is_not_what_its_program_says_is_set_apart(
    tmp_path: Path,
) -> None:
    """A second transfer skips a file that is there already, and with it the comparison that failed before."""
    proof = found_in_place(tmp_path, STALE, submitted=1)

    assert not proof.receipts
    [(file, why)] = proof.strange
    assert file.path == PATH
    assert "accept" in why


def test_a_file_found_in_place_that_cannot_be_compared_is_not_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only it: the proof of the others must not wait for it."""

    def unreadable(*_: object) -> str:
        raise UnreadableError("permission denied")

    monkeypatch.setattr(verify, "checksum", unreadable)

    proof = found_in_place(tmp_path, TRUE, submitted=1)

    assert not proof.receipts
    [(file, why)] = proof.unproved
    assert file.path == PATH
    assert "permission denied" in why
