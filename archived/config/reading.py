"""From the texts of the sections to checked values: each mistake is told, and the rest is still looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from archived.config.ini import Sections
from archived.config.kinds import name as read_name
from archived.config.mistake import Mistake, nearest
from archived.config.section import UNKNOWN, Section
from archived.config.sections import (
    FIXED,
    NAMED,
    AlertsSection,
    ArchivedSection,
    ConventionSection,
    DatajointSection,
    GlobusSection,
    LocationSection,
    RetrieveSection,
    SubjectsSection,
    TransferSection,
    VerifySection,
    kind_of,
)
from archived.secrecy.hidden import NOT_SHOWN

S = TypeVar("S", bound=Section)

_KEY = "[a-z][a-z_ -]{0,30}|h2o"
"""What a person may have meant as a key. A line of a secret that was pasted here, with a `=` in it, is none."""

_HARMLESS = "(?si)/.*|[a-z]:.*|.{0,12}|[0-9a-f-]{36}|[a-z ,_-]*"
"""A path, an id, words, or what is too short for a secret that a machine made."""


class Reading:
    """The sections that could be read, and the mistakes so far.

    A section with mistakes is there without the wrong keys, or left out where it needs one of them.
    """

    def __init__(
        self,
        sections: Sections,
        origins: Mapping[tuple[str, str], str],
        mistakes: list[Mistake],
    ) -> None:
        self.sections = sections
        self.mistakes = mistakes
        self._origins = origins
        self._read: dict[str, Section] = {}
        self._told = set(mistakes)
        for section, keys in sections.items():
            kind = kind_of(section)
            if kind is None:
                self.mistakes.append(_unknown_section(section))
            else:
                self._check_name(section)
                self._read_one(section, kind, keys)

    @property
    def archived(self) -> ArchivedSection | None:
        """`[archived]`, as far as it could be read."""
        return cast("ArchivedSection | None", self._read.get("archived"))

    @property
    def globus(self) -> GlobusSection | None:
        """`[globus]`, as far as it could be read."""
        return cast("GlobusSection | None", self._read.get("globus"))

    @property
    def transfer(self) -> TransferSection | None:
        """`[transfer]`, as far as it could be read."""
        return cast("TransferSection | None", self._read.get("transfer"))

    @property
    def subjects(self) -> SubjectsSection | None:
        """`[subjects]`, as far as it could be read."""
        return cast("SubjectsSection | None", self._read.get("subjects"))

    @property
    def verify(self) -> VerifySection | None:
        """`[verify]`, as far as it could be read."""
        return cast("VerifySection | None", self._read.get("verify"))

    @property
    def retrieve(self) -> RetrieveSection | None:
        """`[retrieve]`, as far as it could be read."""
        return cast("RetrieveSection | None", self._read.get("retrieve"))

    @property
    def datajoint(self) -> DatajointSection | None:
        """`[datajoint]`, as far as it could be read."""
        return cast("DatajointSection | None", self._read.get("datajoint"))

    @property
    def alerts(self) -> AlertsSection | None:
        """`[alerts]`, as far as it could be read."""
        return cast("AlertsSection | None", self._read.get("alerts"))

    @property
    def locations(self) -> dict[str, LocationSection]:
        """The locations that could be read, by name, in the order of the file."""
        return self._named("location", LocationSection)

    @property
    def conventions(self) -> dict[str, ConventionSection]:
        """The lab's own conventions that could be read, by name."""
        return self._named("convention", ConventionSection)

    def names(self, kind: str) -> list[str]:
        """The names of all sections of a kind, with mistakes in them or not."""
        return [each.partition(":")[2] for each in self.sections if each.startswith(f"{kind}:")]

    def complain(self, section: str, key: str, expected: str) -> None:
        """Note a mistake about a key, with its value and where that came from."""
        if variable := self._origins.get((section, key)):
            expected += f" (the value comes from ${variable})"
        mistake = Mistake(section, key, self.value(section, key), expected)
        # What several locations inherit is told once.
        if mistake not in self._told:
            self._told.add(mistake)
            self.mistakes.append(mistake)

    def _complain_of_unknown(self, section: str, key: str, expected: str) -> None:
        """The value may be a secret under a name that nobody knows, or the name itself may be one."""
        if re.fullmatch(_KEY, key) and re.fullmatch(_HARMLESS, self.value(section, key)):
            self.complain(section, key, expected)
        else:
            shown = key if re.fullmatch(_KEY, key) else NOT_SHOWN
            self.mistakes.append(Mistake(section, shown, NOT_SHOWN, expected))

    def value(self, section: str, key: str) -> str:
        """The text of the key as it stands there, readable or not; "" where it does not."""
        return self.sections.get(section, {}).get(key, "")

    def mentions(self, section: str, key: str) -> bool:
        """Whether the key stands there, readable or not."""
        return key in self.sections.get(section, {})

    def _named(self, kind: str, model: type[S]) -> dict[str, S]:
        return {
            section.partition(":")[2]: read
            for section, read in self._read.items()
            if section.startswith(f"{kind}:") and isinstance(read, model)
        }

    def _check_name(self, section: str) -> None:
        if section in FIXED:
            return
        try:
            read_name(section.partition(":")[2])
        except ValueError as error:
            self.mistakes.append(Mistake(section, "", "", f"after the colon {error}"))

    def _read_one(self, section: str, kind: type[Section], keys: Mapping[str, str]) -> None:
        read, mistakes = kind.of(keys)
        for key, expected in mistakes:
            if expected is UNKNOWN:
                self._complain_of_unknown(section, key, _known(kind, key))
            else:
                self.complain(section, key, expected)
        # What is right is still looked at together with the other sections.
        if read is not None:
            self._read[section] = read


def _known(kind: type[Section], key: str) -> str:
    """What to expect where a key is that the section does not have."""
    if key == "client_secret":
        return "no secret in this file: put it into a file of its own, named by client_secret_file"
    return f"one of {', '.join(kind.KEYS)}{_near(key, kind.KEYS)}"


def _unknown_section(section: str) -> Mistake:
    headers = [*FIXED, *(f"{kind}:NAME" for kind in NAMED)]
    listed = ", ".join(f"[{each}]" for each in headers)
    kind, colon, rest = section.partition(":")
    near = nearest(kind.strip().lower(), [*FIXED, *NAMED])
    hint = ""
    if near:
        meant = f"{near}:{rest.strip() if colon else 'NAME'}" if near in NAMED else near
        hint = f"; did you mean [{meant}]?"
    return Mistake(section, "", "", f"one of {listed}{hint}")


def _near(word: str, words: Iterable[str]) -> str:
    near = nearest(word, words)
    return f"; did you mean {near}?" if near else ""
