"""Files are read through no link, and a path is asked for its file as it is now."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from archived.core.formats.reading import UnreadableError
from archived.core.model import FileStat
from archived.errors import RootUnavailableError
from archived.rig import folders, reader
from archived.rig.reader import OpenFile, open_readable, reading
from archived.rig.root import Root
from archived.rig.scanner import FileTrouble, stat_files
from tests.rig.support import open_to_all, without_privileges


@pytest.fixture(autouse=True, params=["by descriptor", "by path"])
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "BY_DESCRIPTOR", request.param == "by descriptor")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    (raw / "SC011").mkdir(parents=True)
    (raw / "SC011/a.bin").write_bytes(bytes(range(256)))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    return raw


def test_bytes_are_read_from_anywhere_in_a_file(raw: Path) -> None:
    with open_readable(Root(str(raw)), "SC011/a.bin") as file:
        assert file.size == 256
        assert file.read(250, 3) == bytes([250, 251, 252])
        assert file.read(0, 2) == b"\0\1"
        assert file.read(254, 100) == bytes([254, 255])
        assert file.read(256, 1) == file.read(10_000, 1) == file.read(0, 0) == b""


def test_reading_goes_on_after_a_read_that_brought_less(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pread
    monkeypatch.setattr(reader.os, "pread", lambda fd, length, at: real(fd, min(length, 7), at))
    with open_readable(Root(str(raw)), "SC011/a.bin") as file:
        assert file.read(3, 200) == bytes(range(3, 203))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Where the disk was read, and how many bytes were asked for."""
    real, asked = os.pread, list[tuple[int, int]]()

    def noting(descriptor: int, length: int, at: int) -> bytes:
        asked.append((at, length))
        return real(descriptor, length, at)

    monkeypatch.setattr(reader.os, "pread", noting)
    return asked


def test_bytes_that_stand_close_together_are_read_at_once(
    raw: Path, reads: list[tuple[int, int]]
) -> None:
    with open_readable(Root(str(raw)), "SC011/a.bin") as file:
        assert [file.read(at, 12)[:1] for at in (0, 12, 100, 200)] == [
            b"\0",
            b"\x0c",
            b"d",
            b"\xc8",
        ]
        assert file.read(244, 12) == bytes(range(244, 256))
    assert reads == [(0, reader.WINDOW)]


def test_bytes_that_were_not_read_with_others_are_read_for_themselves(
    raw: Path, reads: list[tuple[int, int]]
) -> None:
    content = os.urandom(3 * reader.WINDOW)
    (raw / "SC011/a.bin").write_bytes(content)
    with open_readable(Root(str(raw)), "SC011/a.bin") as file:
        for at, length in ((5000, 10), (4990, 10), (9000, 100), (9095, 5), (9090, 8000), (0, 4096)):
            assert file.read(at, length) == content[at : at + length]
    assert [at for at, _ in reads if at != len(content)] == [5000, 4990, 9000, 9090, 0]


