"""Which file system a folder lies on, read from /proc/self/mountinfo."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.store.filesystem import Mount, is_network, mount_here, mount_of, mounts

MOUNTINFO = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / /mnt/nas rw,relatime shared:7 master:1 - nfs4 nas:/ephys rw,vers=4.2
41 40 254:1 / /mnt/nas/local rw,relatime - xfs /dev/vdb rw
42 27 0:42 / /mnt/with\040blank rw,relatime - cifs //nas/share rw
43 27 0:43 / /srv rw - fuse.sshfs rig: rw
44 27 254:2 / /srv rw - ext4 /dev/vdc rw
45 27 0:45 / /mnt/nasty rw - ext4 /dev/vdd rw
"""


@pytest.mark.parametrize(
    ("folder", "point", "type"),
    [
        ("/var/lib/archived", "/", "ext4"),
        ("/", "/", "ext4"),
        ("/mnt/nas", "/mnt/nas", "nfs4"),
        ("/mnt/nas/a/b", "/mnt/nas", "nfs4"),
        ("/mnt/nas/local/a", "/mnt/nas/local", "xfs"),
        ("/mnt/nasty", "/mnt/nasty", "ext4"),
        ("/mnt/nastier", "/", "ext4"),
        ("/mnt/with blank/a", "/mnt/with blank", "cifs"),
        ("/srv/archived", "/srv", "ext4"),
    ],
)
def test_the_innermost_and_topmost_mount_is_meant(folder: str, point: str, type: str) -> None:
    assert mount_of(folder, MOUNTINFO) == Mount(point, type)


def test_nothing_is_found_in_nothing() -> None:
    assert mount_of("/var", "") is None


@pytest.mark.parametrize("type", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph"])
def test_network_file_systems_are_known(type: str) -> None:
    assert is_network(type)


@pytest.mark.parametrize("type", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "fuseblk", "overlay"])
def test_local_file_systems_are_fine(type: str) -> None:
    assert not is_network(type)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    mount_of("/var", text)
    assert all(mount.type for mount in mounts(text))


def test_this_machine_has_a_mount_for_every_folder_or_does_not_say(tmp_path: Path) -> None:
    mount = mount_here(tmp_path)
    assert mount is None or tmp_path.resolve().is_relative_to(mount.point)
