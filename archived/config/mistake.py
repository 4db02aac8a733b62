"""One mistake in the configuration, told by section, key, value and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import ConfigurationError
from archived.secrecy.hidden import NOT_SHOWN

_SECRET_KEY = r"(?i)(?!.*_file$).*(?:secre|passw|passphrase|pwd|token|credential)"
_PASSWORD_IN_ADDRESS = r"(?s)(://[^:]*:).*@"
"""Up to the last `@`: the user's name may have one, and so may a password that was not written as it should be."""
_PASSWORD_WITHOUT_HOST = r"(?s)(://[^:@/\[]*:)(?![0-9]{1,5}(?:[/?#]|$))[^@]+$"
"""What stands where a port would, and is none: somebody forgot the `@` and what follows it."""
_SECRET_PARAMETER = r"(?i)([?&][^=&]*pass(?:word|wd|phrase)?=)[^&]*"
"""No parameter of ours, but somebody may think that it is one."""
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
        if self.value and re.search(_SECRET_KEY, self.key):
            shown = NOT_SHOWN
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


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of the words that was probably meant; None where none is alike."""
    # Only here: without mistakes nothing is compared.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(words), n=1)), None)


def has_password(address: str) -> bool:
    """Whether there is a password in the address of a database, one that could be used."""
    if "://" not in address:
        return False
    from urllib.parse import urlsplit

    return bool(urlsplit(address).password)


def without_password(address: str) -> str:
    """The address of a database with its password replaced, also where it is none that could be used."""
    if not any(mark in address for mark in ("://", "?", "&")):
        return address
    hidden = re.sub(_PASSWORD_IN_ADDRESS, rf"\1{NOT_SHOWN}@", address)
    hidden = re.sub(_PASSWORD_WITHOUT_HOST, rf"\1{NOT_SHOWN}", hidden)
    return re.sub(_SECRET_PARAMETER, rf"\1{NOT_SHOWN}", hidden)