def test_the_folder_of_many_files_is_opened_once(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (raw / f"SC011/{number}").write_text(str(number))
    (raw / "SC012").mkdir()
    (raw / "SC012/x").write_text("another")
    entered: list[str] = []
    for kind in (folders.DescriptorFolder, folders.PathFolder):
        real = kind.open

        def noting(folder: folders.Folder, name: str, real: Any = real) -> Any:
            entered.append(name)
            return real(folder, name)

        monkeypatch.setattr(kind, "open", noting)
    with reading(Root(str(raw))) as opener:
        for number in range(20):
            with opener(f"SC011/{number}") as file:
                assert file.read(0, 9) == str(number).encode()
        with opener("SC012/x") as file:
            assert file.read(0, 9) == b"another"
    assert entered == ["SC011", "SC012"]


@pytest.mark.parametrize(
    "path", ["SC011/", "SC011/..", "SC011/.", "/a.bin", "SC011//a.bin", "..", "SC011/x\0y"]
)
def test_in_a_folder_that_is_open_already_no_path_leads_elsewhere(raw: Path, path: str) -> None:
    with reading(Root(str(raw))) as opener:
        with opener("SC011/a.bin"):
            pass
        with pytest.raises(UnreadableError, match="not a plain path"), opener(path):
            pass


def test_without_pread_several_threads_still_read_where_they_want(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(reader.os, "pread")
    wrong: list[int] = []

    def read(file: OpenFile, at: int) -> None:
        wrong.extend(at for _ in range(200) if file.read(at, 1) != bytes([at]))

    with open_readable(Root(str(raw)), "SC011/a.bin") as file:
        readers = [threading.Thread(target=read, args=(file, at)) for at in (5, 100, 200)]
        for thread in readers:
            thread.start()
        for thread in readers:
            thread.join()
    assert wrong == []


def test_the_size_is_that_of_the_open_file(raw: Path) -> None:
    with open_readable(Root(str(raw)), "SC011/a.bin") as file:
        with (raw / "SC011/a.bin").open("ab") as writer:
            writer.write(b"more")
        assert file.size == 256
        assert file.read(256, 10) == b"more"


@pytest.mark.parametrize("path", ["SC011/gone", "gone/a.bin", "SC011/a.bin/deeper"])
def test_what_is_not_there_is_unreadable(raw: Path, path: str) -> None:
    with (
        pytest.raises(UnreadableError, match="it is not there"),
        open_readable(Root(str(raw)), path),
    ):
        pass


@pytest.mark.parametrize("path", ["link", "folder/secret", "SC011/../link", "../outside/secret"])
def test_no_link_and_no_path_leads_out_of_the_root(raw: Path, path: str) -> None:
    (raw / "link").symlink_to("../outside/secret")
    (raw / "folder").symlink_to("../outside")
    with pytest.raises(UnreadableError), open_readable(Root(str(raw)), path):
        pass


@pytest.mark.parametrize("path", ["pipe", "SC011", "", "device"])
def test_only_regular_files_are_read_and_nothing_is_waited_for(raw: Path, path: str) -> None:
    os.mkfifo(raw / "pipe")
    if os.geteuid() == 0:
        os.mknod(raw / "device", 0o020644, os.makedev(1, 3))  # /dev/null's twin
    words = "regular file|not there" if path == "device" else "not a regular file"
    with pytest.raises(UnreadableError, match=words), open_readable(Root(str(raw)), path):
        pass


def test_a_file_that_may_not_be_read_says_so_and_what_to_do() -> None:
    with open_to_all() as folder:
        (folder / "a.bin").write_text("x")
        (folder / "a.bin").chmod(0)
        with (
            without_privileges(),
            pytest.raises(UnreadableError, match="Permission denied") as error,
            open_readable(Root(str(folder)), "a.bin"),
        ):
            pass
    assert "let the service's user read the file" in error.value.what_to_do


def test_a_read_that_the_disk_refuses_is_unreadable(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(reader.os, "pread", refuse)
    with (
        open_readable(Root(str(raw)), "SC011/a.bin") as file,
        pytest.raises(UnreadableError, match="Input/output error"),
    ):
        file.read(0, 1)


def test_a_missing_root_is_not_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(RootUnavailableError), open_readable(Root(str(tmp_path / "x")), "a"):
        pass
    with pytest.raises(RootUnavailableError):
        stat_files(Root(str(tmp_path / "x")), ["a"])


def test_nothing_stays_open(raw: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    root = Root(str(raw))
    with open_readable(root, "SC011/a.bin"):
        pass
    for path in ("SC011", "gone", "SC011/gone", "..", "SC011/a.bin/x"):
        with pytest.raises(UnreadableError), open_readable(root, path):
            pass
    stat_files(root, ["SC011/a.bin", "gone/x", "SC011/a.bin/x", ".."])
    assert set(os.listdir("/proc/self/fd")) == before


def test_files_are_asked_for_by_path(raw: Path) -> None:
    hostile = "SC011/\udcff\n"
    (raw / hostile).write_text("x")
    (raw / "top").write_text("xy")
    status = (raw / "SC011/a.bin").stat()
    found = stat_files(Root(str(raw)), ["SC011/a.bin", hostile, "top", "SC011/gone", "gone/x"])
    assert found["SC011/a.bin"] == FileStat(
        "SC011/a.bin", 256, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    )
    sizes = {path: getattr(stat, "size", stat) for path, stat in found.items()}
    assert sizes == {"SC011/a.bin": 256, hostile: 1, "top": 2, "SC011/gone": None, "gone/x": None}


def test_what_is_no_regular_file_has_no_stat(raw: Path) -> None:
    (raw / "link").symlink_to("SC011/a.bin")
    (raw / "folder").symlink_to("SC011")
    os.mkfifo(raw / "pipe")
    paths = ["link", "folder/a.bin", "pipe", "SC011", "", "SC011/a.bin/x"]
    assert stat_files(Root(str(raw)), paths) == dict.fromkeys(paths)


def test_where_the_disk_does_not_say_whether_a_file_exists_it_is_not_missing() -> None:
    with open_to_all() as folder:
        for name in ("open", "closed"):
            (folder / name).mkdir()
            (folder / name / "a").write_text("x")
        (folder / "closed").chmod(0)
        with without_privileges():
            found = stat_files(Root(str(folder)), ["closed/a", "open/a", "../a", "n" * 256])
        (folder / "closed").chmod(0o755)
    assert found["closed/a"] == FileTrouble("closed/a", "Permission denied")
    assert found["../a"] == FileTrouble("../a", "not a plain path inside the root")
    assert found["n" * 256] == FileTrouble("n" * 256, "File name too long")
    assert isinstance(found["open/a"], FileStat)
