"""A look sees everything below a root, passes over what is known, and never leaves the root."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived import clock
from archived.core.model import FileStat
from archived.errors import RootUnavailableError
from archived.rig import folders, mounts
from archived.rig.root import Root
from archived.rig.scanner import (
    DEEPEST,
    UNSURE,
    FolderSame,
    FolderSeen,
    FolderSkipped,
    FolderTrouble,
    KnownFolder,
    Sight,
    look,
)
from tests.rig.support import in_namespace, open_to_all, without_privileges


@pytest.fixture(autouse=True, params=["by descriptor", "by path"])
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs through both doors to the disk, though only Windows needs the second."""
    monkeypatch.setattr(folders, "BY_DESCRIPTOR", request.param == "by descriptor")


def later() -> datetime:
    """A time at which what was just made has been quiet for long."""
    return clock.now() + timedelta(minutes=1)


def seen(sights: Iterable[Sight]) -> dict[str, FolderSeen]:
    return {sight.path: sight for sight in sights if isinstance(sight, FolderSeen)}


def remembered(sights: Iterable[Sight]) -> dict[str, KnownFolder]:
    return {
        path: KnownFolder(folder.mtime_ns, folder.subfolders)
        for path, folder in seen(sights).items()
    }


def files_of(sights: Iterable[Sight]) -> set[str]:
    return {file.path for folder in seen(sights).values() for file in folder.files}


def troubles(sights: Iterable[Sight]) -> list[FolderTrouble]:
    return [sight for sight in sights if isinstance(sight, FolderTrouble)]


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())


def test_folders_come_before_what_is_in_them_and_files_come_with_all_that_is_compared(
    tmp_path: Path,
) -> None:
    make(tmp_path, "top.txt", "SC011/catgt_g0/a.bin", "SC011/catgt_g0/a.meta", "SC011/notes")
    (tmp_path / "empty").mkdir()
    sights = list(look(Root(str(tmp_path))))
    assert [sight.path for sight in sights] == ["", "SC011", "SC011/catgt_g0", "empty"]
    found = seen(sights)
    assert found[""].subfolders == ("SC011", "empty")
    listing = found["empty"].listing
    assert listing is not None
    assert found["empty"] == FolderSeen("empty", UNSURE, (), (), (), listing=listing)
    status = (tmp_path / "SC011/catgt_g0/a.bin").stat()
    assert found["SC011/catgt_g0"].files[0] == FileStat(
        "SC011/catgt_g0/a.bin", 20, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    )


def test_a_look_may_be_restricted_to_folders_and_a_folder_that_is_gone_is_no_news(
    tmp_path: Path,
) -> None:
    make(tmp_path, "a/x/1", "a/y/2", "b/3", "c/4")
    sights = list(look(Root(str(tmp_path)), below=("a/x", "c", "gone", "b/3", "b/3/deeper")))
    assert [sight.path for sight in sights] == ["a/x", "c"]
    assert files_of(sights) == {"a/x/1", "c/4"}


@pytest.mark.parametrize("path", ["..", "a/../b", "/etc", "a//b", ".", "a\0b", "\ud800"])
def test_what_is_no_path_inside_the_root_is_trouble_and_is_never_looked_at(
    tmp_path: Path, path: str
) -> None:
    make(tmp_path, "a/1", "b/2")
    assert list(look(Root(str(tmp_path)), below=(path,))) == [
        FolderTrouble(path, "not a plain path inside the root")
    ]


def test_an_unchanged_folder_is_passed_over_and_its_known_subfolders_are_visited(
    tmp_path: Path,
) -> None:
    make(tmp_path, "a/x/1", "a/y/2", "b/3")
    root, now = Root(str(tmp_path)), later()
    known = remembered(look(root, now=now))
    make(tmp_path, "a/y/new")
    sights = list(look(root, known=known.get, now=now + timedelta(hours=1)))
    assert [type(sight).__name__ + " " + sight.path for sight in sights] == [
        "FolderSkipped ",
        "FolderSkipped a",
        "FolderSkipped a/x",
        "FolderSeen a/y",
        "FolderSkipped b",
    ]
    assert files_of(sights) == {"a/y/2", "a/y/new"}


def test_a_removed_file_moves_its_folders_time(tmp_path: Path) -> None:
    make(tmp_path, "a/1", "a/2")
    root = Root(str(tmp_path))
    known = remembered(look(root, now=later()))
    (tmp_path / "a/1").unlink()
    assert files_of(look(root, known=known.get, now=later())) == {"a/2"}


