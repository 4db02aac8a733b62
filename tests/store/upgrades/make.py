"""Make the kept stores anew, or that of a new schema: `python -m tests.store.upgrades.make 0003 [COMMIT]`.

A kept store is what a release left behind, in text that can be reviewed:

* `kept/NNNN.KIND.sql`: how that release built its tables, on each kind of database;
* `kept/NNNN.sql`: every row, for all kinds. `{U+000A}` stands for a character that is not to be seen;
* `kept/NNNN.json`: what the verbs of that release said of it.

The story `told_NNNN.py` is told by the code of COMMIT itself, the last one with that schema (without it, by what is in
the working tree), into a PostgreSQL server that is started for it. Once a schema was released its files stay as they are.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.store.servers import SERVERS, Server, running

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEPT = HERE / "kept"
RIGS = ("rig-1", "r\udcefg '2'")

BUILD = """
import sys
import peewee
from archived.store import Store

execute = peewee.Database.execute_sql

def noted(self, sql, params=None):
    if sql.split()[0] in ("CREATE", "ALTER", "DROP"):
        assert not params
        print(" ".join(sql.split()) + ";")
    return execute(self, sql, params)

peewee.Database.execute_sql = noted
if sys.argv[2:]:
    from archived.store.address import database, parse
    from archived.store.opening import HISTORY, MIGRATIONS
    from playhouse.migrations import Runner

    built = database(parse(sys.argv[1]))
    built.connect()
    Runner(built, str(MIGRATIONS), table_name=HISTORY).up(sys.argv[2])
else:
    Store.open(sys.argv[1], rig="rig-1", create=True).close()
"""

NOT_YET = {("0001", "mysql"): "0001_first"}
"""Kinds of store that a release did not know; the next one began with the same tables there."""


def main(version: str, commit: str | None = None) -> None:
    """Tell the story of a schema, and keep what came of it."""
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder)
        _extract(commit, release)
        _run(release, "-c", BUILD, f"{folder}/built.db", to=KEPT / f"{version}.sqlite.sql")
        for kind in SERVERS:
            with running(kind) as server:
                address = server.new_database("built")
                target = NOT_YET.get((version, kind))
                code, words = (ROOT, [target]) if target else (release, [])
                _run(code, "-c", BUILD, address, *words, to=KEPT / f"{version}.{kind}.sql")
                if kind == "postgresql":
                    _tell(version, release, server)


def _tell(version: str, release: Path, server: Server) -> None:
    address = server.new_database("told")
    _run(release, "-m", f"tests.store.upgrades.told_{version}", address)
    said = {}
    for rig in RIGS:
        answers = _run(release, "-m", "tests.store.upgrades.saying", address, rig)
        said[rig] = json.loads(answers)
    (KEPT / f"{version}.json").write_text(_laid_out(said))
    with closing(server.connect("told")) as connection:
        (KEPT / f"{version}.sql").write_text("".join(_rows(connection)))


def _extract(commit: str | None, release: Path) -> None:
    """The code of a release, with the stories of today beside it."""
    if commit is None:
        shutil.copytree(ROOT / "archived", release / "archived")
    else:
        packed = subprocess.run(
            ["git", "archive", commit, "archived"], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        subprocess.run(["tar", "x"], cwd=release, input=packed.stdout, check=True)
    stories = release / "tests" / "store" / "upgrades"
    stories.mkdir(parents=True)
    for path in HERE.glob("*.py"):
        shutil.copy(path, stories)


def _run(release: Path, *words: str, to: Path | None = None) -> str:
    encoded = [word.encode("utf-8", "surrogateescape") for word in (sys.executable, *words)]
    done = subprocess.run(encoded, cwd=release, stdout=subprocess.PIPE, check=True)
    text = done.stdout.decode()
    if to is not None:
        to.write_text(text)
    return text


def _rows(connection: Any) -> Iterable[str]:
    """Every row on a line of its own, tables in the order in which they refer to each other."""
    from archived.store.schema import TABLES

    there = _strings(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ordered = [each._meta.table_name for each in TABLES]
    for table in [*(each for each in ordered if each in there), "archived_schema"]:
        columns = _strings(
            connection,
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND table_schema = 'public' ORDER BY ordinal_position",
        )
        names = ", ".join(columns)
        if table == "archived_schema":
            # When the migrations ran is of no interest, and would make the file another one each time.
            columns[columns.index("applied")] = "timestamp '2026-03-14 12:00:00'"
        chosen = ", ".join(columns)
        rows = connection.execute(f"SELECT {chosen} FROM {table} ORDER BY 1, 2").fetchall()
        if rows:
            lines = (f"({', '.join(map(_literal, row))})" for row in rows)
            yield f"INSERT INTO {table} ({names}) VALUES\n" + ",\n".join(lines) + ";\n"
    assert not set(there) - {*ordered, "archived_schema"}, there


def _strings(connection: Any, sql: str) -> list[str]:
    return [row[0] for row in connection.execute(sql).fetchall()]


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    assert "{U+" not in text
    text = "".join(c if c.isprintable() else f"{{U+{ord(c):04X}}}" for c in text)
    return "'" + text.replace("'", "''") + "'"


def unhidden(text: str) -> str:
    """The inverse of how characters are written that are not to be seen."""
    return re.sub(r"\{U\+([0-9A-F]{4,6})\}", lambda match: chr(int(match[1], 16)), text)


def _laid_out(said: dict[str, dict[str, Any]]) -> str:
    """JSON with each thing on a line of its own."""
    rigs = []
    for rig, answers in said.items():
        parts = []
        for question, answer in answers.items():
            opening, closing_, items = "", "", [json.dumps(answer)]
            if isinstance(answer, list) and answer:
                opening, closing_ = "[\n", "\n]"
                items = [json.dumps(each) for each in answer]
            elif isinstance(answer, dict) and answer:
                opening, closing_ = "{\n", "\n}"
                items = [f"{json.dumps(key)}: {json.dumps(each)}" for key, each in answer.items()]
            parts.append(f"{json.dumps(question)}: {opening}{f',{chr(10)}'.join(items)}{closing_}")
        rigs.append(f"{json.dumps(rig)}: {{\n" + ",\n".join(parts) + "\n}")
    return "{\n" + ",\n".join(rigs) + "\n}\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
