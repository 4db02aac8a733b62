"""Run as a program: upgrade a store in a file, in children that kill themselves ever later, and print how each left it.

A line is the number of the statement before which a child died, and whether the store was the old one then ("old"), the
new one, or neither; the last line is of the child that lived.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from archived.store import Store
from archived.store.sqlite import SqliteDatabase
from tests.builders import NOON
from tests.store.upgrades.loading import everything, timeless


def upgrade(address: str, fatal: int) -> None:
    """Open the store, and die before a statement of that number, the copying and the commit counted as statements."""
    left = fatal

    def counted(wrapped: Any) -> Any:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return wrapped(*arguments, **options)

        return run

    database: Any = SqliteDatabase
    database.execute_sql = counted(database.execute_sql)
    database.commit = counted(database.commit)
    os.replace = counted(os.replace)
    Store.open(address, rig="rig-1", create=True, now=NOON).close()


def main(address: str, step: str) -> None:
    """Until one lives."""
    old, fatal, died = timeless(everything(address)), int(step), True
    while died:
        child = os.fork()
        if child == 0:
            upgrade(address, fatal)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert died or status == 0, status
        found = timeless(everything(address))
        what = "old" if found == old else "new" if len(found) > len(old) else "neither"
        sys.stdout.write(f"{fatal} {what}\n")
        fatal += int(step)


if __name__ == "__main__":
    main(*sys.argv[1:])
