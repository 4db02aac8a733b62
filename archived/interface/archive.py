"""`Archive`: the catalogue as one attribute for each storage location."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from archived.core.catalogue import (
    ATTRIBUTES,
    About,
    Comparison,
    Question,
    Relation,
)
from archived.core.paths import printable
from archived.core.units import format_size
from archived.errors import ArchivedError, NameNotFoundError
from archived.interface.cells import many
from archived.interface.datasets import Datasets, Files
from archived.interface.source import Source
from archived.interface.telling import telling


class Archive:
    """What the archive holds, and what is on its way there.

    `archive.raw_ephys` are the datasets of the location `raw-ephys`, `archive["raw-ephys"]` are the same,
    `archive.datasets` are those of all locations. Reading needs no daemon, and changes nothing. Threads may share it.
    """

    def __init__(self, configuration: str | os.PathLike[str] | None = None) -> None:
        """Use this configuration, or the one that the programs would find.

        Raises `ConfigurationError`. The store is opened with the first question.
        """
        from archived import config

        with telling():
            path = None if configuration is None else os.fspath(configuration)
            found = config.find(path, os.environ)
            self._source = Source(config.load(Path(found), os.environ))

    @property
    def datasets(self) -> Datasets:
        """The datasets of all locations."""
        return Datasets(self._source, Question(About.DATASETS))

    @property
    def files(self) -> Files:
        """The files of all locations."""
        return Files(self._source, Question(About.FILES))

    @property
    def locations(self) -> tuple[str, ...]:
        """The storage locations: those of the configuration, then others that the catalogue has datasets of."""
        with telling():
            parts = [each.location for each in self._source.catalogue().parts()]
        return tuple(dict.fromkeys((*self._configured, *parts)))

    def __getitem__(self, name: str) -> Datasets:
        """The datasets of a location by its name. Raises `NameNotFoundError`, with the names there are."""
        with telling():
            if name not in self._configured and name not in self.locations:
                raise NameNotFoundError(
                    f"there is no storage location {printable(str(name))}",
                    what_to_do=f"there are {', '.join(map(printable, self.locations))}",
                )
        return self._of(name)

    def __getattr__(self, name: str) -> Datasets:
        """The datasets of a location by its name, in which `_` stands for whatever no attribute can have."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = _meant(name, self._configured) or _meant(name, self.locations)
        if len(found) == 1:
            return self._of(found[0])
        if found:
            raise AttributeError(f"{name} may be {' or '.join(found)}; write archive[{found[0]!r}]")
        names = ", ".join(map(attribute_of, self.locations)) or "no storage locations"
        raise AttributeError(f"Archive has no {name}; there are {names}, and datasets for all")

    def __dir__(self) -> list[str]:
        """What may be typed after the dot."""
        return sorted({*super().__dir__(), *map(attribute_of, self._reachable())})

    def _ipython_key_completions_(self) -> list[str]:
        """What may be typed between the brackets."""
        return list(self._reachable())

    def __repr__(self) -> str:
        """The locations, with what the catalogue has of each."""
        try:
            parts = {each.location: each for each in self._source.catalogue().parts()}
            locations = self.locations
        except ArchivedError as error:
            return f"Archive of {self._source.configuration.store_shown}: {error}"
        lines = [f"Archive of {self._source.configuration.store_shown}"]
        for name in locations:
            part = parts.get(name)
            amount = (
                f"{many(part.datasets, 'datasets')}, {many(part.files, 'files')}, {format_size(part.bytes)}"
                if part
                else "nothing yet"
            )
            lines.append(f"  .{attribute_of(name)}: {amount}")
        return "\n".join(lines)

    def close(self) -> None:
        """Let go of the connections; no question is answered afterwards."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def _configured(self) -> tuple[str, ...]:
        return tuple(each.location.name for each in self._source.configuration.locations)

    def _reachable(self) -> tuple[str, ...]:
        """The locations, as far as they can be known at this moment."""
        try:
            return self.locations
        except ArchivedError:
            return self._configured

    def _of(self, location: str) -> Datasets:
        attribute = ATTRIBUTES[About.DATASETS]["globus_alias"]
        only = Comparison(attribute, Relation.EQUAL, location)
        return Datasets(self._source, Question(About.DATASETS, (only,)))


def _meant(name: str, locations: Sequence[str]) -> list[str]:
    """The location of that very name, else those that are called so in Python."""
    return (
        [name] if name in locations else [each for each in locations if attribute_of(each) == name]
    )


def attribute_of(location: str) -> str:
    """A location's name as a name in Python: `raw_ephys` for `raw-ephys`."""
    return "".join(each if each.isidentifier() or each.isdigit() else "_" for each in location)
