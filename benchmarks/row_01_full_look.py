"""Row 1: a look at everything, of which nothing changed since it was archived, against `find` that tells as much."""

from __future__ import annotations

from functools import partial

from benchmarks.measuring import command, in_turn, program, sample_of
from benchmarks.rigs import configuration, copy_of, store_of, tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio

NUMBER = 1
TITLE = "a look at every file, nothing changed"
AGAINST = "`find -type f -printf '%s %T@ %p'`"

FIND = ("find", "-type", "f", "-printf", "%s %T@ %p\\n")


def measure(bench: Bench) -> Outcome:
    """The daemon's own step, from the beginning of a deep look to its end, with a store that knows every file."""
    root = tree(bench)
    store = copy_of(store_of(bench), "row-1")
    settings = configuration(bench, store, root=root)
    grown: list[float] = []

    def look() -> Sample:
        figures = program("look", settings, "deep")
        grown.append(figures["peak"] - figures["before"])
        return sample_of(figures)

    samples = in_turn(
        {"archived": look, "find": partial(command, ("find", root, *FIND[1:]))}, bench.runs
    )
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim("time, against find", ratio(samples, "archived", "find"), 2.0),
            Claim("memory over the idle daemon", max(grown), 60.0, " MB"),
        ],
        [f"{1e6 * median(samples['archived'], 'cpu') / bench.files:.2f} µs of CPU a file"],
    )
