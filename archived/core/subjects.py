"""The lab's list of subjects: which animal, by its name on disk (h2o), has which number; from CSV, or from rows.

Nothing is guessed and no letter case is folded: `dl4` and `DL004` are different animals (safety rule 10).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from archived.core.animals import DEFAULT_H2O
from archived.core.dataclass import dataclass
from archived.core.paths import printable, shown

SUBJECT_COLUMN = "subject_id"
H2O_COLUMNS = ("h2o", "water_restriction_number")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}

LONGEST = 64
"""Characters of a subject's number, or of an h2o; the lab's own tables hold far shorter ones."""

MOST_LINES = 50_000
MOST_COLUMNS = 250
"""More than any lab's list has; what is larger is another file, and is not taken for half a list."""

_SPREADSHEET = re.compile(r"[+-]?\d+\.\d*|[+-]?\d+(?:\.\d*)?[eE][+-]?\d+", re.ASCII)
"""407513.0 and 4.07513E+05: what a spreadsheet makes of a number; the number itself may be lost."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One animal: its number in the lab's database, its name on disk, and whatever else was said about it."""

    subject: str
    h2o: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be used, by its number (the first is 1), and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class SubjectList:
    """What could be read, in the order of the lines, no h2o twice; and what could not."""

    subjects: Sequence[Subject]
    bad: Sequence[BadLine] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    subject: str
    h2o: str
    details: Mapping[str, str]


def read_csv(content: bytes, *, h2o: str = DEFAULT_H2O) -> SubjectList:
    """Read a list in UTF-8, with or without a byte order mark, separated by commas, semicolons or tabs.

    The first line names the columns, in any order: `subject_id`, and `h2o` or `water_restriction_number`; other
    columns become details. `h2o` is the pattern of animals' names on disk. Never raises for what is in the list:
    a line that cannot be used is told, and the others are used.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _unreadable("the file is UTF-16; save it as CSV in UTF-8")
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = [f"{each}\n" for each in re.split(r"\r\n|\r|\n", text)]
    if len(lines) > MOST_LINES:
        return _unreadable(f"it has more than {MOST_LINES} lines, so it is no list of subjects")
    separator = _separator(lines[0])
    if separator is None:
        return _unreadable(
            f"the first line has to name the columns {SUBJECT_COLUMN} and h2o "
            f"(or water_restriction_number), separated by {', '.join(SEPARATORS.values())}; "
            f"it is {shown(lines[0].strip())}"
        )
    bad: list[BadLine] = []
    rows = _rows(lines, separator, bad)
    _, header = next(rows)
    columns = [_column(each) for each in header]
    if len(columns) > MOST_COLUMNS:
        return _unreadable(f"it has more than {MOST_COLUMNS} columns, so it is no list of subjects")
    for name in (SUBJECT_COLUMN, *H2O_COLUMNS):
        if columns.count(name) > 1:
            return _unreadable(f"two columns are called {name}; keep one of them")
    if all(name in columns for name in H2O_COLUMNS):
        return _unreadable(f"both {' and '.join(H2O_COLUMNS)} are columns; keep one of them")
    parsed = list(_parsed(rows, columns, header, bad))
    return _sorted_out(parsed, bad, h2o)


def read_rows(rows: Iterable[tuple[str, str]], *, h2o: str = DEFAULT_H2O) -> SubjectList:
    """Take a database's rows of subject and h2o; the number of a bad one counts from 1.

    A row without an h2o, or with one that no recording can have, is about no recording of ours: it is left out
    and not complained of.
    """
    lines = [
        _Line(number, subject.strip(), name.strip(), {})
        for number, (subject, name) in enumerate(rows, start=1)
    ]
    fitting = [each for each in lines if each.h2o and not why_no_h2o(each.h2o, h2o)]
    return _sorted_out(fitting, [], h2o, "row")


def why_no_subject(subject: str) -> str:
    """Why a text cannot be a subject's number, in words; "" where it can."""
    if not subject:
        return f"{SUBJECT_COLUMN} is empty"
    if not subject.isprintable() or len(subject) > LONGEST:
        return f"{SUBJECT_COLUMN} {shown(subject)} is not a short, readable text"
    if _SPREADSHEET.fullmatch(subject):
        return f"{SUBJECT_COLUMN} {subject} looks like a number that a spreadsheet has changed"
    return ""


