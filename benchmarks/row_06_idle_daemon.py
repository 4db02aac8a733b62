"""Row 6: the daemon with nothing to do, everything archived, beside a bare watchdog observer on the same tree."""

from __future__ import annotations

import os
import threading
import time

from benchmarks.daemons import Running, daemon, program, running
from benchmarks.rigs import configuration, copy_of, store_of, tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median

NUMBER = 6
TITLE = "the daemon idle, everything archived"
AGAINST = "a bare watchdog observer on the same tree"

WINDOW = float(os.environ.get("IDLE_SECONDS", "600"))
"""For how long at a million files, where it is ten minutes; a tenth of that with fewer. In it fall two looks of the
daemon at the disk, as in any ten minutes with the usual `rescan`; `IDLE_SECONDS` shortens it, and has them come closer."""

LARGE = 1_000_000

RESTED = 5.0
"""After how many seconds without CPU a process counts as done with its start."""


def measure(bench: Bench) -> Outcome:
    """Both at the same time, for the same seconds; once, as it takes long and what is compared barely varies."""
    root = tree(bench)
    window = 4.0 if bench.quick else WINDOW if bench.files >= LARGE else WINDOW / 10
    store = copy_of(store_of(bench), "row-6")
    settings = configuration(bench, store, root=root)
    text = settings.read_text()
    settings.write_text(
        text.replace("quiet_time", f"rescan = {max(window / 2, 1):.0f}s\nquiet_time")
    )
    with (
        running(*program("observer", root, "ours")) as bare,
        daemon(settings) as ours,
    ):
        for each in (bare, ours):
            each.rest(1.0 if bench.quick else RESTED)
        samples: dict[str, list[Sample]] = {name: [] for name in ("archived", "watchdog")}
        first = {"archived": _now(ours), "watchdog": _now(bare)}
        threading.Event().wait(window)
        for name, each in (("archived", ours), ("watchdog", bare)):
            then, used = first[name]
            now, uses = _now(each)
            samples[name].append(Sample(now - then, uses - used, each.resident()))
        shares = {"archived": ours.proportional(), "watchdog": bare.proportional()}
        threads = ours.threads()
    busy = 100 * samples["archived"][0].cpu / samples["archived"][0].wall
    more = median(samples["archived"], "peak") - median(samples["watchdog"], "peak")
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim("CPU of a core", busy, 0.2, " %"),
            Claim("memory (RSS) over the bare observer", more, 40.0, " MB"),
        ],
        [
            f"{window:.0f} s with two looks at the disk; {threads} threads",
            "memory in proportion (PSS), pages that are shared counted in parts: "
            f"archived {shares['archived']:.1f} MB, watchdog {shares['watchdog']:.1f} MB",
        ],
    )


def _now(process: Running) -> tuple[float, float]:
    return time.perf_counter(), process.cpu()
