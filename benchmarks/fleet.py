"""A PostgreSQL server of one's own, with a catalogue of one rig and one of very many, filled once and kept.

The first rig's rows are made by the program itself; the server makes those of the others from them. Whoever wants the
room back removes the folder `fleet-…`.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.measuring import program
from benchmarks.rigs import configuration, tree
from benchmarks.values import Bench
from tests.store.copies import copies
from tests.store.servers import Postgres, give

ALONE, FLEET = "alone", "fleet"
"""The databases: the first rig's rows, and those of all rigs."""

SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "max_connections": 1_000,
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}


FILLING = {
    "autovacuum_naptime": "5s",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "shared_buffers": "1GB",
    "work_mem": "512MB",
}
"""While it is filled, what a power cut would cost is begun anew."""


class Kept(Postgres):
    """A server whose data is kept, so that it is stopped in order."""

    sudden = signal.SIGINT


def rig_of(bench: Bench, rigs: int) -> Bench:
    """The first rig, with its part of the files."""
    return replace(bench, files=max(1, bench.files // rigs))


@contextmanager
def server(bench: Bench, rigs: int) -> Iterator[Kept]:
    """A server that runs until the block ends, with both catalogues."""
    folder = bench.where / f"fleet-{bench.files}"
    filled = folder / "filled"
    if not filled.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        give(Kept(folder), folder)
        folder.chmod(0o755)
        made = Kept(folder)
        made.create()
        made.settings = options(FILLING)
        made.start()
        try:
            fill(made, bench, rigs)
        finally:
            made.stop()
        os.sync()
        filled.touch()
    kept = Kept(folder)
    kept.settings = options(SETTINGS)
    kept.start()
    try:
        yield kept
    finally:
        kept.stop()


def options(settings: Mapping[str, object]) -> list[str]:
    """The words for a server's command."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def fill(made: Kept, bench: Bench, rigs: int) -> None:
    """Archive everything of the first rig, and let the server copy its rows for the others."""
    first = rig_of(bench, rigs)
    made.new_database(ALONE)
    program("fill", settings_of(made, first, ALONE))
    made.execute(f"CREATE DATABASE {FLEET} TEMPLATE {ALONE}")
    with closing(made.connect(FLEET)) as connection:
        for statement in copies(connection, rigs):
            connection.execute(statement)
    for database in (ALONE, FLEET):
        made.execute("VACUUM (ANALYZE)", "CHECKPOINT", database=database)


def settings_of(kept: Kept, first: Bench, database: str) -> Path:
    """The configuration of the first rig, in one of the catalogues."""
    return configuration(first, kept.address(database), root=tree(first), more="")
