"""What is printed is plain in a pipe, coloured only where that is welcome, and safe whatever a name holds."""

from __future__ import annotations

import json
import sys
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from archived.cli.counting import counted
from archived.cli.draw import console_of, renderable
from archived.cli.layout import draw, fold
from archived.cli.output import (
    Cell,
    Field,
    Style,
    colourful,
    heading,
    line,
    plain_lines,
    print_error,
    print_json,
    table,
    width_of,
)

PAIRS = (
    Field[tuple[str, int]]("NAME", lambda row: Cell(row[0], Style.GOOD)),
    Field[tuple[str, int]]("NUMBER", lambda row: str(row[1]), right=True),
)


def test_columns_are_as_wide_as_they_must_be_and_never_cut() -> None:
    page = [*heading("Datasets"), table(PAIRS, [("a" * 120, 5), ("b", 12)], indent=2)]

    assert plain_lines(page) == [
        "",
        "Datasets",
        f"  NAME{' ' * 116}  NUMBER",
        f"  {'a' * 120}       5",
        f"  b{' ' * 119}      12",
    ]


def test_wide_characters_and_accents_are_counted_as_a_terminal_shows_them() -> None:
    drawn = plain_lines([table(PAIRS, [("日本", 1), ("e\u0301", 2), ("abcd", 3)])])

    assert drawn[1:] == ["日本       1", "e\u0301          2", "abcd       3"]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 datasets"), (1, "1 dataset"), (2, "2 datasets")]
)
def test_a_single_one_is_not_counted_in_the_plural(number: int, text: str) -> None:
    assert counted(number, "dataset") == text


def test_an_empty_table_has_its_headings() -> None:
    assert plain_lines([table(PAIRS, [])]) == ["NAME  NUMBER"]


@given(st.text(st.characters(), max_size=40))
def test_no_text_can_steer_a_terminal(text: str) -> None:
    [drawn] = plain_lines([line("it is ", Cell(text, Style.BAD), ".")])

    assert drawn.isprintable()


@given(st.text(st.characters(), max_size=40))
def test_nor_can_it_when_rich_draws_it(text: str) -> None:
    stream = StringIO()
    console = Console(file=stream, color_system=None, width=200, highlight=False, markup=False)
    console.print(renderable([line(Cell(text, Style.BAD)), table(PAIRS, [(text, 1)])], 200))

    assert stream.getvalue().replace("\n", "").isprintable()


@given(st.text(st.characters(), max_size=60), st.integers(1, 120))
def test_nor_can_it_on_a_terminal_of_any_width(text: str, width: int) -> None:
    page = [line(Cell(text, Style.BAD)), table(PAIRS, [(text, 1)], indent=2)]
    drawn = list(draw(page, {"NO_COLOR": "1", "COLUMNS": str(width)}))

    assert all(each.isprintable() for each in drawn)


def test_a_terminal_gets_columns_that_are_folded_to_its_width_and_nothing_is_lost() -> None:
    page = [table(PAIRS, [("SC011/catgt_SC011_022319_g0 was moved", 12), ("short", 5)])]

    assert list(draw(page, {"NO_COLOR": "1", "COLUMNS": "28"})) == [
        "NAME                  NUMBER",
        "SC011/catgt_SC011_02      12",
        "2319_g0 was moved",
        "short                      5",
    ]


def test_a_terminal_that_is_wide_enough_gets_whole_lines_in_colours() -> None:
    page = [line("state ", Cell("archived", Style.GOOD)), table(PAIRS, [("a b", 5)], indent=2)]

    assert list(draw(page, {"COLUMNS": "100"})) == [
        "state \x1b[32marchived\x1b[0m",
        "  \x1b[2mNAME\x1b[0m  \x1b[2mNUMBER\x1b[0m",
        "  \x1b[32ma b\x1b[0m        5",
    ]


@given(st.text(st.sampled_from("ab 日\u0301"), max_size=40), st.integers(2, 12))
def test_folding_loses_no_more_than_blanks_between_lines(text: str, width: int) -> None:
    lines = fold(text, width)

    assert all(width_of(each.rstrip()) <= width for each in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_brackets_in_a_name_are_no_markup() -> None:
    stream = StringIO()
    console = Console(file=stream, color_system=None, width=80)
    console.print(renderable([line("[red]SC011[/red]"), line(":smile:")], 80))

    assert stream.getvalue().split() == ["[red]SC011[/red]", ":smile:"]


@given(st.recursive(st.text(st.characters(), max_size=8), lambda each: st.lists(each, max_size=3)))
def test_json_is_valid_for_every_reader_and_plain_ascii(value: object) -> None:
    shown = StringIO()
    before, sys.stdout = sys.stdout, shown
    try:
        print_json({"value": value})
    finally:
        sys.stdout = before

    assert shown.getvalue().isascii()
    json.dumps(json.loads(shown.getvalue()), ensure_ascii=False).encode()


def test_a_name_of_valid_unicode_is_exact_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    name = "SC011/\x1b[31m\n日本"

    print_json([name])

    assert json.loads(capsys.readouterr().out) == [name]


def test_an_error_of_several_lines_keeps_them_and_escapes_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_error("two mistakes:\n  one \x1b[2J\n  two", "mend them")

    assert capsys.readouterr().err.splitlines() == [
        "archivedctl: two mistakes:",
        "  one \\x1b[2J",
        "  two",
        "archivedctl: mend them",
    ]


@pytest.mark.parametrize(
    ("environ", "welcome"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),  # no-color.org: present and not empty
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_those_who_want_them(environ: dict[str, str], welcome: bool) -> None:
    assert colourful(environ) is welcome


def test_without_colours_a_terminal_gets_no_escape_sequence_at_all() -> None:
    console = console_of({"NO_COLOR": "1"})

    assert console.color_system is None
