"""Which conventions there are for this configuration: the built-in ones and the lab's own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from archived.config.reading import Reading
from archived.config.sections import ConventionSection
from archived.core.conventions import FINISHED, built_in, custom
from archived.core.conventions.base import Convention
from archived.core.filetypes import FileType
from archived.core.formats.sentinel import is_sentinel
from archived.core.template import DEFAULT_H2O, Template, TemplateError


def conventions(reading: Reading) -> Mapping[str, Convention]:
    """All conventions by name; what is wrong with the lab's own goes to the mistakes of the reading."""
    h2o, known = _built_in(reading)
    found = dict(known)
    for name, section in reading.conventions.items():
        if name in known:
            reading.complain(
                f"convention:{name}",
                "",
                "another name, as this one belongs to a built-in convention",
            )
            continue
        convention = _custom(reading, name, section, h2o)
        if convention is not None:
            found[name] = convention
    return found


def chosen(
    reading: Reading, location: str, names: tuple[str, ...], known: Mapping[str, Convention]
) -> tuple[Convention, ...]:
    """The conventions that a location names, in its order."""
    with_mistakes = reading.names("convention")
    for name in names:
        if name in known or name in with_mistakes:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        reading.complain(
            f"location:{location}",
            "conventions",
            f"names out of {', '.join(sorted(known))}, or of a section [convention:NAME]; "
            f"there is no {name}{hint}",
        )
    return tuple(known[name] for name in names if name in known)


def _built_in(reading: Reading) -> tuple[str, Mapping[str, Convention]]:
    h2o = reading.archived.h2o if reading.archived else DEFAULT_H2O
    try:
        return h2o, built_in(h2o)
    except TemplateError as error:
        reading.complain("archived", "h2o", f"a pattern for animals' names: {error}")
        return DEFAULT_H2O, built_in(DEFAULT_H2O)


def _custom(reading: Reading, name: str, section: ConventionSection, h2o: str) -> Convention | None:
    header, before = f"convention:{name}", len(reading.mistakes)
    for path in section.path:
        try:
            Template(path, h2o=h2o)
        except TemplateError as error:
            reading.complain(header, "path", f"a template: {error}")
    for rule in section.finished:
        if rule not in FINISHED and not is_sentinel(rule):
            near = difflib.get_close_matches(rule, FINISHED, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
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
    parts = line.rsplit(maxsplit=1)
    if len(parts) == 2:
        return FileType(parts[0], parts[1])
    reading.complain(
        header,
        "file_types",
        f"in each line a pattern and a type, such as `*.tif two-photon-tiff`; `{line}` is no such line",
    )
    return None
