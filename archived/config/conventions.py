"""Which conventions there are for this configuration: the built-in ones and the lab's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archived.config.mistake import nearest
from archived.config.reading import Reading
from archived.core.animals import DEFAULT_H2O
from archived.core.convention_names import BUILT_IN

if TYPE_CHECKING:
    from archived.config.sections import ConventionSection
    from archived.core.conventions.base import Convention
    from archived.core.filetypes import FileType


class Conventions:
    """All conventions by name. One that is built in is made when somebody asks for it: most commands never do."""

    def __init__(self, h2o: str, own: Mapping[str, Convention]) -> None:
        self._h2o = h2o
        self._own = own
        self._made: dict[str, Convention] = dict(own)

    @property
    def names(self) -> Sequence[str]:
        """Which there are."""
        return (*BUILT_IN, *self._own)

    def of(self, names: Sequence[str]) -> tuple[Convention, ...]:
        """Those of these names, in their order."""
        missing = [name for name in dict.fromkeys(names) if name not in self._made]
        if missing:
            from archived.core.conventions import built_in

            self._made.update(built_in(self._h2o, names=missing))
        return tuple(self._made[name] for name in names)


def conventions(reading: Reading) -> Conventions:
    """All conventions; what is wrong with the lab's own goes to the mistakes of the reading."""
    h2o, own = _h2o(reading), {}
    for name, section in reading.conventions.items():
        if name in BUILT_IN:
            reading.complain(
                f"convention:{name}",
                "",
                "another name, as this one belongs to a built-in convention",
            )
            continue
        convention = _custom(reading, name, section, h2o)
        if convention is not None:
            own[name] = convention
    return Conventions(h2o, own)


def check_names(reading: Reading, location: str, names: Sequence[str], known: Conventions) -> None:
    """Complain about names of conventions, in a location, that there are not."""
    with_mistakes = reading.names("convention")
    for name in names:
        if name in known.names or name in with_mistakes:
            continue
        near = nearest(name, known.names)
        hint = f"; did you mean {near}?" if near else ""
        reading.complain(
            f"location:{location}",
            "conventions",
            f"names out of {', '.join(sorted(known.names))}, or of a section [convention:NAME]; "
            f"there is no {name}{hint}",
        )


def _h2o(reading: Reading) -> str:
    """The pattern for animals' names; the usual one where another cannot be used."""
    h2o = reading.archived.h2o if reading.archived else DEFAULT_H2O
    if h2o != DEFAULT_H2O:
        from archived.core.template import TemplateError
        from archived.core.template.fields import check_h2o

        try:
            check_h2o(h2o)
        except TemplateError as error:
            reading.complain("archived", "h2o", f"a pattern for animals' names: {error}")
            return DEFAULT_H2O
    return h2o


def _custom(reading: Reading, name: str, section: ConventionSection, h2o: str) -> Convention | None:
    from archived.core.conventions import FINISHED, custom
    from archived.core.formats.sentinel import is_sentinel
    from archived.core.template import Template, TemplateError

    header, before = f"convention:{name}", len(reading.mistakes)
    for path in section.path:
        try:
            Template(path, h2o=h2o)
        except TemplateError as error:
            reading.complain(header, "path", f"a template: {error}")
    for rule in section.finished:
        if rule not in FINISHED and not is_sentinel(rule):
            near = nearest(rule, FINISHED)
            hint = f"; did you mean {near}?" if near else ""
            reading.complain(
                header,
                "finished",
                f"rules out of {', '.join(FINISHED)} and sentinel:PATTERN; there is no {rule}{hint}",
            )
    file_types = [
        each for line in section.file_types if (each := _file_type(reading, header, line))
    ]
    if len(reading.mistakes) > before:
        return None
    try:
        return custom(
            name,
            paths=section.path,
            finished=section.finished,
            h2o=h2o,
            exclude=section.exclude,
            quiet_time=section.quiet_time,
            file_types=tuple(file_types),
        )
    except TemplateError as error:
        reading.complain(header, "path", f"templates that go together: {error}")
        return None


def _file_type(reading: Reading, header: str, line: str) -> FileType | None:
    """`*.tif  two-photon-tiff`: what stands last in the line is the type."""
    from archived.core.filetypes import FileType

    parts = line.rsplit(maxsplit=1)
    if len(parts) == 2:
        return FileType(parts[0], parts[1])
    reading.complain(
        header,
        "file_types",
        f"in each line a pattern and a type, such as `*.tif two-photon-tiff`; `{line}` is no such line",
    )
    return None
