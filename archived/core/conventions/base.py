"""What a convention is: how recordings are called, which files they have, and when they are finished."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property

from archived.core.dataclass import dataclass
from archived.core.filetypes import FileType, Globs, TypeTable
from archived.core.model import Recording
from archived.core.template import NearMiss, Template

NAMED_FIELDS = frozenset({"h2o", "date", "ident"})
"""The fields that a recording has a place of its own for; the others go into its `fields`."""


@dataclass(frozen=True)
class Convention:
    """A rule by which names are recognised and read.

    `templates` describe the folder of a recording; the first is the form that we would write. `finished` names rules of
    `core/formats`. `exclude` are globs of scratch files that are never archived, and reported. `quiet_time` takes the
    place of the configuration's where it is given.
    """

    name: str
    templates: tuple[Template, ...]
    finished: tuple[str, ...]
    file_types: tuple[FileType, ...]
    exclude: tuple[str, ...] = ()
    quiet_time: timedelta | None = None

    def recognise(self, folder: str) -> Recording | None:
        """The recording whose folder this is, by its path from the root; None where no template fits."""
        for template in self._by_depth.get(folder.count("/") + 1, ()):
            values = template.parse(folder)
            if values is not None:
                return self._recording(folder, values)
        return None

    def template_below(self, folder: str) -> Template | None:
        """The first template by which recordings may lie below a folder: an animal's, a day's, a camera's."""
        return next((one for one in self.templates if one.leads_to(folder)), None)

    def nearest(self, folder: str) -> NearMiss | None:
        """The template that a folder almost fits, and why it does not; None where nothing is alike."""
        misses = [miss for template in self.templates if (miss := template.explain(folder))]
        return max(misses, key=lambda miss: miss.score, default=None)

    def file_type(self, path: str) -> str:
        """The type of one of the recording's files, `unknown` where nothing describes it."""
        return self._types.find(path)

    def excludes(self, path: str) -> bool:
        """Whether a file is scratch that is never archived."""
        return self._excluded.fit(path)

    def _recording(self, folder: str, values: Mapping[str, object]) -> Recording:
        h2o, day, ident = (values.get(name) for name in ("h2o", "date", "ident"))
        return Recording(
            convention=self.name,
            path=folder,
            h2o=h2o if isinstance(h2o, str) else None,
            date=day if isinstance(day, date) else None,
            ident=None if ident is None else str(ident),
            fields={k: str(v) for k, v in values.items() if k not in NAMED_FIELDS},
        )

    @cached_property
    def _by_depth(self) -> Mapping[int, tuple[Template, ...]]:
        depths = {template.depth for template in self.templates}
        return {d: tuple(t for t in self.templates if t.depth == d) for d in depths}

    @cached_property
    def _types(self) -> TypeTable:
        return TypeTable(self.file_types)

    @cached_property
    def _excluded(self) -> Globs:
        return Globs(self.exclude)


def templates(h2o: str, *texts: str) -> tuple[Template, ...]:
    """Templates that share a rig's h2o pattern."""
    return tuple(Template(text, h2o=h2o) for text in texts)
