"""What the tests of the rig's side share: waiting for threads, other users, and namespaces of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from archived.rig.watcher import Watcher

NOBODY = 65534


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether the condition comes true within the time."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        pause.wait(0.02)
    return bool(condition())


def set_watches(watcher: Watcher) -> None:
    """Start a watcher, and wait until it has its watches."""
    watcher.start()
    assert eventually(watcher.ready)


@contextlib.contextmanager
def open_to_all() -> Iterator[Path]:
    """A temporary folder that another user may enter (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """As a user whom permissions stop: root becomes nobody for a while, anybody else stays who he is."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@cache
def namespaces() -> tuple[str, ...]:
    """The command that begins a mount namespace in which we may mount."""
    for command in (("unshare", "-m"), ("unshare", "-Urm")):
        try:
            tried = subprocess.run(
                [*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
            )
        except FileNotFoundError:
            break
        if tried.returncode == 0:
            return command
    pytest.skip("this machine lets us make no mount namespace (unshare)")


def in_namespace(program: str, *arguments: object, prefix: tuple[str, ...] | None = None) -> str:
    """Run a Python program in a mount namespace of its own (or what `prefix` begins); its output."""
    prelude = (
        "import os, subprocess, sys, threading\n"
        "def sh(*words): subprocess.run([str(word) for word in words], check=True)\n"
    )
    begin = namespaces() if prefix is None else prefix
    done = subprocess.run(
        [*begin, sys.executable, "-W", "error", "-c", prelude + program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def user_namespace() -> tuple[str, ...]:
    """The command that begins a user namespace, in which limits of our own can be set."""
    command = ("unshare", "-Ur")
    limit = "/proc/sys/user/max_inotify_watches"
    try:
        tried = subprocess.run(
            [*command, "sh", "-c", f"echo 50 > {limit}"], capture_output=True, check=False
        )
    except FileNotFoundError:
        tried = None
    if tried is None or tried.returncode != 0:
        pytest.skip("this machine lets us make no user namespace (unshare)")
    return command
