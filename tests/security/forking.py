"""Run as a program: loads the commands once, and becomes `archivedctl` in a new process for each line that it is sent.

One JSON document on each line, both ways. What a command does and leaves is the same; only loading it is saved.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

LOADED = (
    "archived.transfer.globus",
    "archived.transfer.login",
    "archived.store",
    "archived.store.postgres",
    "archived.store.mysql",
    "archived.config",
)


def become(order: dict[str, Any]) -> None:
    """Be the command that was typed, in the process that this is by now."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    out, complaints = os.open(order["out"], flags), os.open(order["err"], flags)
    for there, here in ((nothing, 0), (out, 1), (complaints, 2)):
        os.dup2(there, here)
    os.environ.update(order["environ"])
    sys.argv = ["archivedctl", *order["words"]]
    importlib.import_module("archived.cli").main()


def main() -> None:
    """Serve until nobody asks any more."""
    for each in (Path(__file__).parents[2] / "archived" / "cli").glob("[a-z]*.py"):
        importlib.import_module(f"archived.cli.{each.stem}")
    for name in LOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                become(json.loads(line))
            except SystemExit as ending:
                code = ending.code if isinstance(ending.code, int) else 0
            except BaseException:  # noqa: BLE001 - what the interpreter does at the end of a process
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
