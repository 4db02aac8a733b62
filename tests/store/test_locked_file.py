"""The lock of whoever runs: held by one, looked at by any number of others, who never take one another for him."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archived.store.locked_file import LockedFile

posix = pytest.mark.skipif(os.name == "nt", reason="locks are taken to look at them there")

HOLD = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(descriptor, getattr(fcntl, sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "archived.db"


def test_nobody_holds_a_lock_that_was_never_taken_and_looking_leaves_no_file(store: Path) -> None:
    assert LockedFile(store).held() is False
    assert list(store.parent.iterdir()) == []


def test_a_lock_is_held_until_it_is_let_go_of(store: Path) -> None:
    lock, other = LockedFile(store), LockedFile(store)
    assert lock.acquire()
    assert (lock.held(), other.held(), other.acquire()) == (True, True, False)
    lock.release()
    assert (lock.held(), other.held(), other.acquire()) == (False, False, True)
    other.release()


@posix
@pytest.mark.parametrize(("how", "held"), [("LOCK_SH", False), ("LOCK_EX", True)])
def test_who_only_looks_is_not_taken_for_who_holds_it(store: Path, how: str, held: bool) -> None:
    lock = LockedFile(store)
    lock.path.touch()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock.path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert lock.held() is held
        other.stdin.close()
    assert lock.held() is False


@posix
def test_a_lock_that_is_no_file_of_ours_is_told_as_unknown(store: Path) -> None:
    lock = LockedFile(store)
    lock.path.symlink_to(store.parent / "elsewhere")
    (store.parent / "elsewhere").touch()

    assert lock.held() is None
