"""What one examination of `check` found: how it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from archived.cli.shell import NEEDS_A_PERSON
from archived.core.dataclass import dataclass
from archived.errors import (
    ArchivedError,
    ConfigurationError,
    LoginRequiredError,
    NotPermittedError,
)
from archived.ports import Finding


class Level(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of `check`. `exit_code` is what it asks for, 0 unless it failed."""

    area: str
    level: Level
    what: str
    what_to_do: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    exit_code: int = 0
    means: str = ""
    """What follows from it, where its words do not say so themselves."""


def ok(area: str, what: str, **fields: str) -> Checked:
    """All is well."""
    return Checked(area, Level.OK, what, fields=fields)


def warn(area: str, what: str, what_to_do: str = "", *, means: str = "", **fields: str) -> Checked:
    """It works, and could work better."""
    return Checked(area, Level.WARN, what, what_to_do, fields, means=means)


def fail(
    area: str, what: str, what_to_do: str, *, means: str = "", exit_code: int = NEEDS_A_PERSON
) -> Checked:
    """A person has to do something before it works."""
    return Checked(area, Level.FAIL, what, what_to_do, exit_code=exit_code, means=means)


def failed_by(area: str, error: ArchivedError, what: str = "") -> Checked:
    """A failure that an error tells about; configuration and login keep their exit codes."""
    kept = isinstance(error, (ConfigurationError, LoginRequiredError, NotPermittedError))
    text = f"{what}: {error}" if what else str(error)
    code = error.exit_code if kept else NEEDS_A_PERSON
    return fail(area, text, error.what_to_do, exit_code=code)


def from_finding(area: str, finding: Finding) -> Checked:
    """What a mover or the store found out about itself."""
    if finding.ok:
        level, code = (Level.WARN if finding.warning else Level.OK), 0
    else:
        level, code = Level.FAIL, NEEDS_A_PERSON
    return Checked(area, level, finding.what, finding.what_to_do, finding.fields, code)
