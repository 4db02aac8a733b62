"""A root is told apart from whatever else may be in its place."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from archived.errors import RootUnavailableError
from archived.rig import mounts
from archived.rig.root import MARKER, Root, RootIdentity
from tests.rig.support import in_namespace, open_to_all, without_privileges


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def mounted_as(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file_system: str, root: Path
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        f"90 27 0:77 / {root} rw,relatime shared:3 - {file_system} server:/x rw\n"
    )
    monkeypatch.setattr(mounts, "MOUNTINFO", str(table))


def test_a_root_stays_the_same_while_files_come_and_go(folder: Path) -> None:
    root = Root(str(folder))
    before = root.identify()
    (folder / "SC011").mkdir()
    (folder / "notes.txt").write_text("day one")
    root.confirm(before)
    assert root.identify() == before


def test_a_missing_root_is_unavailable_and_nothing_counts_as_missing(folder: Path) -> None:
    before = Root(str(folder)).identify()
    folder.rmdir()
    with pytest.raises(
        RootUnavailableError, match=r"does not exist.*nothing counts as missing"
    ) as error:
        Root(str(folder)).confirm(before)
    assert not error.value.permanent
    assert "mount the disk" in error.value.what_to_do


def test_a_file_in_the_place_of_a_root_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("")
    with pytest.raises(RootUnavailableError, match="is not a folder"):
        Root(str(tmp_path / "raw")).identify()


def test_a_name_that_no_folder_can_have_is_unavailable() -> None:
    with pytest.raises(RootUnavailableError, match=r"/raw\\x00/x does not exist"):
        Root("/raw\0/x").identify()


@pytest.mark.parametrize("mode", [0o000, 0o311, 0o644])
def test_a_root_that_we_may_not_list_or_enter_is_unavailable(mode: int) -> None:
    with open_to_all() as above:
        folder = above / "raw"
        folder.mkdir()
        folder.chmod(mode)
        with (
            without_privileges(),
            pytest.raises(RootUnavailableError, match=r"[Pp]ermission denied") as error,
        ):
            Root(str(folder)).identify()
        folder.chmod(0o755)
    assert "let the service's user" in error.value.what_to_do


def test_another_folder_in_the_place_of_the_root_is_noticed(folder: Path) -> None:
    root = Root(str(folder))
    before = root.identify()
    folder.rename(folder.with_name("away"))
    folder.mkdir()
    with pytest.raises(
        RootUnavailableError, match=r"not the folder it was.*another folder"
    ) as error:
        root.confirm(before)
    assert f"do not put a {MARKER} file there" in error.value.what_to_do


def test_a_link_may_lead_to_the_root_and_a_link_turned_elsewhere_is_noticed(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    root = Root(str(link))
    before = root.identify()
    assert before == Root(str(folder)).identify()
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(RootUnavailableError, match="another folder is in its place"):
        root.confirm(before)


def test_a_link_that_leads_nowhere_or_to_itself_is_unavailable(tmp_path: Path) -> None:
    for target in ("nowhere", "link"):
        link = tmp_path / "link"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(RootUnavailableError, match="does not exist"):
            Root(str(link)).identify()


def test_a_marker_put_later_is_welcome_and_its_loss_or_change_is_not(folder: Path) -> None:
    root = Root(str(folder))
    unmarked = root.identify()
    marker = folder / MARKER
    marker.write_text("rig 1, disk A")
    root.confirm(unmarked)
    marked = root.identify()
    assert len(marked.marker) == 64
    marker.write_text("rig 1, disk B")
    with pytest.raises(RootUnavailableError, match="another content"):
        root.confirm(marked)
    marker.unlink()
    with pytest.raises(RootUnavailableError, match=r"\.archived-root is missing"):
        root.confirm(marked)


def test_a_marker_that_is_no_regular_file_or_cannot_be_read_is_never_taken_for_none() -> None:
    with open_to_all() as folder:
        marker = folder / MARKER
        os.mkfifo(marker)
        with pytest.raises(RootUnavailableError, match="not a regular file"):
            Root(str(folder)).identify()
        marker.unlink()
        marker.symlink_to("/etc/hostname")
        with pytest.raises(RootUnavailableError, match="cannot be read"):
            Root(str(folder)).identify()
        marker.unlink()
        marker.write_text("rig 1")
        marker.chmod(0)
        with without_privileges(), pytest.raises(RootUnavailableError, match="Permission denied"):
            Root(str(folder)).identify()


def test_on_a_local_disk_everything_decides(folder: Path) -> None:
    root = Root(str(folder))
    now = root.identify()
    for other, words in (
        (replace(now, device=now.device + 1), "another disk"),
        (replace(now, inode=now.inode + 1), "another folder"),
        (replace(now, file_system="xfs"), "type xfs and is on one of type"),
        (replace(now, marker="0" * 64), "is missing"),
    ):
        with pytest.raises(RootUnavailableError, match=words):
            root.confirm(other)


def test_with_a_marker_the_device_number_may_change_but_not_the_folder(folder: Path) -> None:
    (folder / MARKER).write_text("rig 1")
    root = Root(str(folder))
    now = root.identify()
    root.confirm(replace(now, device=now.device + 1))
    with pytest.raises(RootUnavailableError, match="another folder"):
        root.confirm(replace(now, inode=now.inode + 1))


@pytest.mark.parametrize("file_system", ["nfs4", "cifs"])
def test_on_a_network_file_system_the_device_number_never_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path, file_system: str
) -> None:
    mounted_as(monkeypatch, tmp_path, file_system, folder)
    root = Root(str(folder))
    now = root.identify()
    assert now.file_system == file_system
    root.confirm(replace(now, device=now.device + 1))
    with pytest.raises(RootUnavailableError, match="another folder"):
        root.confirm(replace(now, inode=now.inode + 1))


def test_an_unmounted_network_file_system_is_noticed_by_the_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    mounted_as(monkeypatch, tmp_path, "fuse.sshfs", folder)
    root = Root(str(folder))
    before = root.identify()
    root.confirm(replace(before, inode=before.inode + 1))
    monkeypatch.undo()
    with pytest.raises(RootUnavailableError, match=r"of type fuse\.sshfs and is on one of type"):
        root.confirm(before)


def test_where_fstab_expects_a_disk_the_bare_folder_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(f"# disks\nUUID=1 / ext4 defaults 0 1\nUUID=2\t{folder} xfs nofail 0 2\n")
    monkeypatch.setattr(mounts, "FSTAB", str(fstab))
    inside = folder / "map" / "raw"
    inside.mkdir(parents=True)
    with pytest.raises(RootUnavailableError, match="nothing is mounted on") as error:
        Root(str(inside)).identify()
    assert error.value.what_to_do == f"mount {folder}"
    mounted_as(monkeypatch, tmp_path, "xfs", folder)
    assert Root(str(inside)).identify().file_system == "xfs"


def test_without_proc_a_root_still_has_an_identity(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", "/nonexistent")
    status = folder.stat()
    assert Root(str(folder)).identify() == RootIdentity(status.st_dev, status.st_ino, "", "")


def test_the_message_shows_a_hostile_name_escaped(tmp_path: Path) -> None:
    with pytest.raises(RootUnavailableError) as error:
        Root(str(tmp_path / "a\n\x1b[31m\udcff")).identify()
    assert r"a\n\x1b[31m\xff does not exist" in str(error.value)


MOUNTS = """
from archived.errors import RootUnavailableError
from archived.rig.root import Root
top = sys.argv[1]
root = Root(top)

def refused():
    try:
        root.confirm(expected)
    except RootUnavailableError as error:
        return str(error)
    raise SystemExit("confirmed although it is another folder")

sh("mount", "-t", "tmpfs", "first", top)
open(os.path.join(top, "recording"), "w").close()
expected, device = root.identify(), os.stat(top).st_dev
assert expected.file_system == "tmpfs", expected
root.confirm(expected)
sh("umount", top)
assert "of type tmpfs" in refused(), refused()
sh("mount", "-t", "tmpfs", "second", top)
# The kernel gives the number of the first disk to the second, and both roots have the same inode.
print("same number:", os.stat(top).st_dev == device, os.stat(top).st_ino == expected.inode)
assert "another disk" in refused(), refused()
sh("mount", "-t", "tmpfs", "over it", top)
assert "another disk" in refused(), refused()
sh("umount", top)
sh("umount", top)
assert "of type tmpfs" in refused(), refused()
"""


def test_an_unmounted_disk_and_another_disk_in_its_place_are_noticed(tmp_path: Path) -> None:
    assert "same number:" in in_namespace(MOUNTS, tmp_path)