def test_a_folder_that_changed_just_before_the_look_is_not_remembered_by_its_time(
    tmp_path: Path,
) -> None:
    make(tmp_path, "a/1")
    written = (tmp_path / "a").stat().st_mtime_ns
    changed = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=written // 1000)
    root = Root(str(tmp_path))
    soon = seen(look(root, now=changed + timedelta(seconds=1.9)))["a"]
    quiet = seen(look(root, now=changed + timedelta(seconds=2.1)))["a"]
    assert (soon.mtime_ns, quiet.mtime_ns) == (UNSURE, written)
    future = seen(look(root, now=changed - timedelta(days=1)))["a"]
    assert future.mtime_ns == UNSURE


def test_without_the_time_of_day_no_folder_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a/1")
    root = Root(str(tmp_path))
    known = remembered(look(root, now=later()))
    assert set(seen(look(root, known=known.get))) == {"", "a"}


@pytest.mark.parametrize(
    ("file_system", "passed_over", "margin"),
    [
        ("ext4", True, 2),
        ("xfs", True, 2),
        ("nfs4", True, 300),
        ("cifs", False, 0),
        ("fuse.sshfs", False, 0),
        ("exfat", False, 0),
        ("ntfs3", False, 0),
    ],
)
def test_folders_are_passed_over_only_where_their_times_can_be_trusted(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    file_system: str,
    passed_over: bool,
    margin: int,
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        f"27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:9 / {tmp_path}/raw rw - {file_system} x rw\n"
    )
    monkeypatch.setattr(mounts, "MOUNTINFO", str(table))
    make(tmp_path, "raw/a/1")
    root = Root(str(tmp_path / "raw"))
    known = remembered(look(root, now=clock.now() + timedelta(hours=1)))
    sights = list(look(root, known=known.get, now=clock.now() + timedelta(hours=1)))
    assert all(isinstance(sight, FolderSkipped) for sight in sights) is passed_over
    if passed_over:
        too_soon = seen(look(root, now=clock.now() + timedelta(seconds=margin - 1)))
        assert too_soon["a"].mtime_ns == UNSURE


def test_links_pipes_and_sockets_are_reported_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    make(outside, "secret")
    raw = tmp_path / "raw"
    make(raw, "a/1", "inner/2")
    (raw / "a/out").symlink_to(outside)
    (raw / "a/in").symlink_to("../inner")
    (raw / "a/file").symlink_to(outside / "secret")
    (raw / "a/loop").symlink_to(".")
    (raw / "a/broken").symlink_to("nowhere")
    os.mkfifo(raw / "a/pipe")
    with socket.socket(socket.AF_UNIX) as listening, pytest.MonkeyPatch.context() as patch:
        patch.chdir(raw / "a")
        listening.bind("socket")
    sights = list(look(Root(str(raw))))
    assert [sight.path for sight in sights] == ["", "a", "inner"]
    assert seen(sights)["a"].others == tuple(
        f"a/{name}" for name in ("broken", "file", "in", "loop", "out", "pipe", "socket")
    )
    assert files_of(sights) == {"a/1", "inner/2"}


def test_a_link_on_the_way_to_a_hinted_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    make(outside, "deep/secret")
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "link").symlink_to(outside)
    assert list(look(Root(str(raw)), below=("link", "link/deep"))) == []


def test_a_known_folder_that_was_exchanged_for_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    make(outside, "secret")
    raw = tmp_path / "raw"
    make(raw, "a/x/1")
    root = Root(str(raw))
    sights = look(root, now=later())
    assert [next(sights).path, next(sights).path] == ["", "a"]
    (raw / "a/x").rename(tmp_path / "x")
    (raw / "a/x").symlink_to(outside)
    assert list(sights) == []


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    make(tmp_path / "disk", "a/1")
    (tmp_path / "raw").symlink_to("disk")
    assert files_of(look(Root(str(tmp_path / "raw")))) == {"a/1"}


def test_a_missing_root_is_unavailable_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(RootUnavailableError):
        list(look(Root(str(tmp_path / "raw"))))


