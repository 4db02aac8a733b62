"""Releases of the real DataJoint, each in an environment of its own: they exclude one another, and are none of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAMS = Path(__file__).parent / "programs"
_SECONDS_TO_BUILD = 280
_servers: dict[str, subprocess.Popen[str]] = {}


@dataclass(frozen=True)
class Release:
    """One release of DataJoint, as pip is asked for it."""

    name: str
    requirements: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where its environment is; made once, and made anew when the requirements change."""
        return _ROOT / f".venv-datajoint-{self.name}"

    def python(self) -> Path:
        """Its interpreter; the environment is built first where it is missing, which takes half a minute, once.

        Without a network the test is skipped here, and fails in continuous integration.
        """
        stamp, wanted = self.folder / ".installed", "\n".join(self.requirements)
        python = self.folder / "bin" / "python"
        with FileLock(f"{self.folder}.lock", timeout=_SECONDS_TO_BUILD):
            if stamp.exists() and stamp.read_text() == wanted:
                return python
            _run(sys.executable, "-m", "venv", "--clear", self.folder)
            pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            try:
                _run(*pip, "--no-input", "--only-binary", ":all:", *self.requirements)
            except subprocess.CalledProcessError:
                if os.environ.get("CI"):
                    raise
                pytest.skip(f"pip could not install DataJoint {self.name}: not tried with it")
            stamp.write_text(wanted)
        return python

    def run(self, program: str, order: Any) -> Any:
        """Run a program of `programs/` in the environment; it is given JSON, and prints JSON."""
        server = self._server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps({"program": program, "order": order}) + "\n")
        server.stdin.flush()
        code, printed, errors = json.loads(server.stdout.readline())
        assert code == 0, errors[-6000:]
        return json.loads(printed.splitlines()[-1])

    def _server(self) -> subprocess.Popen[str]:
        """The process that runs the programs; one for each release, since loading DataJoint takes seconds."""
        if self.name not in _servers:
            _servers[self.name] = subprocess.Popen(
                [str(self.python()), str(_PROGRAMS / "serve.py")],
                env={"PATH": os.defpath, "HOME": str(self.folder), "DJ_LOG_LEVEL": "WARNING"},
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return _servers[self.name]


def end_servers() -> None:
    """End the processes that run programs."""
    while _servers:
        _, server = _servers.popitem()
        server.communicate(timeout=20)


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, timeout=_SECONDS_TO_BUILD)


NEW = Release("2.3", ("datajoint[postgres]==2.3.5", "PyMySQL==1.2.4"))
OLD = Release("0.14", ("datajoint==0.14.10", "PyMySQL==1.2.4"))
