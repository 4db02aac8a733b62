"""What the figures were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

from archived import clock

PACKAGES = ("apsw", "click", "globus-sdk", "peewee", "psycopg", "structlog", "watchdog")


def about() -> Mapping[str, str]:
    """The machine, the versions of whatever takes part, and the date."""
    return {
        "date": f"{clock.now():%Y-%m-%d}",
        "processors": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{_memory() / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()}",
        "SQLite of Python": sqlite3.sqlite_version,
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "findutils": _first_line("find", "--version").rpartition(" ")[2],
        "coreutils": _first_line("cp", "--version").rpartition(" ")[2],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _first_line(*command: str) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    return result.stdout.partition("\n")[0]
