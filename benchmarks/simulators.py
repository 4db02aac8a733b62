"""A simulated Globus in a process of its own, whose work is not counted as ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"

CONFIGURATION = """\
[archived]
rig = bench
store = {store}
quiet_time = 1s
records = no
[globus]
local_endpoint = {rig}
local_endpoint_subdir = /
local_endpoint_local_path = {root}
client_id = {client}
client_secret_file = {secret}
[location:video]
archive = {archive}:/
conventions = tracking-video
"""


@contextmanager
def simulated(root: Path, archive: Path) -> Iterator[Mapping[str, str]]:
    """A simulator of two collections, as the variables of the environment that lead to it."""
    collections = [f"--collection={RIG}={root}", f"--collection={ARCHIVE}={archive}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "archived.simulator", *collections],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found: dict[str, str] = {}
    try:
        for line in process.stdout:
            key, _, value = line.strip().partition("=")
            found[key] = value
            if key.endswith("SECRET"):
                break
        yield found
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def configuration(folder: Path, root: Path, simulator: Mapping[str, str]) -> Path:
    """Write the configuration of a rig whose archive is simulated, with a store in that folder."""
    client = next(value for key, value in simulator.items() if key.endswith("CLIENT_ID"))
    secret = folder / "secret"
    secret.write_text(next(value for key, value in simulator.items() if key.endswith("SECRET")))
    secret.chmod(0o600)
    path = folder / "archived.ini"
    path.write_text(
        CONFIGURATION.format(
            store=folder / "archived.db",
            root=root,
            rig=RIG,
            archive=ARCHIVE,
            client=client,
            secret=secret,
        )
    )
    path.chmod(0o600)
    return path


def environment(simulator: Mapping[str, str]) -> Mapping[str, str]:
    """This process' environment, with the way to the simulator and no other settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVED_")}
    return {**kept, **simulator}
