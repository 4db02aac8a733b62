"""peewee loads the drivers of all servers that it finds. A store in a file needs none: they would be a third of the
memory of a daemon that has one."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any

DRIVERS = ("psycopg", "pymysql")


def left_out() -> None:
    """Load peewee, unless it is loaded, without the drivers that are not loaded either; `found` makes up for it."""
    modules: dict[str, Any] = sys.modules
    if "peewee" in modules:
        return
    hidden = [name for name in DRIVERS if name not in modules]
    # What the import system takes for a module that is not installed.
    modules.update(dict.fromkeys(hidden))
    try:
        importlib.import_module("peewee")
    finally:
        for name in hidden:
            del modules[name]


def found() -> None:
    """Let peewee have the drivers that are installed, also where it was loaded without them.

    What it notes of them when it is loaded is pinned by a test.
    """
    peewee: Any = importlib.import_module("peewee")
    if peewee.psycopg is None:
        with contextlib.suppress(ImportError):
            _give_psycopg(peewee)
    if peewee.mysql is None:
        with contextlib.suppress(ImportError):
            peewee.mysql = importlib.import_module("pymysql")


def _give_psycopg(peewee: Any) -> None:
    status = importlib.import_module("psycopg.pq").TransactionStatus
    json = importlib.import_module("psycopg.types.json")
    peewee.TransactionStatus = status
    peewee.Json_pg3, peewee.Jsonb_pg3 = json.Json, json.Jsonb
    adapter = peewee.Psycopg3Adapter
    adapter.txn_idle, adapter.txn_inerror = status.IDLE, status.INERROR
    adapter.txn_unknown = status.UNKNOWN
    peewee.psycopg = importlib.import_module("psycopg")
