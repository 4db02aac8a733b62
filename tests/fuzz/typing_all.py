"""Types several commands one after the other in one process: most of what a new one costs is to load the program."""

from __future__ import annotations

import contextlib
import sys

from archived.cli import cli

COMMANDS = (["status"], ["list"], ["events"], ["discover"], ["subjects", "list"])
END = "-- the end of a page --"


def type_all(configuration: str) -> None:
    """What `archivedctl` prints at each, and behind each `END`."""
    for words in COMMANDS:
        with contextlib.suppress(SystemExit):
            cli.main(["-c", configuration, *words], "archivedctl")
        sys.stdout.write(f"{END}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    type_all(sys.argv[1])
