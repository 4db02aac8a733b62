"""Commands as a person types them, each a program of its own."""

from __future__ import annotations

import compileall
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import archived
from archived.config.finding import VARIABLE
from benchmarks.measuring import command
from benchmarks.rigs import configuration, store_of
from benchmarks.values import Bench, Sample

PROGRAM = Path(sys.executable).with_name("archivedctl")


def archivedctl(bench: Bench) -> Callable[..., Callable[[], Sample]]:
    """Makes a contestant of the words of a command line, about the rig of that size whose store nobody else uses."""
    # As a package is installed; without it a change of ours would be compiled again with each start.
    compileall.compile_dir(str(Path(archived.__file__).parent), quiet=2)
    environment = {**_environment(), VARIABLE: str(configuration(bench, store_of(bench)))}

    def contestant(*words: str, terminal: bool = False) -> Callable[[], Sample]:
        arguments: list[str | Path] = [PROGRAM, *words]
        told = subprocess.run(
            [str(each) for each in arguments],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if told.returncode or not told.stdout:
            raise RuntimeError(f"{words} ended with {told.returncode}: {told.stderr}")
        run = partial(command, arguments, environment=environment)
        return partial(_on_terminal, run) if terminal else run

    return contestant


def _on_terminal(run: Callable[..., Sample]) -> Sample:
    """What a person sees; a terminal keeps some pages until somebody reads them."""
    ours, theirs = pty.openpty()
    try:
        return run(output=theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def interpreter() -> Sample:
    """The interpreter that runs these commands, with nothing to do."""
    return command([sys.executable, "-c", "pass"], environment=_environment())


def _environment() -> Mapping[str, str]:
    """Without what people set to see more, or other things, of Python."""
    return {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
