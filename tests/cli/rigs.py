"""A rig to type commands at: a configuration, a watched folder, an archive, and a real store with a bench beside it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from archived.cli import cli
from archived.cli.caller import Caller
from archived.store import Store
from tests.builders import NOON
from tests.store.bench import Bench

SETTINGS = """\
[archived]
rig = rig-1
store = {base}/state/archived.db
quiet_time = 10m

[globus]
local_endpoint_local_path = {base}/rig

[location:raw-ephys]
archive = {base}/archive/ephys
conventions = catgt, spikeglx

[location:raw-video]
archive = {base}/archive/video
conventions = tracking-video
"""

G0 = "raw-ephys/SC011/catgt_SC011_022319_g0"
G1 = "raw-ephys/SC011/catgt_SC011_022319_g1"
HOSTILE = "SC011/catgt_SC011_022319_g0\x1b[31m\nred\udcff\u202e"
"""A folder's name that tries to colour the terminal, to begin a line of its own, and is no UTF-8."""

UNSAFE = ("\x1b", "\u202e", "\udcff", "\x07", "\r")


@dataclass
class CliRig:
    """Everything that a test of the commands needs."""

    base: Path
    now: datetime = NOON
    environ: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        for folder in ("rig", "archive/ephys", "archive/video", "state"):
            (self.base / folder).mkdir(parents=True)
        self.configuration = self.base / "archived.ini"
        self.configuration.write_text(SETTINGS.format(base=self.base))
        self.environ.setdefault("SUDO_USER", "ada")

    @property
    def root(self) -> Path:
        """The watched folder."""
        return self.base / "rig"

    @property
    def program(self) -> list[str]:
        """The words that start `archivedctl -c …` as a process of its own."""
        return [sys.executable, "-m", "archived.cli", "-c", str(self.configuration)]

    def store(self) -> Store:
        """The store, begun if need be."""
        address = str(self.base / "state" / "archived.db")
        return Store.open(address, rig="rig-1", create=True, now=self.now)

    def type(
        self, *words: str, typed: str = "", environ: Mapping[str, str] | None = None
    ) -> Result:
        """What comes of `archivedctl -c … WORDS`."""
        return self.type_plainly(
            "-c", str(self.configuration), *words, typed=typed, environ=environ
        )

    def type_plainly(
        self, *words: str, typed: str = "", environ: Mapping[str, str] | None = None
    ) -> Result:
        """What comes of `archivedctl WORDS`."""
        caller = Caller(
            environ={**self.environ, **(environ or {})}, now=lambda: self.now, stop=self.stop
        )
        result = CliRunner().invoke(cli, list(words), input=typed, obj=caller)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def said(self, *words: str) -> str:
        """What a command prints that must succeed."""
        result = self.type(*words)
        assert result.exit_code == 0, (result.stdout, result.stderr)
        return result.stdout

    def json(self, *words: str, code: int = 0) -> Any:
        """The JSON of a command."""
        result = self.type(*words, "--json")
        assert result.exit_code == code, (result.stdout, result.stderr)
        return json.loads(result.stdout)


def archived_and_ready(bench: Bench) -> None:
    """One dataset that is archived, and one that is ready."""
    bench.ready("a.ap.bin", "a.ap.meta")
    bench.later(minutes=1)
    bench.archive()
    bench.later(minutes=1)
    bench.ready("b.ap.bin", dataset="SC011/catgt_SC011_022319_g1")


def failed(bench: Bench, why: str = "imec0.ap.bin has fewer bytes than announced") -> None:
    """One dataset that a person has to look at."""
    bench.ready("a.ap.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch, needs_person=why)
