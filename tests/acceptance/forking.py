"""Run as a program: loads the installed programs once, and becomes one of them in a new process whenever it is asked.

Each is a process like any other, and is killed like any other; only what Python takes to load it is saved. One JSON
document on each line, both ways.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import sys
import time
from typing import Any

PROGRAMS = {"archived": "archived.__main__", "archivedctl": "archived.cli"}
LEFT_OUT = ("archived.__main__", "archived.simulator", "archived.store.migrations")


def become(order: dict[str, Any]) -> None:
    """Be the program that was ordered, in the process that this is by now."""
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    answer = os.open(order["answer"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for there, here in ((nothing, 0), (answer, 1), (log, 2)):
        os.dup2(there, here)
        os.close(there)
    sys.argv = [order["program"], *order["words"]]
    program = importlib.import_module(PROGRAMS[order["program"]])
    sys.exit(program.main())


def load() -> None:
    """Load whatever a program may load in its life."""
    for name in ("archived.__main__", "archived.cli", "psycopg", "psycopg.pq", "pymysql"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for module in pkgutil.walk_packages(sys.modules["archived"].__path__, "archived."):
        if not module.name.startswith(LEFT_OUT):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def ended(pid: int) -> int | None:
    """How a process ended, as `Popen.returncode` says it; None while it runs."""
    gone, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if gone else None


def main() -> None:
    """Serve until nobody asks any more."""
    load()
    gc.freeze()  # A fork that looks through all of that has every page of it copied.
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            answer = ended(order["ended"])
        else:
            answer = os.fork()
            if answer == 0:
                become(order)
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
