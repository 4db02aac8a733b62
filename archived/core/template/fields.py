"""What a field of a template may hold: how it looks in a path, how it is read, how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from datetime import date, timedelta
from functools import cache

from archived.core.dataclass import dataclass
from archived.core.paths import shown
from archived.core.template.ambiguity import MOST_STEPS, may_change_its_meaning, steps
from archived.errors import ArchivedError


class TemplateError(ArchivedError):
    """A template that cannot be understood, or values that do not fit into it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one field holds. Two kinds of the same `spec` read and write the same.

    `read` and `write` raise `ValueError` with a sentence for people. `free` kinds may end anywhere, so that two
    of them side by side have many readings; a component holds at most two.
    """

    spec: str
    pattern: str = field(compare=False)
    meaning: str = field(compare=False)
    read: Callable[[str], object] = field(compare=False)
    write: Callable[[object], str] = field(compare=False)
    free: bool = field(default=False, compare=False)


def kind_of(name: str, spec: str, h2o: str) -> Kind:
    """The kind of the field `{name:spec}`.

    Raises `ValueError` with what is wrong and what was expected.
    """
    if name == "h2o":
        if spec:
            raise ValueError("{h2o} takes no type; its pattern belongs to the configuration")
        return Kind("h2o", f"(?:{h2o})", "an animal's name (h2o)", str, _write_text)
    if "/" in spec or "\\" in spec:
        raise ValueError("a field must not hold a '/'; it describes a part of one folder's name")
    if "%" in spec:
        return _date(spec)
    if name == "date":
        raise ValueError("{date} needs a spelling, such as {date:%m%d%y} or {date:%Y-%m-%d}")
    if number := re.fullmatch(r"int([1-9]?)", spec):
        return _integer(int(number[1] or 1))
    kind = _SIMPLE.get(spec or "text")
    if kind is None:
        known = ", ".join(("int", "int2", *_SIMPLE))
        raise ValueError(f"there is no type '{spec}'; known are {known} and dates such as %Y%m%d")
    return kind


def _write_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"a text was expected, not {value!r}")
    return value


def _integer(width: int) -> Kind:
    def write(value: object) -> str:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9:
            raise ValueError(f"a whole number from 0 to 999999999 was expected, not {value!r}")
        return f"{value:0{width}}"

    return Kind(f"int{width}", r"\d{1,9}", "a number", int, write)


def _read_mark(text: str) -> int:
    return int(text.lstrip("_sS"))


def _write_mark(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1000:
        raise ValueError(f"a session number from 0 to 999 was expected, not {value!r}")
    return f"_S{value:02}"


_OTHER_PROGRAM = re.compile(r"(?:\A|_)(?:g\d+|imec\d*)(?:_|\Z)")


def _read_label(text: str) -> str:
    """Free text that is not SpikeGLX's: `g0` and `imec0` name its runs and probes, never a session of a camera."""
    if _OTHER_PROGRAM.search(text):
        raise ValueError(f"{shown(text)} names a run or a probe of SpikeGLX")
    return text


_SIMPLE = {
    "text": Kind("text", "[^/]+?", "some text", str, _write_text, free=True),
    "label": Kind(
        "label", "[^/]+?", "some text without _gN or _imecN", _read_label, _write_text, free=True
    ),
    "word": Kind(
        "word",
        r"[A-Za-z]{1,32}(?:_[A-Za-z]{1,32}){0,3}(?:_?\d{1,2})?",
        "a word",
        str,
        _write_text,
        free=True,
    ),
    "digits": Kind("digits", r"\d{1,20}", "digits", str, _write_text),
    "mark": Kind(
        "mark", r"_?[sS]\d{1,3}", "a session number such as _S02", _read_mark, _write_mark
    ),
}

# What a directive looks like, and how people call it. Years are bounded so that the eight digits of MMDDYYYY and
# of YYYYMMDD can never be taken for each other: no month begins with 19 or 20.
_DIRECTIVES = {
    "Y": (4, r"(?:19|20)\d\d", "YYYY"),
    "y": (2, r"\d\d", "YY"),
    "m": (2, r"(?:0[1-9]|1[0-2])", "MM"),
    "d": (2, r"(?:0[1-9]|[12]\d|3[01])", "DD"),
    "j": (3, r"(?:[0-2]\d\d|3[0-6]\d)", "DDD"),
}


