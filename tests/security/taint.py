"""Planted secrets, and the search for any eight bytes of them, however they are spelled."""

from __future__ import annotations

import base64
import json
import os
import random
import string
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.forks import Child, shared

ROOT = Path(__file__).parents[2]
WINDOW = 8
MIDDLE = '+/"&='
_PORTION = 1 << 18


def planted(seed: str) -> str:
    """A secret that turns up by chance nowhere, with what URLs, JSON and shells spell differently in its middle."""
    chance = random.Random(f"{seed}{os.getpid()}{random.random()}")
    word = [chance.choice(string.ascii_letters + string.digits) for _ in range(30)]
    return "".join(word[:15]) + MIDDLE + "".join(word[15:])


def spellings(secret: str) -> Iterator[str]:
    """Every way in which it could be written somewhere."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    for before in ("", "x", "xx"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The first and last characters depend on what stands beside it.
            yield encode((before + secret).encode()).decode().rstrip("=")[4:-2]
    yield secret.encode().hex()
    yield secret[::-1]


def _middle(spelled: bytes) -> set[int]:
    """Where the part is that is the same in every planted secret."""
    for middle in (MIDDLE, quote(MIDDLE, safe=""), json.dumps(MIDDLE)[1:-1], MIDDLE[::-1]):
        if (at := spelled.find(middle.encode())) >= 0:
            return set(range(at, at + len(middle)))
    return set()


class Needles:
    """All windows of eight bytes of all spellings of all secrets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._of: dict[bytes, str] = {}
        for label, secret in secrets.items():
            for spelled in spellings(secret):
                raw = spelled.encode()
                common = _middle(raw)
                for at in range(len(raw) - WINDOW + 1):
                    # What all planted secrets have in common tells none of them.
                    if len(common & set(range(at, at + WINDOW))) <= 3:
                        self._of[raw[at : at + WINDOW]] = label

    def found(self, data: bytes) -> dict[str, bytes]:
        """Which secrets are in the data, each with its surroundings."""
        result: dict[str, bytes] = {}
        for begin in range(0, max(1, len(data)), _PORTION):
            part = data[begin : begin + _PORTION + WINDOW - 1]
            windows = {part[at : at + WINDOW] for at in range(len(part) - WINDOW + 1)}
            for hit in windows & self._of.keys():
                at = part.index(hit)
                result[self._of[hit]] = part[max(0, at - 160) : at + 60]
        return result


