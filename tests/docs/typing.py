"""A shell in which what a page shows is typed."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PATIENCE = 45.0
"""Seconds until a command has to show what the page shows; a person would look again until it does."""

HARMLESS = re.compile(
    r"archivedctl (-c \S+ )?(list|show|status|why|events)\b|(ls|cat|find|tail|grep) "
)
"""Commands that may be typed again while they do not show yet what the page shows."""

DRIVER = r"""
code=0
while IFS= read -r -d '' command <&3; do
  (exit $code)
  eval "$command" < /dev/null
  code=$?
  printf '\n\001%s\001\n' "$code"
done
"""
SOONER = {
    "ARCHIVED_ARCHIVED_RESCAN": "1s",
    "ARCHIVED_ARCHIVED_TICK": "300ms",
    "ARCHIVED_TRANSFER_POLL": "500ms",
    "ARCHIVED_TRANSFER_BATCH_WAIT": "500ms",
}
"""Shorter waits than a page has, so that a test need not wait like a person."""

VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"\b\d+ ?(?:s|min)\b"), "SECONDS"),
)


class Shell:
    """A bash that stays; its home is a folder of the test, and no configuration but that of the page is around."""

    def __init__(self, home: Path) -> None:
        self.folder = home
        read, self._write = os.pipe()
        self._process = subprocess.Popen(
            ["bash", "--norc", "-c", f"exec 3<&{read}\n{DRIVER}"],
            cwd=home,
            env=_environment(home),
            pass_fds=[read],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(read)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._output, False)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write)
        # Whatever a page started in the background is of this session, and ends with it.
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def type(self, command: str) -> tuple[int, str]:
        """The exit code of a command and all that it printed."""
        os.write(self._write, command.encode() + b"\0")
        printed = b""
        end = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as ready:
            ready.register(self._output, selectors.EVENT_READ)
            while not (found := re.search(rb"\n\x01(\d+)\x01\n", printed)):
                assert time.monotonic() < end, f"{command} does not end; it printed {printed!r}"
                if ready.select(1.0):
                    more = os.read(self._output, 65536)
                    assert more, f"{command} ended the shell; it printed {printed!r}"
                    printed += more
        return int(found[1]), printed[: found.start()].decode()

    def type_until(self, command: str, shows: list[str]) -> int:
        """The exit code of a command that showed all these lines; what is harmless is typed until it does."""
        end = time.monotonic() + PATIENCE
        while True:
            code, printed = self.type(command)
            lacks = [each for each in shows if not shown(each, printed)]
            if not lacks:
                return code
            again = HARMLESS.match(command) and time.monotonic() < end
            assert again, f"{command} shows no line {lacks[0]!r} but\n{printed}"
            threading.Event().wait(0.5)


def shown(line: str, printed: str) -> bool:
    """Whether a line that a page shows is among what was printed; blanks, times and `…` are not held against it."""
    pattern = re.sub(r"(\\ )?…(\\ )?", ".*", re.escape(_plain(line)))
    return any(re.fullmatch(pattern, _plain(each)) for each in printed.splitlines())


def _plain(line: str) -> str:
    for varies, name in VARIES:
        line = varies.sub(name, line)
    return " ".join(line.split())


def _environment(home: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ARCHIVED_", "GLOBUS_", "XDG_"))
    }
    programs = Path(sys.executable).parent
    return {**inherited, "HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}", **SOONER}
