"""What the programs have in common that run with a real DataJoint: connecting, and answering in JSON."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from typing import Any

import datajoint as dj

warnings.simplefilter("ignore")
logging.disable(logging.INFO)

NEW = int(dj.__version__.split(".")[0]) >= 2


def order() -> dict[str, Any]:
    """What the test asked for; the connection is set up by it."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    settings = {
        "database.host": asked["host"],
        "database.port": asked["port"],
        "database.user": asked["user"],
        "database.password": "",
        "database.use_tls": False,
    }
    if NEW:
        settings["database.backend"] = asked["backend"]
        if asked["backend"] == "postgresql":
            settings["database.name"] = asked["database"]
    for key, value in settings.items():
        dj.config[key] = value
    dj.config["safemode"] = False
    return asked


def answer(value: Any) -> None:
    """Print the result, as the last line."""
    sys.stdout.write("\n" + json.dumps(value, default=str) + "\n")


def virtual(name: str, schema: str) -> Any:
    """A module made of what is in the database."""
    return dj.VirtualModule(name, schema)


def rows(query: Any) -> list[dict[str, Any]]:
    """Everything that a query finds, in a fixed order."""
    found = query.to_dicts() if NEW else query.fetch(as_dict=True)
    return sorted(
        ({key: _plain(value) for key, value in row.items()} for row in found), key=json.dumps
    )


def _plain(value: Any) -> Any:
    """Numbers of numpy as those of Python, all else that JSON lacks as text."""
    if hasattr(value, "item"):
        return value.item()
    return value if isinstance(value, (int, str)) else str(value)
