"""A file system that hangs, as that of a server which is away: FUSE, whose server answers that it is there, then nothing."""

from __future__ import annotations

import os
import select
import struct
import subprocess
from pathlib import Path
from typing import Self

import pytest

from tests.acceptance.conftest import TestRig

DEVICE = "/dev/fuse"
INIT = 26
HEADER = struct.Struct("<IIQQIIII")
"""Of a request: length, opcode, unique, node, user, group, process, padding."""


def need_fuse() -> None:
    """Skip where the kernel has no FUSE."""
    if not os.path.exists(DEVICE):
        pytest.skip("this kernel has no FUSE, so that no file system can be made to hang")


class Unanswering:
    """Mounted over a folder, for the programs of one rig, while the block lasts; whoever asks there waits."""

    def __init__(self, rig: TestRig, folder: Path) -> None:
        self._rig = rig
        self._folder = folder
        self._device = -1

    def __enter__(self) -> Self:
        self._device = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other"
        subprocess.run(
            [
                *self._rig.prefix,
                "mount",
                "-i",
                "-t",
                "fuse",
                "-o",
                options,
                "fuse",
                str(self._folder),
            ],
            pass_fds=[self._device],
            check=True,
        )
        assert select.select([self._device], [], [], 30)[0]
        request = os.read(self._device, 1 << 17)
        _length, opcode, unique, *_rest = HEADER.unpack_from(request)
        assert opcode == INIT
        major, minor = struct.unpack_from("<II", request, HEADER.size)
        answer = struct.pack("<IIIIHHIIHHI28x", major, min(minor, 31), 0, 0, 1, 1, 4096, 1, 0, 0, 0)
        os.write(self._device, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
        return self

    def __exit__(self, *_exception: object) -> None:
        # Without its server the file system fails rather than hangs, and can be unmounted.
        os.close(self._device)
        self._rig.mount("umount", "-l", str(self._folder))
