"""A process that puts a copy in the place of a store, and is killed before its n-th call to the disk, for each n."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from archived.store.restoring import put_back
from tests.builders import NOON

CALLS = ("open", "chmod", "link", "rename", "replace", "unlink", "fsync", "close")


def mortal(call: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    """The call, before which the process is killed when none are left."""

    def run(*words: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*words, **options)

    return run


def main(copy: str, base: str, *names: str) -> None:
    """Tell how often it took until nobody was killed; what is left each time lies in folders of their own."""
    number = 0
    while True:
        number += 1
        folder = Path(base) / f"killed-{number}"
        folder.mkdir()
        for name in names:
            shutil.copy(Path(base) / name, folder / name)
        child = os.fork()
        if child == 0:
            left = [number]
            for name in CALLS:
                setattr(os, name, mortal(getattr(os, name), left))
            put_back(Path(copy), folder / names[0], NOON + timedelta(hours=1))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            sys.stdout.write(f"{number}\n")
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
