"""A booted systemd: a copy of this machine's own system that lives in memory, in which units can be installed and provoked.

Its files are this machine's with a layer in memory above them, so that nothing that happens in it outlasts it. It has a network of
its own, with loopback alone. There is one at a time, as all would use the same control groups.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds that a test waits for what must come."""

FILES = """\
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
[ ! -d "$2" ] || cp -a "$2/." "$1/upper"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
"""
"""This machine's files in memory, with a layer of others, if there is one, above them."""

INSTALL = f"""\
{FILES}
mount --rbind /proc "$1/root/proc"
mkdir -p "$1/root/run/package"
mount --bind "$(dirname "$3")" "$1/root/run/package"
chroot "$1/root" dpkg -i "/run/package/$(basename "$3")"
umount "$1/root/run/package"
mkdir "$2"
mv "$1/upper/opt/archived" "$2/program"
cp -a "$1/upper" "$2/files"
"""

BOOT = f"""\
{FILES}
rm -f "$1"/root/etc/systemd/system/*.wants/*
tr -d - < /proc/sys/kernel/random/uuid > "$1/root/etc/machine-id"
shift 2
exec systemd-nspawn "$@"
"""
"""The mounts end with the shell that becomes the container. What this machine has enabled is not started in it, and it has
booted before, as it has a name: at a first boot systemd would enable everything that there is."""

OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")

NEEDED = ("systemd-nspawn", "nsenter", "unshare", "dpkg")


def missing() -> str:
    """Why a box cannot be had here; "" where it can."""
    if os.geteuid() != 0:
        return "only root boots a box"
    absent = [each for each in NEEDED if shutil.which(each) is None]
    return f"{', '.join(absent)} not here (apt install systemd-container)" if absent else ""


def installed(package: Path, layer: Path) -> None:
    """Install our package where no systemd runs, as for an image, and keep what that adds to this machine's files.

    `layer` gets `program`, which is /opt/archived, and `files`, which is all the rest.
    """
    with tempfile.TemporaryDirectory(prefix="archived-box-") as base:
        words = [*OWN_MOUNTS, "bash", "-c", INSTALL, "install", base, str(layer), str(package)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done


class Box:
    """One booted system."""

    def __init__(self, binds: dict[Path, str], layer: Path | None = None) -> None:
        """`binds` are folders of this machine, and where they are in the box; `layer` is what `installed` has kept."""
        if layer:
            binds = {**binds, layer / "program": "/opt/archived"}
        self._leader = 0
        self._turn = os.open(str(shutil.which("systemd-nspawn")), os.O_RDONLY)
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        self._base = Path(tempfile.mkdtemp(prefix="archived-box-"))
        options = ["--quiet", "--register=no", "--keep-unit", "--private-network", "--boot"]
        options += ["--console=pipe", f"--directory={self._base}/root"]
        options += [f"--bind={ours}:{theirs}" for ours, theirs in binds.items()]
        words = ["systemd.unit=multi-user.target", "systemd.firstboot=no"]
        self._log = (self._base.with_suffix(".log")).open("wb")
        self._process = subprocess.Popen(
            [
                *OWN_MOUNTS,
                "bash",
                "-c",
                BOOT,
                "boot",
                self._base,
                layer / "files" if layer else "",
                *options,
                *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            self._leader = self.until("the first process", self._first_process)
            self.until("the end of booting", self._booted)
        except BaseException:
            self.down()
            raise

    def _first_process(self) -> int:
        """systemd itself, as this machine numbers it."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for each in children.read_text().split():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{each}/status").read_text()
                if re.search(r"^Name:\tsystemd$.*^NSpid:.*\t1$", status, re.M | re.S):
                    return int(each)
        return 0

    def _booted(self) -> bool:
        done = self.type("systemctl", "is-system-running", check=False)
        return done.stdout.strip() in ("running", "degraded")

    def type(
        self, *words: str, check: bool = True, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """What comes of a command that root types in the box."""
        done = subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "--", *words],
            input=text,
            capture_output=True,
            text=True,
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C.UTF-8",
            },
            timeout=PATIENCE,
            check=False,
        )
        if check:
            assert done.returncode == 0, (words, done.stdout, done.stderr, self.journal()[-4000:])
        return done

    def said(self, *words: str) -> str:
        """What a command prints that must succeed."""
        return self.type(*words).stdout.strip()

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Write a file in the box, with the folders that it needs."""
        self.type("install", "-D", "-m", mode, "/dev/stdin", path, text=text)

    def shows(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.said("systemctl", "show", "--value", "-p", name, unit)

    def journal(self, *words: str) -> str:
        """What the journal has of the daemon, with what explains it."""
        return self.type(
            "journalctl", "--no-pager", "-x", "-u", "archived", *words, check=False
        ).stdout

    def entries(self, **fields: str) -> list[dict[str, Any]]:
        """The entries of the journal with these fields."""
        lines = self.said(
            "journalctl", "-o", "json", *(f"{key}={each}" for key, each in fields.items())
        )
        return [json.loads(line) for line in lines.splitlines()]

    def until(self, what: str, look: Callable[[], Any], within: float = PATIENCE) -> Any:
        """What a look brings as soon as it brings anything."""
        pause, end = threading.Event(), time.monotonic() + within
        while not (found := look()):
            assert self._process.poll() is None, Path(self._log.name).read_text(errors="replace")
            assert time.monotonic() < end, (
                what,
                Path(self._log.name).read_text(errors="replace")[-3000:],
            )
            pause.wait(0.1)
        return found

    def down(self) -> None:
        """End it, with everything in it, which ends with its first process."""
        if self._leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leader, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()
        Path(self._log.name).unlink()
        shutil.rmtree(self._base, ignore_errors=True)
        os.close(self._turn)