def why_no_h2o(h2o: str, pattern: str) -> str:
    """Why a text cannot be an animal's name on disk, by the pattern of the configuration; "" where it can."""
    if not h2o:
        return "h2o is empty"
    if len(h2o) > LONGEST or re.fullmatch(pattern, h2o, re.ASCII | re.DOTALL) is None:
        return f"h2o {shown(h2o)} is no animal's name on disk as the configuration has them"
    return ""


def waits_for_subject(h2o: str | None, file: str | None = None) -> str:
    """Why a recording waits on the rig where only those of known animals are archived, and what to do about it."""
    if h2o is None:
        return (
            "its name holds no h2o, so that no subject can be known for it: it waits on the rig as long as "
            "[subjects] says `only_known = yes`"
        )
    known = f"add it to {printable(file)}, or type" if file else "type"
    return (
        f"no subject is known for {shown(h2o)}, and only recordings of known animals are archived: {known} "
        f"`archivedctl subjects add SUBJECT_ID {printable(h2o)}`"
    )


def _unreadable(why: str) -> SubjectList:
    return SubjectList((), (BadLine(1, why),))


def _separator(first: str) -> str | None:
    """What separates the columns: that by which the first line has the two that are needed.

    The names of these columns hold none of the separators, so no more than one can fit.
    """
    for separator in SEPARATORS:
        try:
            header = next(csv.reader([first], delimiter=separator, strict=True))
        except csv.Error:
            continue
        columns = {_column(each) for each in header}
        if SUBJECT_COLUMN in columns and columns.intersection(H2O_COLUMNS):
            return separator
    return None


def _column(cell: str) -> str:
    """A heading in one spelling. Headings are words of ours, so their letter case does not matter."""
    return cell.strip().lower()


def _rows(
    lines: Sequence[str], separator: str, bad: list[BadLine]
) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the number of its first line. What is no CSV is noted as bad."""
    reader = csv.reader(iter(lines), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.append(BadLine(number, f"it is no CSV from here on ({printable(str(error))})"))
            continue
        if any(cell.strip() for cell in row):
            yield number, row


def _parsed(
    rows: Iterable[tuple[int, list[str]]],
    columns: Sequence[str],
    header: Sequence[str],
    bad: list[BadLine],
) -> Iterator[_Line]:
    subject_at = columns.index(SUBJECT_COLUMN)
    h2o_at = next(columns.index(name) for name in H2O_COLUMNS if name in columns)
    if not all(map(_is_text, header)):
        bad.append(BadLine(1, "a heading is not UTF-8; save the file as CSV in UTF-8"))
    names = {
        number: name.strip()
        for number, name in enumerate(header)
        if name.strip() and _is_text(name) and number not in (subject_at, h2o_at)
    }
    for number, row in rows:
        if any(cell.strip() for cell in row[len(columns) :]):
            bad.append(BadLine(number, "it has more cells than there are columns"))
            continue
        cells = [cell.strip() for cell in row] + [""] * (len(columns) - len(row))
        if any(not _is_text(cell) for cell in cells):
            bad.append(BadLine(number, "it is not UTF-8; save the file as CSV in UTF-8"))
            continue
        details = {name: cells[at] for at, name in names.items() if cells[at]}
        yield _Line(number, cells[subject_at], cells[h2o_at], details)


def _is_text(cell: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in cell)


def _sorted_out(
    lines: Sequence[_Line], bad: list[BadLine], pattern: str, word: str = "line"
) -> SubjectList:
    """Take the lines that are right by themselves and contradict no other."""
    right: list[_Line] = []
    for line in lines:
        why = why_no_subject(line.subject) or why_no_h2o(line.h2o, pattern)
        if why:
            bad.append(BadLine(line.number, why))
        else:
            right.append(line)
    by_h2o: defaultdict[str, list[_Line]] = defaultdict(list)
    for line in right:
        by_h2o[line.h2o].append(line)
    subjects = []
    for h2o, group in by_h2o.items():
        first = group[0]
        other = next((line for line in group if line.subject != first.subject), None)
        if other is None:
            subjects.append(Subject(first.subject, h2o, first.details))
        else:
            bad += [
                _contradicting(line, other if line.subject == first.subject else first, word)
                for line in group
            ]
    return SubjectList(tuple(subjects), tuple(sorted(bad, key=lambda each: each.line)))


def _contradicting(line: _Line, other: _Line, word: str) -> BadLine:
    """Which of them is right nobody but a person can tell, so none of them counts."""
    return BadLine(
        line.number,
        f"h2o {line.h2o} is subject {line.subject} here and subject {other.subject} "
        f"in {word} {other.number}; neither counts",
    )
