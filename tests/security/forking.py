"""Run as a program: loads ours once, and becomes one of them in a new process for each line that it is sent.

One JSON document on each line, both ways. What a program does and leaves is the same; only loading it is saved.
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
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

LEFT_OUT = ("archived.simulator", "archived.store.migrations")


def become(order: dict[str, Any]) -> NoReturn:
    """Be the program that was ordered, in the process that this is by now."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    out, complaints = os.open(order["out"], flags), os.open(order["err"], flags)
    for there, here in ((nothing, 0), (out, 1), (complaints, 2)):
        os.dup2(there, here)
        os.close(there)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    # What stands before our programs there, such as a library of systemd.
    sys.path[:0] = order["environment"]["PYTHONPATH"].split(os.pathsep)
    if order["warnings"]:
        warnings.simplefilter("always")
    sys.argv = [order["module"], *order["words"]]
    end(importlib.import_module(order["module"]).main)


def end(program: Callable[[], object]) -> NoReturn:
    """Run a program and end as it would, without taking to pieces what was loaded: that would have it copied first."""
    code: object = 1
    try:
        code = program()
    except SystemExit as ending:
        code = ending.code
    except BaseException:  # noqa: BLE001 - what the interpreter does with it
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def load() -> None:
    """Load whatever a program may load in its life."""
    import archived

    for name in ("archived.__main__", "archived.cli", "psycopg.pq", "pymysql"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(archived.__path__, "archived."):
        if not module.name.startswith(LEFT_OUT):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def main() -> None:
    """Serve until nobody asks any more."""
    load()
    gc.freeze()  # A fork that looks through all of that has every page of it copied.
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            gone, status = os.waitpid(order["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if gone else None
        elif (answer := os.fork()) == 0:
            become(order)
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
