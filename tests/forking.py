"""Run as a program: loads ours once, and becomes one of them in a new process whenever it is asked.

Each is a process like any other, and is killed like any other; only what Python takes to load it is saved. One JSON
document on each line, both ways.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

PROGRAMS = {"archived": "archived.__main__", "archivedctl": "archived.cli"}
LEFT_OUT = ("archived.simulator", "archived.store.migrations")


def become(order: dict[str, Any]) -> NoReturn:
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
    # What stands before our programs there, such as a library of systemd.
    sys.path[:0] = order["environment"]["PYTHONPATH"].split(os.pathsep)
    if order["warnings"]:
        warnings.simplefilter("always")
    sys.argv = [order["program"], *order["words"]]
    end(importlib.import_module(PROGRAMS.get(order["program"], order["program"])).main)


def end(program: Callable[[], object]) -> NoReturn:
    """Run a program and end as it would, without taking to pieces what was loaded: that would have it copied first."""
    code: object = 1
    try:
        code = program()
    except SystemExit as ending:
        code = ending.code
    except BaseException:  # noqa: BLE001 - what the interpreter does with it
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    # As the interpreter ends a program: it waits for its threads, and then calls what was registered.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


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
        elif (answer := os.fork()) == 0:
            become(order)
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
