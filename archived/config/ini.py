"""Reads the text of an INI file into sections of keys and texts, and tells every mistake of its form at once."""

from __future__ import annotations

import configparser
import re

from archived.config.mistake import Mistake

Sections = dict[str, dict[str, str]]

_AGAIN = "\0again "
"""Marks the header of a section that stands in the file twice, so that the rest of it is still read."""

MOST_LINES = 10_000
MOST_SECTIONS = 500
MOST_MISTAKES = 50
"""Of form. More of them are told once these are corrected; finding each means reading the file again."""

_HEADER = r"\[.+\]"
_GAP = re.compile(r"\S\s{100,}\S")
"""Blanks without end in a line, for which the library's reader takes the square of their number."""


def read_ini(text: str) -> tuple[Sections, list[Mistake]]:
    """The sections of the text. A key without a value counts as left out.

    A comment begins with `;` or `#`, at the start of a line or after a blank. A value goes on in the next line
    when that is indented.
    """
    if "\0" in text:
        return {}, [Mistake("", "", "", "text without NUL characters")]
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        return {}, [Mistake("", "", f"line {MOST_LINES + 1}", f"at most {MOST_LINES} lines")]
    mistakes: list[Mistake] = []
    for number, line in enumerate(lines, 1):
        if _GAP.search(line):
            mistakes.append(_no_form(number, "fewer blanks in a row"))
            lines[number - 1] = ""
    # Each turn takes a mistake of form out of the lines.
    while True:
        if len(mistakes) > MOST_MISTAKES:
            mistakes.append(Mistake("", "", "", "fewer mistakes; the rest is read without them"))
            return {}, mistakes
        parser = _parser()
        try:
            parser.read_string("\n".join(lines))
        except configparser.DuplicateSectionError as error:
            mistakes.append(_section_again(error.section, error.lineno or 1))
            lines[(error.lineno or 1) - 1] = f"[{_AGAIN}{error.lineno} {error.section}]"
        except configparser.DuplicateOptionError as error:
            mistakes.append(_key_again(error.section, error.option, lines, error.lineno or 1))
            _take_out(lines, error.lineno or 1)
        except configparser.MissingSectionHeaderError as error:
            mistakes.append(_no_form(error.lineno, "a section such as [archived] before any key"))
            _take_out_section(lines, error.lineno)
        except configparser.ParsingError as error:
            for number, _ in error.errors:
                mistakes.append(_no_form(number, "`key = value`, `[section]` or a comment"))
                lines[number - 1] = ""
        else:
            if len(parser.sections()) > MOST_SECTIONS:
                return {}, [*mistakes, Mistake("", "", "", f"at most {MOST_SECTIONS} sections")]
            return _merged(parser, mistakes), mistakes


def _parser() -> configparser.ConfigParser:
    return configparser.ConfigParser(
        delimiters=("=",),
        comment_prefixes=(";", "#"),
        inline_comment_prefixes=(";", "#"),
        strict=True,
        empty_lines_in_values=False,
        interpolation=None,
        # No section hands its keys to others: what looks like one is an unknown section.
        default_section="\0default",
    )


def _merged(parser: configparser.ConfigParser, mistakes: list[Mistake]) -> Sections:
    sections: Sections = {}
    for name in parser.sections():
        keys = {key: value.strip() for key, value in parser[name].items() if value.strip()}
        if name.startswith(_AGAIN):
            name = name.removeprefix(_AGAIN).partition(" ")[2]
        before = sections.setdefault(name, {})
        mistakes.extend(
            Mistake(name, key, keys[key], "this key only once") for key in keys if key in before
        )
        before.update({key: value for key, value in keys.items() if key not in before})
    return sections


def _section_again(section: str, line: int) -> Mistake:
    section = section.removeprefix(_AGAIN)
    return Mistake(section, "", "", f"this section only once (line {line} begins it again)")


def _key_again(section: str, key: str, lines: list[str], line: int) -> Mistake:
    section = section.rpartition(_AGAIN)[2].partition(" ")[2] if _AGAIN in section else section
    value = lines[line - 1].partition("=")[2]
    value = re.split(r"\s[;#]", value, maxsplit=1)[0].strip()
    return Mistake(section, key, value or "(empty)", f"this key only once (line {line} repeats it)")


def _no_form(number: int, expected: str) -> Mistake:
    # The line is not quoted: it may be the rest of a secret that was pasted wrongly.
    return Mistake("", "", f"line {number}", expected)


def _take_out(lines: list[str], number: int) -> None:
    """Blank a key's line, and those indented deeper below it, which would otherwise continue another key."""
    depth = _indentation(lines[number - 1])
    lines[number - 1] = ""
    for at in range(number, len(lines)):
        if not lines[at].strip() or _indentation(lines[at]) <= depth:
            return
        lines[at] = ""


def _take_out_section(lines: list[str], number: int) -> None:
    """Blank everything from a line to the next header of a section."""
    lines[number - 1] = ""
    for at in range(number, len(lines)):
        if re.match(_HEADER, lines[at].strip()):
            return
        lines[at] = ""


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
