"""A PostgreSQL server of one's own for tests: in a temporary folder, on a socket in it, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


def server_programs() -> Path | None:
    """Where initdb and pg_ctl are; distributions keep them off the path."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _as_somebody() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("nobody to run the server as")


@contextmanager
def postgresql(programs: Path) -> Iterator[Path]:
    """Run a server; yields the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="archived-pg-"))
    somebody = _as_somebody()
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    data, log = folder / "data", folder / "log"
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=40 -c full_page_writes=off"

    def run(*command: str | Path) -> None:
        subprocess.run(
            [*map(str, command)], check=True, cwd=folder, stdout=subprocess.DEVNULL, **somebody
        )

    try:
        run(programs / "initdb", "-D", data, "-A", "trust", "-U", "archived", "-E", "UTF8", "-N")
        run(programs / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield folder
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(socket: Path, name: str) -> str:
    """Make an empty database and return its address."""
    with psycopg.connect(
        host=str(socket), user="archived", dbname="postgres", autocommit=True
    ) as c:
        c.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://archived@/{name}?host={socket}"


def drop_database(socket: Path, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    with psycopg.connect(
        host=str(socket), user="archived", dbname="postgres", autocommit=True
    ) as c:
        c.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def empty(socket: Path, name: str, tables: Sequence[str]) -> None:
    """Delete all rows of tables, the last table first."""
    with psycopg.connect(host=str(socket), user="archived", dbname=name) as c:
        for table in reversed(tables):
            c.execute(f"DELETE FROM {table}")
