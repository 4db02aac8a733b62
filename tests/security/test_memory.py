"""What a program of ours has in memory is written to no disk, and read by no other program of its user."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.rigs import CliRig
from tests.test_systemd_unit import settings

SLEEPER = "import time; print('ready', flush=True); time.sleep(60)"
KEEPING = f"from archived.secrecy.memory import keep_to_itself; keep_to_itself(); {SLEEPER}"
UNLIMITED = "import resource; resource.setrlimit = lambda *_: None"
DUMPABLE = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)"
"""PR_GET_DUMPABLE of prctl(2)."""


def unlimited() -> None:
    """As a machine is set up whose people look into cores: run in the new process."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


@contextmanager
def running(folder: Path, *words: str, until: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that may dump its core, in a folder of its own, once it has said something."""
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            stdout=out,
            stderr=out,
            preexec_fn=unlimited,
        )
    try:
        end, pause = time.monotonic() + 50, threading.Event()
        while until not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < end, said.read_text()
            pause.wait(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def core_limit(pid: int) -> list[str]:
    """The soft and the hard limit of a process."""
    [line] = [
        each
        for each in Path(f"/proc/{pid}/limits").read_text().splitlines()
        if each.startswith("Max core file size")
    ]
    return line.split()[4:6]


def cores(folder: Path) -> list[str]:
    """What was dumped into a folder."""
    return sorted(each.name for each in folder.iterdir() if each.name.startswith("core"))


def leaves_cores_here() -> bool:
    """Whether this machine writes a core into the folder of its process, where it may."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    allowed = resource.getrlimit(resource.RLIMIT_CORE)[1] != 0
    return allowed and pattern.startswith("core")


def test_a_process_that_does_not_keep_to_itself_would_leave_a_core(tmp_path: Path) -> None:
    with running(tmp_path, "-c", SLEEPER, until="ready") as process:
        process.send_signal(signal.SIGABRT)
        process.wait(30)
    assert bool(cores(tmp_path)) == leaves_cores_here()


@pytest.mark.parametrize("limited", [True, False])
def test_one_that_does_leaves_none_even_where_no_limit_counts(
    tmp_path: Path, limited: bool
) -> None:
    """A core that is handed to a program is not held back by the limit."""
    code = KEEPING if limited else f"{UNLIMITED}; {KEEPING}"
    with running(tmp_path, "-c", code, until="ready") as process:
        never = resource.getrlimit(resource.RLIMIT_CORE)[1] == 0
        assert (core_limit(process.pid) == ["0", "0"]) is (limited or never)
        process.send_signal(signal.SIGABRT)
        process.wait(30)
    assert cores(tmp_path) == []


def test_the_system_is_told_that_nobody_else_may_look() -> None:
    before = subprocess.run([sys.executable, "-c", DUMPABLE], capture_output=True, check=True)
    code = f"from archived.secrecy.memory import keep_to_itself; keep_to_itself(); {DUMPABLE}"
    after = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (before.stdout.strip(), after.stdout.strip()) == (b"1", b"0")


@pytest.mark.parametrize(
    ("words", "until"),
    [
        (["-m", "archived", "-c", "{ini}"], "daemon started"),
        (["-m", "archived.cli", "-c", "{ini}", "simulate", "--collection", "{here}"], "GLOBUS_"),
    ],
    ids=["archived", "archivedctl"],
)
def test_our_programs_leave_no_core(tmp_path: Path, words: list[str], until: str) -> None:
    rig = CliRig(tmp_path)
    here = f"c40e971d-0075-4a82-b12f-8f9717762e7b={tmp_path / 'rig'}"
    folder = tmp_path / "runs"
    folder.mkdir()
    given = [each.format(ini=rig.configuration, here=here) for each in words]
    with running(folder, *given, until=until) as process:
        assert core_limit(process.pid) == ["0", "0"]
        process.send_signal(signal.SIGABRT)
        assert process.wait(30) == -signal.SIGABRT
    assert cores(folder) == []


def test_the_service_is_not_allowed_one_either() -> None:
    assert settings("Service")["LimitCORE"] == ["0"]


def test_a_notebook_that_imports_us_stays_as_it_was() -> None:
    code = f"import archived; archived.Archive; {DUMPABLE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"1"
