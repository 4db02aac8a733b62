"""Files that are copied together go to the disk that their archive is on, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from archived.ports import TransferItem
from archived.transfer.copying import Copied, Copier, Piece
from archived.transfer.trouble import Trouble

FOLDERS = ("a", "b", "c")


class Mounts:
    """An archive that is not mounted any more from a moment on; before it, it is moved away as that would do."""

    def __init__(self, archive: Path, asked: int) -> None:
        self._archive = archive
        self._left = asked

    def insist(self) -> None:
        if self._left == 0:
            self._archive.rename(self._archive.with_name("unmounted"))
            self._archive.mkdir()
        self._left -= 1
        if self._left < 0:
            raise Trouble("ENDPOINT_ERROR", "it is not mounted any more", stops=True)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("asked", range(1, 14))
def test_nothing_lands_in_the_empty_mount_point(tmp_path: Path, asked: int, together: bool) -> None:
    rig, archive = tmp_path / "rig", tmp_path / "archive"
    archive.mkdir()
    pieces = []
    for number in range(30):
        path = f"{FOLDERS[number // 10]}/{number}.bin"
        (rig / path).parent.mkdir(parents=True, exist_ok=True)
        (rig / path).write_bytes(b"x" * 64)
        pieces.append(Piece(TransferItem(path, 64), f".s.{number}.archived-part"))
    mounts = Mounts(archive, asked)
    copier = Copier(str(rig), str(archive))

    try:
        outcomes = copier.copy(pieces, lambda _count: None, together=together, insist=mounts.insist)
    except Trouble:
        outcomes = []

    there = [path for path in archive.rglob("*") if path.is_file()]
    unmounted = tmp_path / "unmounted"
    copied = [piece for piece, outcome in outcomes if isinstance(outcome, Copied)]
    if unmounted.exists():
        assert there == []
        assert len(copied) < len(pieces)
    where = unmounted if unmounted.exists() else archive
    assert all((where / piece.item.path).read_bytes() == b"x" * 64 for piece in copied)
    assert not [path for path in where.rglob("*") if path.name.endswith(".archived-part")]
