"""The real `globus` command line client, in an environment of its own: it pins another globus-sdk than ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock

REQUIREMENT = "globus-cli>=3.43,<4"
_ROOT = Path(__file__).resolve().parents[2]
_FOLDER = _ROOT / ".venv-globus-cli"
_SECONDS_TO_BUILD = 280


def program() -> Path:
    """The client's executable; built first where it is missing, which takes about twenty seconds, once."""
    stamp = _FOLDER / ".installed"
    with FileLock(f"{_FOLDER}.lock", timeout=_SECONDS_TO_BUILD):
        if not stamp.exists() or stamp.read_text() != REQUIREMENT:
            _run(sys.executable, "-m", "venv", "--clear", _FOLDER)
            python = _FOLDER / "bin" / "python"
            quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
            _run(python, "-m", "pip", "install", *quiet, REQUIREMENT)
            stamp.write_text(REQUIREMENT)
    return _FOLDER / "bin" / "globus"


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, timeout=_SECONDS_TO_BUILD)


class CommandLine:
    """Calls the client with a home of its own and nothing of ours in its environment but the simulator."""

    def __init__(self, globus: Path, home: Path, environment: dict[str, str]) -> None:
        self._globus = globus
        self._environment = {"HOME": str(home), "PATH": os.defpath, **environment}

    def call(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command, whatever it ends with; `given` is its standard input."""
        return subprocess.run(
            [str(self._globus), *arguments],
            input=given,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def text(self, *arguments: str, given: str = "") -> str:
        """What a command prints; it must succeed."""
        done = self.call(*arguments, given=given)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout

    def json(self, *arguments: str, given: str = "") -> Any:
        """What a command prints with `-F json`."""
        return json.loads(self.text(*arguments, "-F", "json", given=given))