@dataclass
class World:
    """Folders of one rig, the secrets that were planted in it, and everything that its processes left behind."""

    base: Path
    secrets: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    left: list[tuple[str, bytes]] = field(default_factory=list)
    homes: set[Path] = field(default_factory=set)
    """Files in which secrets are meant to be."""
    exempt: set[str] = field(default_factory=set)
    """Secrets that the environment of a process was given on purpose."""

    def __post_init__(self) -> None:
        for folder in ("rig", "archive", "state", "home", "tmp", "fake/systemd", "out"):
            (self.base / folder).mkdir(parents=True)
        fake = self.base / "fake" / "systemd"
        (fake / "__init__.py").touch()
        (fake / "journal.py").write_text(
            "import os\n"
            "def sendv(*fields):\n"
            "    with open(os.environ['JOURNAL'], 'a') as file:\n"
            "        file.write('\\n'.join(fields) + '\\n\\n')\n"
        )
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ARCHIVED_", "GLOBUS_", "XDG_"))
        }
        self.environment = {
            **own,
            "HOME": str(self.base / "home"),
            "TMPDIR": str(self.base / "tmp"),
            "PYTHONPATH": os.pathsep.join([str(self.base / "fake"), str(ROOT)]),
            "JOURNAL": str(self.base / "journal"),
        }

    def secret(self, label: str) -> str:
        """Plant one more."""
        return self.secrets.setdefault(label, planted(label))

    def secret_file(self, label: str, content: str | None = None) -> Path:
        """A file of one's own with a secret in it."""
        file = self.base / f"{label.replace(' ', '-')}.secret"
        return self.private(file, content if content is not None else f"{self.secret(label)}\n")

    def private(self, file: Path, text: str) -> Path:
        """A file in which secrets are meant to be, for its owner alone."""
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(text)
        self.homes.add(file)
        return file

    def run(
        self,
        *words: str,
        module: str = "archived.cli",
        options: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        typed: Callable[[str], str] | None = None,
        during: Callable[[subprocess.Popen[bytes]], object] = lambda _process: None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end, noting what it says and what others see of it meanwhile.

        `typed` is given what it said on standard error, and returns what a person types then.
        """
        command = [sys.executable, *options, "-m", module, *words]
        said = self.base / "out" / f"{len(self.left)}"
        with said.open("wb") as out, said.with_suffix(".err").open("wb") as complaints:
            process = subprocess.Popen(
                command,
                env={**self.environment, **(environ or {})},
                cwd=self.base,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=complaints,
            )
            try:
                self._look_at(process, " ".join(words))
                during(process)
                text = self._type(process, said.with_suffix(".err"), typed)
                process.communicate(text, timeout=90)
            finally:
                process.kill()
                process.wait()
        output, error = said.read_bytes(), said.with_suffix(".err").read_bytes()
        self.left += [(f"stdout of {words}", output), (f"stderr of {words}", error)]
        return subprocess.CompletedProcess(command, process.returncode, output, error)

    def fork(
        self,
        module: str,
        *words: str,
        environ: Mapping[str, str] | None = None,
        during: Callable[[Child], object] = lambda _process: None,
        warnings: bool = False,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program as `run` does, in a process that has loaded it already.

        Others see the words and the environment of the process that it was forked from: what they see of one that begins
        by itself is looked at by `run`.
        """
        said = self.base / "out" / f"{len(self.left)}"
        process = shared(str(ROOT)).start(
            module,
            words,
            environment={**self.environment, **(environ or {})},
            folder=self.base,
            log=said.with_suffix(".err"),
            answer=said,
            warnings=warnings,
        )
        try:
            during(process)
            code = process.wait(90)
        finally:
            process.kill()
        output, error = said.read_bytes(), said.with_suffix(".err").read_bytes()
        self.left += [(f"stdout of {words}", output), (f"stderr of {words}", error)]
        return subprocess.CompletedProcess(words, code, output, error)

    def _type(
        self, process: subprocess.Popen[bytes], said: Path, typed: Callable[[str], str] | None
    ) -> bytes:
        if typed is None:
            return b""
        while process.poll() is None and not said.read_text().rstrip().endswith(":"):
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        return f"{typed(said.read_text())}\n".encode()

    def _look_at(self, process: subprocess.Popen[bytes], what: str) -> None:
        """What other users (`ps`) and other programs of this one see of a process."""
        for name in ("cmdline", "environ"):
            data = b""
            # The system notes both a moment after the program has begun.
            while not data and process.poll() is None:
                data = Path(f"/proc/{process.pid}/{name}").read_bytes()
            self.left.append((f"/proc/PID/{name} of {what}", data))

    def files(self) -> Iterator[Path]:
        """Every file below the base, but for those in which secrets are meant to be."""
        for path in sorted(self.base.rglob("*")):
            if path.is_file() and not path.is_symlink() and path not in self.homes:
                yield path

    def search(self, more: Iterable[tuple[str, bytes]] = ()) -> list[str]:
        """Every place at which a secret was left, in words that show it: the secrets are of this test alone."""
        needles = Needles(self.secrets)
        places = [*self.left, *more, *((str(each), each.read_bytes()) for each in self.files())]
        return [
            f"{label} in {place}: …{around!r}…"
            for place, data in places
            for label, around in needles.found(data).items()
            if not (label in self.exempt and place.startswith("/proc/PID/environ"))
        ]