def test_hostile_names_come_back_as_they_are_on_disk(tmp_path: Path) -> None:
    names = [
        b"new\nline", b"\x1b[31mred", b"not utf-8 \xff\xfe", "right\u202eleft".encode(), b"-rf",
        b" blank ", b"a\\b", b"C:", b"...", b"n" * 255, b"\xc3\xa9", b"e\xcc\x81",
    ]  # fmt: skip
    for name in names:
        folder = os.path.join(os.fsencode(tmp_path), name)
        os.mkdir(folder)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(name)
    sights = list(look(Root(str(tmp_path))))
    found = files_of(sights)
    assert {os.fsencode(path) for path in found} == {name + b"/" + name for name in names}
    assert not troubles(sights)
    for path in found:
        assert (tmp_path / path).read_bytes() == os.fsencode(path.rpartition("/")[2])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.binary(min_size=1, max_size=12).filter(
                lambda name: not set(name) & {0, 0x2F} and name not in (b".", b"..")
            ),
            min_size=1,
            max_size=4,
        ),
        max_size=8,
    )
)
def test_whatever_is_made_is_seen_and_whatever_is_seen_is_there(paths: list[list[bytes]]) -> None:
    with open_to_all() as folder:
        top, made = os.fsencode(folder), set()
        for parts in paths:
            path = os.path.join(top, *parts)
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "xb"):
                    made.add(b"/".join(parts))
            except OSError:
                continue  # one name cannot be a file and a folder
        assert {os.fsencode(path) for path in files_of(look(Root(str(folder))))} == made


def test_an_unreadable_folder_makes_the_look_incomplete_and_stops_nothing() -> None:
    with open_to_all() as folder:
        make(folder, "a/1", "closed/2", "listed/3", "z/4")
        (folder / "closed").chmod(0o000)
        (folder / "listed").chmod(0o444)
        with without_privileges():
            sights = list(look(Root(str(folder)), now=later()))
        for name in ("closed", "listed"):
            (folder / name).chmod(0o755)
    assert files_of(sights) == {"a/1", "z/4"}
    assert troubles(sights) == [
        FolderTrouble("closed", "Permission denied"),
        FolderTrouble("listed", "a file in it (3) cannot be looked at: Permission denied"),
    ]
    assert seen(sights)["listed"].mtime_ns == UNSURE


def test_a_hinted_folder_that_cannot_be_reached_is_trouble() -> None:
    with open_to_all() as folder:
        make(folder, "closed/inner/2")
        (folder / "closed").chmod(0o000)
        with without_privileges():
            sights = list(look(Root(str(folder)), below=("closed/inner",)))
        (folder / "closed").chmod(0o755)
    assert sights == [FolderTrouble("closed/inner", "Permission denied")]


def test_what_file_systems_keep_for_themselves_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "lost+found/x", "$RECYCLE.BIN/x", ".Trash-1000/files/x", "lost/x", ".Trashy/x")
    assert files_of(look(Root(str(tmp_path)))) == {"lost/x", ".Trashy/x"}


def test_what_an_archive_says_about_itself_is_passed_over_at_the_root_alone(tmp_path: Path) -> None:
    make(tmp_path, ".archived/v1/SC011/r0/record.json", "SC011/.archived/x", ".archived2/x")
    assert files_of(look(Root(str(tmp_path)))) == {"SC011/.archived/x", ".archived2/x"}


