"""What the machine says: mounts, the environment that systemd gives."""

from __future__ import annotations

import os

from archived.rig.mounts import MountTable, parse_fstab, parse_mountinfo
from archived.systemd import Notifier, _watchdog_seconds, connected_to_journal
from tests.fuzz.target import Shape, Target

MOUNTINFO = b"""\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /data/raw\\040one rw,noatime master:2 shared:3 - nfs4 nas:/raw rw,vers=4.2
31 22 0:26 / /data/\\134x - fuse.sshfs a b
"""
FSTAB = b"""\
# comment
UUID=1234 / ext4 defaults 0 1
nas:/raw /data/raw\\040one nfs4 _netdev 0 0
/dev/sdb1 none swap sw 0 0
"""


def _mountinfo(data: bytes) -> None:
    mounts = parse_mountinfo(data.decode("utf-8", "surrogateescape"))
    assert len(mounts) <= data.count(b" - ")
    table = MountTable(mounts)
    table.of("/data/raw one/x")
    assert all(mount.point.startswith("/data/") for mount in table.below("/data"))


def _fstab(data: bytes) -> None:
    points = parse_fstab(data.decode("utf-8", "surrogateescape"))
    assert all(point.startswith("/") for point in points)
    MountTable([]).missing_for("/data/raw one/x", points)


def _systemd(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    seconds = _watchdog_seconds({"WATCHDOG_USEC": text, "WATCHDOG_PID": str(os.getpid())})
    assert seconds is None or seconds > 0
    connected_to_journal(0, {"JOURNAL_STREAM": text})
    Notifier({}).status(text)


TARGETS = (
    Target("mountinfo", _mountinfo, lambda: [MOUNTINFO], shape=Shape.TEXT, tokens=(b" - ", b"\\040", b"\\777", b"\n", b" ")),
    Target("fstab", _fstab, lambda: [FSTAB], shape=Shape.TEXT, tokens=(b"\\040", b"\\777", b"#", b"/..", b"\t", b"\x0b")),
    Target("systemd", _systemd, lambda: [b"30000000", b"8:12345"], shape=Shape.TEXT,
           tokens=(b":", b"\xd9\xa1", b"9" * 5000, b"\xc2\xb2"), longest=20000),
)  # fmt: skip
