"""The table of all parsers that are fuzzed."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import archive, configuration, formats, globus, machine, names

TARGETS: tuple[Target, ...] = (
    *formats.TARGETS,
    *names.TARGETS,
    *configuration.TARGETS,
    *archive.TARGETS,
    *globus.TARGETS,
    *machine.TARGETS,
)
