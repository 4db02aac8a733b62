"""The program as it lies in /opt/archived: an environment of the system's Python, without a trace of where it was made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

PYTHON = "/usr/bin/python3"
"""The system's own: it is there on every machine that the package is for, and every user may run it."""

PLACE = Path("/opt/archived")
PROGRAMS = ("archived", "archivedctl")
EXTRAS = ("alerts", "datajoint", "metrics", "mysql", "postgres", "simulator", "web")
"""All that a rig may want. `systemd` is Debian's package, data frames are for an analyst's machine."""

BINDINGS = """\
# Debian's python3-systemd. Nothing else of the system's packages is let into this environment.
__path__ = ["/usr/lib/python3/dist-packages/systemd"]
"""


def install(wheel: Path, stage: Path, extras: list[str]) -> Path:
    """Make the environment below `stage`; returns its folder of packages."""
    home = stage / PLACE.relative_to("/")
    _run(PYTHON, "-m", "venv", "--without-pip", home)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "-q", "--disable-pip-version-check"]
    _run(*pip, "install", "--no-compile", f"{wheel}[{','.join(extras)}]")
    [packages] = home.glob("lib/python3*/site-packages")
    _forget_the_builder(home, packages)
    (packages / "systemd").mkdir()
    (packages / "systemd" / "__init__.py").write_text(BINDINGS)
    _compile(python, packages, stage)
    return packages


def versions(packages: Path) -> str:
    """What is installed, as `pip install --constraint` reads it."""
    found = {each.name.lower(): each.version for each in distributions(path=[str(packages)])}
    return "".join(f"{name}=={found[name]}\n" for name in sorted(found) if name != "archived")


def _forget_the_builder(home: Path, packages: Path) -> None:
    """Keep of the scripts our own, and let dpkg own the files: what pip notes of them are paths of this machine."""
    for script in (home / "bin").iterdir():
        if script.name in PROGRAMS:
            lines = script.read_text().splitlines(keepends=True)
            script.write_text("".join([f"#!{PLACE}/bin/python\n", *lines[1:]]))
        elif not script.is_symlink():
            script.unlink()
    shutil.rmtree(home / "include")
    for note in packages.glob("*.dist-info/*"):
        if note.name in ("RECORD", "REQUESTED", "direct_url.json"):
            note.unlink()
        elif note.name == "INSTALLER":
            note.write_text("dpkg\n")
    settings = home / "pyvenv.cfg"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("command")]
    settings.write_text("\n".join(kept) + "\n")


def _compile(python: Path, packages: Path, stage: Path) -> None:
    """Compile for the place where it will be. The service may not write there, and dpkg sees to it that nobody else does."""
    options = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", stage, "-p", "/"]
    _run(python, "-m", "compileall", *options, packages)


def _run(*words: str | Path) -> None:
    subprocess.run([str(each) for each in words], check=True)
