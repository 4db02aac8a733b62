"""The drivers of servers are loaded for stores and databases on servers, and for no store in a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from archived.store import Store
from tests.builders import NOON

USED = """
import sys
from datetime import UTC, datetime
from archived.store import Store
with Store.open(sys.argv[1], rig="rig-1", now=datetime(2026, 1, 2, tzinfo=UTC)) as store:
    store.count("looks")
print(sorted({"psycopg", "pymysql", "cryptography", "ssl"} & set(sys.modules)))
"""

NOTED = """
import peewee
names = ("psycopg", "TransactionStatus", "Json_pg3", "Jsonb_pg3", "mysql")
adapter = ("txn_idle", "txn_inerror", "txn_unknown")
print({name: repr(getattr(peewee, name)) for name in names})
print({name: repr(getattr(peewee.Psycopg3Adapter, name, None)) for name in adapter})
"""

AFTERWARDS = """
from archived.store.drivers import left_out
left_out()
import peewee
assert peewee.psycopg is None and peewee.mysql is None
import archived.store.servers
"""


def printed(program: str, *arguments: object) -> str:
    words = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_store_in_a_file_is_written_without_them(tmp_path: Path) -> None:
    Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True, now=NOON).close()
    assert printed(USED, tmp_path / "archived.db") == "[]\n"


def test_a_server_that_comes_later_is_used_as_if_they_had_been_there_from_the_start() -> None:
    assert printed(AFTERWARDS + NOTED) == printed(NOTED)
    assert "None" not in printed(NOTED)
