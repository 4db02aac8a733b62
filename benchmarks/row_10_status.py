"""Row 10: `archivedctl status`, as JSON and as a table, against an interpreter that does nothing."""

from __future__ import annotations

from benchmarks.commands import archivedctl, interpreter
from benchmarks.measuring import in_turn
from benchmarks.values import Bench, Claim, Outcome, median, ratio

NUMBER = 10
TITLE = "`archivedctl status`"
AGAINST = "`python -c pass`"


def measure(bench: Bench) -> Outcome:
    """Whole programs, from start to end; the store is one whose daemon rests."""
    control = archivedctl(bench)
    samples = in_turn(
        {
            "archived, JSON": control("status", "--json"),
            "archived, table on a terminal": control("status", terminal=True),
            "python -c pass": interpreter,
        },
        bench.runs,
    )
    none = "python -c pass"
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim("time with --json", ratio(samples, "archived, JSON", none), 8.0),
            Claim("time as a table", ratio(samples, "archived, table on a terminal", none), 12.0),
        ],
        [f"{1e3 * median(samples[name], 'cpu'):.0f} ms of CPU, {name}" for name in samples],
    )
