"""Row 2: the ordinary rescan of a daemon that rests, of which nothing changed, against `find` that reads everything."""

from __future__ import annotations

from functools import partial

from benchmarks.measuring import command, in_turn, program, sample_of
from benchmarks.rigs import configuration, copy_of, sessions, store_of, tree
from benchmarks.row_01_full_look import FIND
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio

NUMBER = 2
TITLE = "the ordinary rescan, nothing changed"
AGAINST = "`find -type f -printf '%s %T@ %p'`"

TARGET_FROM = 1_000_000
"""Below that many files a rescan is mostly the daemon's turns, and there is little to be saved: it is to be no slower."""


def measure(bench: Bench) -> Outcome:
    """From the turn in which it is due to the one that ends it, after a look at everything in the same process."""
    root = tree(bench)
    settings = configuration(bench, copy_of(store_of(bench), "row-2"), root=root)

    def look() -> Sample:
        return sample_of(program("look", settings, "ordinary"))

    samples = in_turn(
        {"archived": look, "find": partial(command, ("find", root, *FIND[1:]))}, bench.runs
    )
    limit = 0.05 if bench.files >= TARGET_FROM else 1.0
    share = Claim("time, against find", ratio(samples, "archived", "find"), limit)
    folders = sum(1 for _ in root.rglob("*/"))
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [share],
        [
            f"{1e6 * median(samples['archived'], 'cpu') / folders:.1f} µs of CPU a folder, "
            f"{folders:,} folders of {len(sessions(bench.files)):,} sessions",
        ],
    )
