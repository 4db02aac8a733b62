"""`archivedctl`: everything a person does. `commands.py` lists the commands; each is a file beside it.

A command's own file is imported when it is called, and this package loads nothing before it is used, so that `status`
answers before a person notices a delay.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archived.cli.commands import COMMANDS, cli

__all__ = ["COMMANDS", "cli", "main"]

SELDOM = 50_000
"""How many more objects than before there have to be until it is looked whether they are of any use. Most commands
load modules and end: looking so often as usual takes a tenth of their time, and finds nothing."""


def main() -> None:
    """The program `archivedctl`; the exit codes are listed in its `--help`."""
    gc.set_threshold(SELDOM)
    from archived.cli.commands import cli
    from archived.cli.shell import tell_of_mistake
    from archived.secrecy.memory import keep_to_itself

    keep_to_itself()
    sys.excepthook = tell_of_mistake
    cli()


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from archived.cli import commands

    value: object = getattr(commands, name)
    return value
