"""Row 3: the first look at a full tree, until all of it is ready to be sent, against `find` and `sqlite3`."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

from benchmarks.measuring import command, in_turn, program, sample_of
from benchmarks.rigs import configuration, tree
from benchmarks.row_01_full_look import FIND
from benchmarks.row_04_registering import emptied
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio

NUMBER = 3
TITLE = "the first look at a full tree: recognised, judged by content, registered"
AGAINST = "`find -type f -printf '%s %T@ %p'` + `sqlite3` executemany of the same rows"


def measure(bench: Bench) -> Outcome:
    """The daemon's own turns from an empty store to everything READY; the wait for quiet time is left out."""
    root = tree(bench)
    ours, theirs = (emptied(bench, name) for name in ("first", "first-insert"))
    settings = configuration(bench, ours / "archived.db", root=root)
    last: dict[str, Any] = {}

    def look() -> Sample:
        emptied(bench, "first")
        last.update(program("first_look", settings))
        return sample_of(last)

    def insert() -> Sample:
        emptied(bench, "first-insert")
        found = program("insert", ours / "archived.db", theirs / "archived.db", 5_000)
        last["files"] = found["files"]
        return sample_of(found)

    samples = in_turn(
        {
            "archived": look,
            "find": partial(command, ("find", root, *FIND[1:])),
            "sqlite3": insert,
            "open, read, close": lambda: sample_of(program("open_all", root)),
        },
        bench.runs,
    )
    for folder in (ours, theirs):
        shutil.rmtree(folder)
    each = {name: 1e6 * median(some, "cpu") / last["files"] for name, some in samples.items()}
    limit = each["find"] + each["sqlite3"]
    floor = each["find"] + each["open, read, close"] + limit
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [Claim("time, against both", ratio(samples, "archived", "find", "sqlite3"), 2.5)],
        [
            f"{each['archived']:.1f} µs of CPU a file; find {each['find']:.1f}, sqlite3 {each['sqlite3']:.1f}, "
            f"to open, read and close it in a bare loop {each['open, read, close']:.1f}",
            f"a file is seen twice, opened once and stored once: {floor:.1f} µs or {floor / limit:.1f}× with nothing "
            "recognised, compared or judged yet; 2.5× would take compiled code for the walk and the judge",
            f"registered after {last['registered']:.1f} s; the process grew by {last['peak'] - last['before']:.0f} MB",
        ],
    )