def _date(spec: str) -> Kind:
    pieces = re.findall(r"%.?|[^%]", spec, re.DOTALL)
    used = [piece[1:] for piece in pieces if piece.startswith("%")]
    _check_directives(used)
    spelling = "".join(_DIRECTIVES[p[1]][2] if p[0] == "%" else p for p in pieces)
    pattern = "".join(_DIRECTIVES[p[1]][1] if p[0] == "%" else re.escape(p) for p in pieces)

    def read(text: str) -> date:
        parts, at = {}, 0
        for piece in pieces:
            width = _DIRECTIVES[piece[1]][0] if piece[0] == "%" else 1
            if piece[0] == "%":
                parts[piece[1]] = int(text[at : at + width])
            at += width
        try:
            return _assemble(parts)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{shown(text)}, read as {spelling}, is no day of the calendar"
            ) from None

    def write(value: object) -> str:
        if type(value) is not date:
            raise ValueError(f"a date was expected, not {value!r}")
        return "".join(_write_directive(p[1], value) if p[0] == "%" else p for p in pieces)

    return Kind(spec, pattern, f"a date written {spelling}", read, write)


def _check_directives(used: list[str]) -> None:
    for directive in used:
        if directive in ("g", "G"):
            raise ValueError(
                f"%{directive} is the year of the ISO week, which is another year around New Year;"
                " use %y or %Y"
            )
        if directive not in _DIRECTIVES:
            known = ", ".join(f"%{d}" for d in _DIRECTIVES)
            raise ValueError(f"%{directive} is not understood in a date; known are {known}")
    days = sorted(d for d in used if d not in "Yy")
    years = [d for d in used if d in "Yy"]
    if len(years) != 1 or days not in (["d", "m"], ["j"]):
        raise ValueError("a date needs one year (%Y or %y), one month (%m) and one day (%d)")


def _assemble(parts: dict[str, int]) -> date:
    # Two digits as POSIX has them: 69 to 99 belong to the last century.
    year = parts["Y"] if "Y" in parts else parts["y"] + (2000 if parts["y"] < 69 else 1900)
    if "j" not in parts:
        return date(year, parts["m"], parts["d"])
    day = date(year, 1, 1) + timedelta(days=parts["j"] - 1)
    if day.year != year:
        raise ValueError
    return day


def _write_directive(directive: str, day: date) -> str:
    return {
        "Y": f"{day.year:04}",
        "y": f"{day.year % 100:02}",
        "m": f"{day.month:02}",
        "d": f"{day.day:02}",
        "j": f"{day.timetuple().tm_yday:03}",
    }[directive]


# What may stand for any character at all, a slash among them.
_ANYTHING = re.compile(r"\.|\\[WDS]|\[\^")
_ESCAPED_OR_CLASS = re.compile(r"\\[^WDS]|\[\^[^]]*/[^]]*\]|\[[^^\]][^]]*\]")


@cache
def check_h2o(pattern: str) -> None:
    """Raise `TemplateError` where a rig's h2o pattern cannot be a part of a template."""
    if may_change_its_meaning(pattern):
        raise TemplateError(
            f"the h2o pattern '{pattern}' cannot be used: [[ -- && ~~ and || may mean something else in a later Python"
        )
    try:
        compiled = re.compile(pattern, re.ASCII)
        re.compile(f"(?:{pattern})", re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise TemplateError(f"the h2o pattern '{pattern}' cannot be used: {error}") from error
    bare = _ESCAPED_OR_CLASS.sub("x", pattern)
    if compiled.groups:
        wrong = "it holds a capturing group; write (?:...) instead of (...)"
    elif compiled.fullmatch(""):
        wrong = "it accepts an empty name"
    elif _ANYTHING.search(bare):
        wrong = "it accepts a '/'; write [^/] where any character will do"
    elif (most := steps(pattern)) is None:
        wrong = "more is in it than characters, [...], (?:...), |, repeats, and what may or may not follow"
    elif most > MOST_STEPS:
        wrong = (
            "a name may be read by it in too many ways, which can take for ever; let no two repeats"
            " share a character where one ends and the next begins, as in (?:[A-Z]+)+ or [A-Z]+\\w+[0-9]+"
        )
    else:
        return
    raise TemplateError(f"the h2o pattern '{pattern}' cannot be used: {wrong}")
