"""What is mounted where, read from the system's own tables."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.rig import mounts
from archived.rig.mounts import (
    Mount,
    MountTable,
    file_system_number,
    folder_time_margin,
    parse_fstab,
    parse_mountinfo,
    written_by_others,
)

TABLE = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 8:17 / /globus/map\\040raw rw,noatime shared:12 master:3 - xfs /dev/sdb1 rw
41 40 0:55 / /globus/map\\040raw/nas rw - nfs4 nas:/export rw,vers=4.2
42 40 8:33 / /globus/map\\040raw rw - btrfs /dev/sdc1 rw
"""


def test_a_path_belongs_to_the_deepest_mount_above_it_and_the_last_on_a_point_counts() -> None:
    table = MountTable(parse_mountinfo(TABLE))
    assert table.of("/home") == Mount("/", "ext4", "254:0")
    assert table.of("/globus/map raw/SC011") == Mount("/globus/map raw", "btrfs", "8:33")
    assert table.of("/globus/map raw/nas/x") == Mount("/globus/map raw/nas", "nfs4", "0:55")
    assert table.of("/globus/map rawer") == Mount("/", "ext4", "254:0")
    assert [mount.file_system for mount in table.below("/globus/map raw")] == ["nfs4"]
    assert len(table.below("/")) == 3


def test_this_machines_own_table_is_understood() -> None:
    here = mounts.read_mounts().of(os.path.realpath(os.getcwd()))
    assert here is not None
    assert here.file_system


def test_without_a_table_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", "/nonexistent")
    monkeypatch.setattr(mounts, "FSTAB", "/dev")
    assert mounts.read_mounts().of("/") is None
    assert mounts.expected_mount_points() == []


@given(st.text())
def test_no_table_whatever_stops_the_reading(text: str) -> None:
    assert all(mount.point is not None for mount in parse_mountinfo(text))
    assert all(point.startswith("/") for point in parse_fstab(text))


@given(st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1))
def test_every_name_of_a_mount_point_is_read_as_the_kernel_writes_it(name: str) -> None:
    escaped = "".join(f"\\{ord(char):03o}" if char in " \t\n\\" else char for char in name)
    line = f"40 27 8:17 / /{escaped} rw - xfs /dev/sdb1 rw"
    if len(line.splitlines()) == 1:
        assert parse_mountinfo(line) == [Mount(f"/{name}", "xfs", "8:17")]


def test_fstab_tells_mount_points_and_nothing_else() -> None:
    text = "# /x /y\n\nUUID=1 / ext4 defaults\n//nas/raw /globus/map\\040raw/ cifs ro\nUUID=2 none swap sw\nbad\n"
    assert parse_fstab(text) == ["/", "/globus/map raw"]


def test_a_path_misses_the_mount_it_lies_under_and_no_other() -> None:
    table = MountTable(parse_mountinfo(TABLE))
    assert table.missing_for("/data/raw/x", ["/data", "/other"]) == "/data"
    assert table.missing_for("/globus/map raw/x", ["/globus/map raw", "/", "/data"]) is None


@pytest.mark.parametrize(
    ("file_system", "others", "margin"),
    [
        ("ext4", False, timedelta(seconds=2)),
        ("overlay", False, timedelta(seconds=2)),
        ("nfs4", True, timedelta(minutes=5)),
        ("smb3", True, None),
        ("fuse.rclone", True, None),
        ("9p", True, None),
        ("fuseblk", False, None),
        ("vfat", False, None),
        ("", False, None),
    ],
)
def test_what_may_be_expected_of_a_file_system(
    file_system: str, others: bool, margin: timedelta | None
) -> None:
    assert (written_by_others(file_system), folder_time_margin(file_system)) == (others, margin)


def test_a_file_systems_number_comes_from_its_uuid_where_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = str(tmp_path)
    assert file_system_number(here, None, 77) == 77
    assert file_system_number(here, Mount("/", "ext4", "8:1"), 77) == os.statvfs(here).f_fsid
    monkeypatch.setattr(mounts, "UDEV_DATA", here)
    assert file_system_number(here, Mount("/", "xfs", "8:17"), 77) == 77
    (tmp_path / "b8:17").write_text(
        "S:disk/by-uuid/x\nE:ID_FS_UUID=6e1f-8A00-11223344556677\nE:X=1\n"
    )
    assert file_system_number(here, Mount("/", "xfs", "8:17"), 77) == 0x6E1F8A0011223344
