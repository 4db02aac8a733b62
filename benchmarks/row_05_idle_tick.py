"""Row 5: one turn of the daemon with nothing to do, everything archived."""

from __future__ import annotations

from benchmarks.measuring import in_turn, program, sample_of
from benchmarks.rigs import configuration, copy_of, store_of, tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median

NUMBER = 5
TITLE = "one tick with nothing to do"
AGAINST = "5 ms of CPU, whatever is archived"

TURNS = 200


def measure(bench: Bench) -> Outcome:
    """The daemon's own turn, two seconds apart by its clock, after it looked at everything."""
    root = tree(bench)
    settings = configuration(bench, copy_of(store_of(bench), "row-5"), root=root)
    turns = 20 if bench.quick else TURNS
    statements: list[float] = []

    def tick() -> Sample:
        figures = program("tick", settings, turns)
        statements.append(figures["statements"])
        whole = sample_of(figures)
        return Sample(whole.wall / turns, whole.cpu / turns, whole.peak)

    samples = in_turn({"archived": tick}, bench.runs)
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [Claim("CPU of a tick", 1e3 * median(samples["archived"], "cpu"), 5.0, " ms")],
        [
            f"{max(statements):.1f} statements a tick; their plans: tests/daemon/test_plans_of_ticks.py"
        ],
    )
