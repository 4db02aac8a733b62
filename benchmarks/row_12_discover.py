"""Row 12: `discover` fills an empty catalogue from the simulated Globus, against the library's own listing of as much."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.measuring import in_turn, program, sample_of
from benchmarks.rigs import tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio

NUMBER = 12
TITLE = "discover everything that the archive holds"
AGAINST = "`operation_ls` of globus-sdk, the same folders, as many at once"

COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
LARGE, FEW_RUNS = 1_000_000, 1
SMALL = 10_000

CONFIGURATION = """\
[archived]
rig = bench
store = {folder}/archived.db
spool = {folder}/exported/spool
[globus]
local_endpoint = c40e971d-0075-4a82-b12f-8f9717762e7b
local_endpoint_subdir = rig
local_endpoint_local_path = {folder}/exported/rig
client_id = {client}
client_secret_file = {folder}/secret
[location:ephys]
archive = {collection}:/
conventions = spikeglx
[location:video]
archive = {collection}:/
conventions = tracking-video
"""


def measure(bench: Bench) -> Outcome:
    """Both ask the same simulator, which serves the rig's tree as the archive, each in a process of its own."""
    small = replace(bench, files=min(bench.files, SMALL))
    runs = min(bench.runs, FEW_RUNS) if bench.files >= LARGE else bench.runs
    peaks: list[float] = []
    counts: dict[str, int] = {}

    with simulated(tree(bench)):
        settings = configuration(bench)

        def discover() -> Sample:
            begin_anew(settings.parent)
            figures = program("discover", settings)
            peaks.append(figures["peak"])
            counts["files"], counts["folders"] = figures["archived"], figures["listed"]
            write_folders(settings.parent)
            return sample_of(figures)

        def again() -> Sample:
            figures = program("discover", settings)
            assert figures["in_both"] == counts["files"], figures
            return sample_of(figures)

        def listing() -> Sample:
            return sample_of(program("listing", COLLECTION, settings.parent / "folders"))

        samples = in_turn(
            {"archived": discover, "listing": listing, "archived, everything known": again}, runs
        )
    with simulated(tree(small)):
        settings = configuration(small)
        begin_anew(settings.parent)
        least = program("discover", settings)["peak"]
    each = 1e6 * median(samples["archived"], "cpu") / counts["files"]
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim(
                "an empty catalogue, against listing", ratio(samples, "archived", "listing"), 1.5
            ),
            Claim(
                "everything known already, against listing",
                ratio(samples, "archived, everything known", "listing"),
                1.5,
            ),
            Claim(f"memory, against {small.files:,} files", max(peaks) / least, 1.25),
        ],
        [
            f"{counts['files']:,} files in {counts['folders']:,} folders; {each:.1f} µs of CPU a file",
            "both without the pace of eight requests a second that a service is asked at otherwise",
        ],
    )


@contextmanager
def simulated(archive: Path) -> Iterator[None]:
    """A simulator of its own process that serves a folder; programs started meanwhile use it."""
    words = ("-m", "archived.cli", "simulate", "--collection", f"{COLLECTION}={archive}")
    before = dict(os.environ)
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                name, _, value = line.strip().partition("=")
                os.environ[name] = value
                if name == "ARCHIVED_GLOBUS_CLIENT_SECRET":
                    break
            yield
        finally:
            process.terminate()
            os.environ.clear()
            os.environ.update(before)


def configuration(bench: Bench) -> Path:
    """A rig without any recordings, whose archive is the simulated collection."""
    folder = bench.where / f"discover-{bench.files}"
    (folder / "exported" / "rig").mkdir(parents=True, exist_ok=True)
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(os.environ["ARCHIVED_GLOBUS_CLIENT_SECRET"])
    path = folder / "archived.ini"
    client = os.environ["ARCHIVED_GLOBUS_CLIENT_ID"]
    path.write_text(CONFIGURATION.format(folder=folder, collection=COLLECTION, client=client))
    path.chmod(0o600)
    return path


def begin_anew(folder: Path) -> None:
    """No store, and nothing that was beside it."""
    for each in folder.glob("archived.db*"):
        each.unlink()
    shutil.rmtree(folder / "canary", ignore_errors=True)


def write_folders(folder: Path) -> None:
    """The folders that a discovery listed, one on each line."""
    connection = sqlite3.connect(folder / "archived.db")
    with connection:
        rows = connection.execute("SELECT path FROM discovery_folder ORDER BY discovery_id, rowid")
        (folder / "folders").write_text("".join(f"{path}\n" for (path,) in rows))
    connection.close()
