"""One mistake in the configuration, told by section, key, value and what was expected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archived.core.paths import printable
from archived.errors import ConfigurationError

_SECRET_KEY = re.compile(r"secret$|password|token$", re.IGNORECASE)
_PASSWORD_IN_ADDRESS = re.compile(r"(://[^/@:]*:)[^/]*@")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `section`, `key` and `value` are "" where the mistake is not about one; secrets are not shown."""

    section: str
    key: str
    value: str
    expected: str

    def __post_init__(self) -> None:
        shown = without_password(self.value)
        if self.value and _SECRET_KEY.search(self.key):
            shown = "(not shown)"
        object.__setattr__(self, "value", shown)

    def __str__(self) -> str:
        """`[section] key = value: expected …`, on one line."""
        value = ", ".join(line.strip() for line in self.value.splitlines() if line.strip())
        if len(value) > _LONGEST:
            value = f"{value[:_LONGEST]}…"
        where = f"[{self.section}]" if self.section else "the file"
        if self.key:
            where += f" {self.key} = {value}" if value else f" {self.key} is missing"
        elif value.startswith("$"):
            where = value  # a variable of the environment is in no file
        elif value:
            where += f", {value}"
        return printable(f"{where}: expected {self.expected}")


class MistakesError(ConfigurationError):
    """The configuration cannot be used; `mistakes` holds every single reason."""

    def __init__(self, where: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(
            f"{printable(where)} has {count}, so nothing is begun; no data is affected:{lines}",
            what_to_do="Correct the file; `archivedctl check` looks at it again.",
        )


def without_password(address: str) -> str:
    """The address of a database with its password replaced."""
    return _PASSWORD_IN_ADDRESS.sub(r"\1(not shown)@", address)
