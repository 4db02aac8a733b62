"""Row 4: registering files in the store, against `sqlite3` that writes the very same rows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from benchmarks.measuring import in_turn, program, sample_of
from benchmarks.rigs import configuration, tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio

NUMBER = 4
TITLE = "registering files in the store"
AGAINST = "`sqlite3` executemany of the same rows, same schema and durability"


def measure(bench: Bench) -> Outcome:
    """Sightings that are in memory become rows, as many in a transaction as a look hands over at a time."""
    root = tree(bench)
    ours, theirs = (emptied(bench, name) for name in ("register", "insert"))
    settings = configuration(bench, ours / "archived.db", root=root)
    last: dict[str, Any] = {}

    def register() -> Sample:
        emptied(bench, "register")
        last.update(program("register", settings))
        return sample_of(last)

    def insert() -> Sample:
        emptied(bench, "insert")
        in_one = -(-last["files"] // last["transactions"])
        return sample_of(program("insert", ours / "archived.db", theirs / "archived.db", in_one))

    samples = in_turn({"archived": register, "sqlite3": insert}, bench.runs)
    for folder in (ours, theirs):
        shutil.rmtree(folder)
    each = {name: 1e6 * median(some, "cpu") / last["files"] for name, some in samples.items()}
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [Claim("time, against sqlite3", ratio(samples, "archived", "sqlite3"), 1.3)],
        [
            f"{each['archived']:.2f} µs of CPU a file, sqlite3 {each['sqlite3']:.2f}; "
            f"{last['transactions']} transactions"
        ],
    )


def emptied(bench: Bench, name: str) -> Path:
    """A folder for a store of one run."""
    folder = bench.where / f"{name}-{bench.files}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
