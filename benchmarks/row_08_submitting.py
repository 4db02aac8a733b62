"""Row 8: from "settled" to "submitted" for a batch of 5,000 files, against the library's own document for them.

The simulated Globus is a process of its own. The daemon stores the batch before it sends it, looks at every file once
more, fetches a submission id, and looks into each folder of the archive: it may not overwrite what is not its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks.measuring import sample_of
from benchmarks.rigs import FILES_A_SESSION, tree
from benchmarks.simulators import configuration, environment, simulated
from benchmarks.values import Bench, Claim, Outcome, median

NUMBER = 8
TITLE = 'from "settled" to "submitted", 5,000 files'
AGAINST = "building and encoding the same `TransferData` with the SDK, and one round trip"
SIZES = (10_000,)

SESSIONS = 7


def measure(bench: Bench) -> Outcome:
    """The daemon's own steps, in a process of its own for each turn."""
    found = [_turn(bench) for _ in range(bench.runs + 1)][-bench.runs :]
    samples = {
        name: [sample_of(each[name]) for each in found]
        for name in ("archived", "library", "round trip", "requests")
    }
    wall, cpu = (
        {name: median(each, what) for name, each in samples.items()} for what in ("wall", "cpu")
    )
    files = found[0]["files"]
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim(
                "CPU without that of the requests, against the library's",
                (cpu["archived"] - cpu["round trip"] - cpu["requests"]) / cpu["library"],
                1.5,
            ),
            Claim(
                "time without the requests, against the library's",
                (wall["archived"] - wall["round trip"] - wall["requests"]) / wall["library"],
                1.5,
            ),
        ],
        [
            f"{files} files in {found[0]['folders']} folders: {1e6 * cpu['archived'] / files:.0f} µs of CPU for each",
            "the requests besides the document's own: the submission id, and a look at each folder of the archive",
        ],
    )


def _turn(bench: Bench) -> Mapping[str, Any]:
    root = tree(replace(bench, files=SESSIONS * FILES_A_SESSION)) / "videos"
    folder = bench.where / "row-8"
    shutil.rmtree(folder, ignore_errors=True)
    archive = folder / "archive"
    archive.mkdir(parents=True)
    with simulated(root, archive) as simulator:
        result = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.programs.submit",
                configuration(folder, root, simulator),
            ],
            env=environment(simulator),
            stdout=subprocess.PIPE,
            check=True,
        )
    figures: Mapping[str, Any] = json.loads(result.stdout)
    return figures
