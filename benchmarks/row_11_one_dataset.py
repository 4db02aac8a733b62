"""Row 11: `archivedctl list`, `show` and `why` about one dataset, against an interpreter that does nothing."""

from __future__ import annotations

from benchmarks.commands import archivedctl, interpreter
from benchmarks.measuring import in_turn
from benchmarks.rigs import sessions, tree
from benchmarks.values import Bench, Claim, Outcome, median, ratio

NUMBER = 11
TITLE = "`list`, `show` and `why` about one dataset"
AGAINST = "`python -c pass`"


def measure(bench: Bench) -> Outcome:
    """Whole programs, as a person types them about a recording: its videos have 701 files, its electrophysiology eight."""
    control, root = archivedctl(bench), tree(bench)
    session = sessions(bench.files)[-1]
    video = f"{root}/{session.video}/{session.h2o}_side_001-0000.avi"
    none = "python -c pass"
    samples = in_turn(
        {
            "list": control(
                "list", "--h2o", session.h2o, "--date", f"{session.day}", "--location", "ephys"
            ),
            "show": control("show", f"ephys/{session.run}"),
            "show of 701 files": control("show", f"video/{session.video}"),
            "why": control("why", video),
            "why of a folder": control("why", f"{root}/{session.run}"),
            none: interpreter,
        },
        bench.runs,
    )
    ours = [name for name in samples if name != none]
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [Claim(f"time of {name}", ratio(samples, name, none), 15.0) for name in ours],
        [f"{1e3 * median(samples[name], 'cpu'):.0f} ms of CPU, {name}" for name in samples],
    )
