"""The only door to systemd: it is told how we are (sd_notify), and takes log entries (journald).

The package `systemd-python` is an extra, as most rigs are not started by systemd. Without systemd everything here
is silent; under systemd without the package the start fails at once, because a `Type=notify` unit that never says
READY would only be killed after its timeout.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from archived.core.paths import printable
from archived.errors import ConfigurationError

INSTALL_HINT = (
    "install it: `pip install 'archived[systemd]'` (needs libsystemd-dev, pkg-config and a C compiler), or "
    "`apt install python3-systemd` for an environment made with --system-site-packages"
)

_NUMBER = re.compile("[0-9]{1,20}")
"""What the kernel and systemd write for a number of 64 bits."""

_ANSWERS_WITHIN = 10.0
"""Seconds that systemctl may take."""
_PROPERTIES = "LoadState,UnitFileState,ActiveState,Result"

PATIENCE_USEC = 60_000_000
"""How much longer systemd is to wait for READY, from whenever it hears of it."""


class Notifier:
    """Tells systemd how the daemon is; silent where systemd does not ask.

    Raises `ConfigurationError` when systemd waits for notifications (`$NOTIFY_SOCKET`) and the package
    that sends them is missing.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._send: Callable[[str], Any] | None = None
        self.watchdog_seconds: float | None = None
        """How often systemd wants to hear `watchdog()` at the least; None when it does not."""
        if environ.get("NOTIFY_SOCKET"):
            self._send = _import("daemon").notify
            self.watchdog_seconds = _watchdog_seconds(environ)

    @property
    def listening(self) -> bool:
        """Whether there is a systemd that listens."""
        return self._send is not None

    def ready(self, status: str = "") -> None:
        """The daemon is up, or is done with reloading its configuration."""
        self._tell("READY=1", status)

    def status(self, text: str) -> None:
        """One line that `systemctl status` shows."""
        self._tell("", text)

    def watchdog(self) -> None:
        """The loop made progress; said from the loop itself, never from a timer."""
        self._tell("WATCHDOG=1")

    def still_starting(self) -> None:
        """The start, or a reload, takes longer, for a reason; it may take another minute."""
        self._tell(f"EXTEND_TIMEOUT_USEC={PATIENCE_USEC}\nWATCHDOG=1")

    def reloading(self, *, monotonic: float, status: str = "") -> None:
        """The configuration is being read again; `ready` has to follow.

        `monotonic` is `clock.monotonic()`: newer releases of systemd tell by it which reload this answers.
        """
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic * 1_000_000)}", status)

    def stopping(self, status: str = "") -> None:
        """The daemon is about to end."""
        self._tell("STOPPING=1", status)

    def _tell(self, state: str, status: str = "") -> None:
        if self._send is None:
            return
        # A line break in a status would let a name on disk speak for us.
        lines = [state] if state else []
        lines += [f"STATUS={printable(status)}"] if status else []
        try:
            self._send("\n".join(lines))
        except OSError:
            # Whoever stopped listening does not want to know; the work goes on.
            return


def journal_sender() -> Callable[[Mapping[str, str]], None]:
    """What sends one entry, given its fields, to journald.

    Raises `ConfigurationError` when the package is missing. The sender raises `OSError` when journald is away.
    """
    sendv = _import("journal").sendv

    def send(fields: Mapping[str, str]) -> None:
        sendv(*(f"{name}={value}" for name, value in fields.items()))

    return send


def connected_to_journal(fileno: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether what is written to this open file goes to journald (`$JOURNAL_STREAM`, see systemd.exec(5))."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    if not (_NUMBER.fullmatch(device) and _NUMBER.fullmatch(inode)):
        return False
    try:
        found = os.fstat(fileno)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (int(device), int(inode))


def unit_properties(unit: str, environ: Mapping[str, str] = os.environ) -> Mapping[str, str] | None:
    """What `systemctl show` tells of a unit, whether it is there or not; None where it does not answer. Asks only."""
    program = shutil.which("systemctl", path=environ.get("PATH"))
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and no shell
            [program, "show", f"--property={_PROPERTIES}", "--", unit],
            capture_output=True,
            timeout=_ANSWERS_WITHIN,
            check=True,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in lines}


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """The watchdog's time, where it is meant for this process (sd_watchdog_enabled(3))."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not _NUMBER.fullmatch(usec) or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1_000_000


def _import(module: str) -> Any:
    """`systemd.<module>` of the package systemd-python."""
    try:
        if module == "daemon":
            from systemd import daemon

            return daemon
        from systemd import journal
    except ImportError as error:
        raise ConfigurationError(
            "This process was started by systemd, or is to log to its journal, but the Python package "
            "systemd-python is not installed. Nothing was started; no data is affected.",
            what_to_do=INSTALL_HINT,
        ) from error
    return journal