def test_a_tree_without_end_is_trouble_and_not_a_crash(tmp_path: Path) -> None:
    depth = DEEPEST + 20
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d" * 20, dir_fd=here)
        deeper = os.open("d" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    sights = list(look(Root(str(tmp_path))))
    why = "more than 200 folders deep" if folders.BY_DESCRIPTOR else "File name too long"
    assert [trouble.why for trouble in troubles(sights)] == [why]
    assert isinstance(sights[-1], FolderTrouble)


def test_a_look_ends_when_it_is_told_to(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}/file" for number in range(50)))
    stop = threading.Event()
    sights = look(Root(str(tmp_path)), stop=stop)
    assert [next(sights).path, next(sights).path] == ["", "0"]
    stop.set()
    assert list(sights) == []


def open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def test_a_look_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    make(tmp_path, "a/b/c/d/1", "a/b/2")
    before = open_descriptors()
    sights = look(Root(str(tmp_path)))
    for _ in range(4):
        next(sights)
    sights.close()  # type: ignore[attr-defined]
    list(look(Root(str(tmp_path)), below=("", "a/b", "gone", "a/b/2")))
    assert open_descriptors() == before


class Calls:
    """Counts the calls by which the disk is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: Counter[str] = Counter()
        for name in ("stat", "fstat", "open", "scandir"):
            monkeypatch.setattr(folders.os, name, self._counted(name, getattr(os, name)))

    def _counted(self, name: str, real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.made[name] += 1
            return real(*arguments, **options)

        return call


def test_a_rescan_of_20_000_known_files_asks_once_for_each_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in range(200):
        (tmp_path / f"animal{folder % 10}" / f"session{folder}").mkdir(parents=True)
        for number in range(100):
            os.close(
                os.open(
                    tmp_path / f"animal{folder % 10}" / f"session{folder}" / f"{number}.avi",
                    os.O_CREAT | os.O_WRONLY,
                )
            )
    root = Root(str(tmp_path))
    first = list(look(root, now=later()))
    assert len(files_of(first)) == 20_000
    known = remembered(first)
    calls = Calls(monkeypatch)
    sights = list(look(root, known=known.get, now=later()))
    monkeypatch.undo()
    assert len(sights) == 211
    assert all(isinstance(sight, FolderSkipped) for sight in sights)
    # Of those with folders in them, each is opened, too; nothing is listed, and no file is asked for.
    assert calls.made["stat"] <= 211 + 1 + 20
    assert calls.made["open"] <= 12
    assert calls.made["scandir"] == 0


def test_a_first_look_asks_once_for_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, *(f"session{number % 20}/{number}.avi" for number in range(1000)))
    calls = Calls(monkeypatch)
    assert len(files_of(look(Root(str(tmp_path))))) == 1000
    assert calls.made["stat"] + calls.made["fstat"] <= 1000 + 2 * 21 + 25
    assert calls.made["scandir"] == 21


def test_a_look_hands_over_each_folder_before_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, *(f"{number}/file" for number in range(30)))
    calls = Calls(monkeypatch)
    sights = look(Root(str(tmp_path)))
    for number in range(1, 4):
        next(sights)
        assert calls.made["scandir"] == number


def known_by_listing(sights: Iterable[Sight]) -> dict[str, KnownFolder]:
    return {
        path: KnownFolder(folder.mtime_ns, folder.subfolders, folder.listing)
        for path, folder in seen(sights).items()
    }


def kinds(sights: Iterable[Sight]) -> dict[str, str]:
    return {sight.path: type(sight).__name__ for sight in sights}


def test_a_deep_look_passes_over_nothing_and_tells_only_of_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a/x/1", "a/y/2", "b/3", "b/4")
    root, now = Root(str(tmp_path)), later()
    known = known_by_listing(look(root, now=now))
    calls = Calls(monkeypatch)

    sights = list(look(root, known=known.get, deep=True, now=now))

    assert kinds(sights) == dict.fromkeys(["", "a", "a/x", "a/y", "b"], "FolderSame")
    assert {each.path: each.entries for each in sights if isinstance(each, FolderSame)}["b"] == 2
    assert calls.made["scandir"] == 5
    (tmp_path / "b/4").write_bytes(b"b/5")
    assert kinds(look(root, known=known.get, deep=True, now=now))["b"] == "FolderSeen"


def in_place(path: Path) -> None:
    """Another content, and whatever a program may put back is as it was."""
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    """Another file of the same size and time."""
    before = path.stat()
    path.with_name("new").write_bytes(path.read_bytes())
    os.utime(path.with_name("new"), ns=(before.st_atime_ns, before.st_mtime_ns))
    path.with_name("new").replace(path)


def became_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("2")


CHANGES: dict[str, Callable[[Path], object]] = {
    "rewritten in place": in_place,
    "replaced": replaced,
    "grown": lambda path: path.write_bytes(b"longer than it was"),
    "touched": lambda path: os.utime(path, ns=(1, 1)),
    "removed": lambda path: path.unlink(),
    "renamed": lambda path: path.rename(path.with_name("3")),
    "a link": became_a_link,
    "joined by a file": lambda path: path.with_name("0").touch(),
    "joined by a folder": lambda path: path.with_name("0").mkdir(),
    "joined by a pipe": lambda path: os.mkfifo(path.with_name("0")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_a_file_becomes_makes_its_folders_listing_another_one(
    tmp_path: Path, change: str
) -> None:
    make(tmp_path, "a/1", "a/2", "b/1")
    root, now = Root(str(tmp_path)), later()
    known = known_by_listing(look(root, now=now))
    time = (tmp_path / "a").stat().st_mtime_ns
    CHANGES[change](tmp_path / "a/1")
    os.utime(tmp_path / "a", ns=(time, time))

    found = kinds(look(root, known=known.get, deep=True, now=now))

    assert found == {"": "FolderSame", "a": "FolderSeen", "b": "FolderSame"} | (
        {"a/0": "FolderSeen"} if change == "joined by a folder" else {}
    )


def test_a_listing_is_believed_only_with_the_key_that_it_was_noted_with(tmp_path: Path) -> None:
    make(tmp_path, "a/1")
    root, now = Root(str(tmp_path)), later()
    known = known_by_listing(look(root, now=now, key=b"one"))
    assert set(kinds(look(root, known=known.get, deep=True, key=b"one", now=now)).values()) == {
        "FolderSame"
    }
    assert set(kinds(look(root, known=known.get, deep=True, key=b"two", now=now)).values()) == {
        "FolderSeen"
    }


def test_an_ordinary_look_believes_listings_where_times_cannot_be_trusted(tmp_path: Path) -> None:
    make(tmp_path, "a/1")
    root = Root(str(tmp_path))
    known = known_by_listing(look(root))
    assert {each.mtime_ns for each in known.values()} == {UNSURE}

    assert set(kinds(look(root, known=known.get)).values()) == {"FolderSame"}


def test_a_folder_whose_time_was_not_to_be_trusted_is_told_of_once_it_is(tmp_path: Path) -> None:
    make(tmp_path, "a/1")
    root = Root(str(tmp_path))
    known = known_by_listing(look(root))

    again = seen(look(root, known=known.get, deep=True, now=later()))

    assert again["a"].mtime_ns == (tmp_path / "a").stat().st_mtime_ns
    assert again["a"].listing == known["a"].listing


def test_a_folder_with_a_file_that_cannot_be_looked_at_has_no_listing() -> None:
    with open_to_all() as folder:
        make(folder, "listed/3")
        (folder / "listed").chmod(0o444)
        with without_privileges():
            sights = seen(look(Root(str(folder)), now=later()))
        (folder / "listed").chmod(0o755)
    assert (sights["listed"].whole, sights["listed"].listing) == (False, None)
    assert sights[""].listing is not None


def test_a_listing_has_the_same_digest_in_every_process(tmp_path: Path) -> None:
    make(tmp_path, "a/one", "a/two")
    (tmp_path / os.fsdecode(b"a/not utf-8 \xff")).touch()
    known = known_by_listing(look(Root(str(tmp_path)), key=b"k"))
    told = {
        subprocess.run(
            [sys.executable, "-c", TELL_DIGEST, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": str(number)},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
        for number in range(2)
    }
    assert told == {known["a"].listing}


TELL_DIGEST = """
import sys
from archived.rig.root import Root
from archived.rig.scanner import look
print({each.path: each for each in look(Root(sys.argv[1]), key=b"k")}["a"].listing, end="")
"""


ANOTHER_DISK_BELOW = """
from datetime import timedelta
from archived import clock
from archived.rig.root import Root
from archived.rig.scanner import UNSURE, FolderSkipped, KnownFolder, look
top = sys.argv[1]
os.makedirs(f"{top}/disk")
os.makedirs(f"{top}/plain")
sh("mount", "-t", "tmpfs", "none", f"{top}/disk")
open(f"{top}/disk/file", "w").close()
now = clock.now() + timedelta(minutes=1)
seen = {each.path: each for each in look(Root(top), now=now)}
assert [file.path for file in seen["disk"].files] == ["disk/file"]
known = {path: KnownFolder(each.mtime_ns, each.subfolders) for path, each in seen.items()}
assert all(isinstance(each, FolderSkipped) for each in look(Root(top), known=known.get, now=now))
sh("umount", f"{top}/disk")
again = {each.path: each for each in look(Root(top), known=known.get, now=now)}
assert not isinstance(again["disk"], FolderSkipped), again
"""


def test_a_disk_mounted_below_the_root_is_looked_at_and_its_loss_is_seen(tmp_path: Path) -> None:
    in_namespace(ANOTHER_DISK_BELOW, tmp_path)


def test_special_bits_of_a_folder_do_not_matter(tmp_path: Path) -> None:
    make(tmp_path, "a/1")
    (tmp_path / "a").chmod(stat.S_ISVTX | stat.S_ISGID | 0o755)
    assert files_of(look(Root(str(tmp_path)))) == {"a/1"}
