"""Row 13: a daemon that was killed is started again, with everything archived and a hundred transfers under way."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from archived import clock, config
from archived.core.model import BatchState
from archived.simulator import running as simulated
from archived.store import Store
from benchmarks.commands import archivedctl
from benchmarks.daemons import PATIENCE, Ears, daemon, ears
from benchmarks.measuring import in_turn, program
from benchmarks.rigs import configuration, copy_of, store_of, tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio
from demo.rig import spikeglx

NUMBER = 13
TITLE = "a start after `kill -9`, a hundred transfers under way"
AGAINST = "`archivedctl status --json` (row 10)"

TRANSFERS = 100
RESTED = 1.5
"""After how many seconds without CPU the first look has ended."""

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"

OPEN = f"""\
[location:open]
archive = {ARCHIVE}:/
conventions = spikeglx
local_endpoint = {RIG}
local_endpoint_subdir = /
local_endpoint_local_path = {{root}}
"""


def measure(bench: Bench) -> Outcome:
    """From the start of the process to READY=1, by turns with a whole `archivedctl status --json`."""
    transfers = 3 if bench.quick else TRANSFERS
    looked: list[float] = []
    polled: list[float] = []
    with prepared(bench, transfers) as (settings, environment), ears() as listening:
        around = {**environment, **listening.environment}
        # The life that is cut short: its log of the store is as a crash leaves it.
        one_life(settings, around, listening, transfers)

        def restart() -> Sample:
            sample, polls, look = one_life(settings, around, listening, transfers)
            polled.append(polls)
            looked.append(look)
            return sample

        samples = in_turn(
            {
                "archived, READY=1": restart,
                "archivedctl status --json": archivedctl(bench)("status", "--json"),
            },
            bench.runs,
        )
    names = ("archived, READY=1", "archivedctl status --json")
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim("time, against `status --json`", ratio(samples, *names), 2.0),
            Claim(
                "READY, against the end of the first look",
                median(samples[names[0]]) / sorted(looked)[len(looked) // 2],
                1.0,
            ),
        ],
        [
            f"{transfers} transfers under way, all asked about {sorted(polled)[len(polled) // 2]:.2f} s "
            "after the start of the process (the store is read through before)",
            f"the first look at everything ended {sorted(looked)[len(looked) // 2]:.2f} s after it",
        ],
    )


@contextmanager
def prepared(bench: Bench, transfers: int) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """The configuration of a rig with so many transfers under way, and the way to the Globus that has them."""
    folder = bench.where / f"open-{transfers}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "archive").mkdir(parents=True)
    for number in range(transfers):
        name = f"SC{number:03}_022319_g0"
        for _ in spikeglx(folder / "rig" / f"SC{number:03}" / name, name, probes=1, blocks=1):
            pass
    store = copy_of(store_of(bench), "row-13")
    with simulated({RIG: folder / "rig", ARCHIVE: folder / "archive"}) as globus:
        globus.pause()
        settings = configuration(
            bench, store, root=tree(bench), more=OPEN.format(root=folder / "rig")
        )
        environment = {**globus.environment, "XDG_STATE_HOME": str(folder)}
        with variables(environment):
            program("open_transfers", settings, "open")
        yield settings, environment


@contextmanager
def variables(added: Mapping[str, str]) -> Iterator[None]:
    """The environment of this process with some more."""
    before = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def one_life(
    settings: Path, environment: Mapping[str, str], listening: Ears, transfers: int
) -> tuple[Sample, float, float]:
    """Start a daemon, and kill it once it looked at everything: until READY, the last poll, the end of the look."""
    with opened(settings) as store:
        for each in store.batches(BatchState.ACTIVE):
            store.postpone_batch(each.id, None, each.attempts, each.reason)
    listening.silence()
    asked, begun = clock.now(), time.perf_counter()
    with daemon(settings, environment=environment) as started:
        ready = listening.hear("READY=1") - begun
        sample = Sample(ready, started.cpu(), started.resident())
        with opened(settings) as store:
            polled = begun + PATIENCE
            while time.perf_counter() < polled:
                batches = store.batches(BatchState.ACTIVE)
                if sum(each.due is not None and each.due > asked for each in batches) >= transfers:
                    polled = time.perf_counter()
                threading.Event().wait(0.05)
        started.rest(RESTED)
        looked = time.perf_counter() - RESTED
        started.kill()
    return sample, polled - begun, looked - begun


def opened(settings: Path) -> Store:
    """The store of a configuration."""
    configured = config.load(settings, os.environ)
    return Store.open(configured.store, rig=configured.rig)
