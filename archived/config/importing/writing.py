"""Writes the text of an `archived.ini`: keys, and comments that say where each value came from."""

from __future__ import annotations

import textwrap
from dataclasses import field

from archived.config.ini import read_ini
from archived.core.dataclass import dataclass
from archived.core.paths import printable

WIDTH = 118
_OFF = "; "


@dataclass(frozen=True, slots=True)
class Key:
    """One key with its comment. One that is `off` stands there behind `;`, to be completed or chosen."""

    name: str
    value: str
    comment: str = ""
    off: bool = False


@dataclass(frozen=True)
class Section:
    """One section with its comment, and at least one key. One that is `off` stands there behind `;` as a whole."""

    header: str
    comment: str = ""
    keys: list[Key] = field(default_factory=list)
    off: bool = False

    def text(self) -> str:
        """The section as it stands in the file."""
        mark = _OFF if self.off else ""
        first, *others = [self._key(each) for each in self.keys]
        header = f"{_commented(self.comment)}{mark}[{self.header}]"
        return "\n\n".join([f"{header}\n{first}", *others])

    def _key(self, key: Key) -> str:
        off = self.off or key.off
        # What does not work is shown with its value, in a form that cannot begin a line of its own.
        value = printable(key.value) if off else key.value
        return f"{_commented(key.comment)}{_OFF if off else ''}{key.name} = {value}".rstrip()


def whole_text(comment: str, sections: list[Section]) -> str:
    """The file: a comment, then the sections that have anything in them."""
    filled = [each.text() for each in sections if each.keys]
    return "\n\n".join([_commented(comment).rstrip("\n"), *filled]) + "\n"


def holds(value: str) -> bool:
    """Whether an INI file gives a value back as it is: a blank before `;` or `#` would begin a comment."""
    sections, mistakes = read_ini(f"[x]\nkey = {value}\n")
    return not mistakes and sections == {"x": {"key": value}}


def _commented(text: str) -> str:
    lines = textwrap.wrap(printable(text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "".join(f"; {line}\n" for line in lines)
