"""The page about conventions says what the code does."""

from __future__ import annotations

import configparser
import re
from datetime import date
from pathlib import Path

from archived.core.conventions import built_in, custom
from archived.core.formats import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "CONVENTIONS.md").read_text()


def test_the_page_lists_the_templates_of_every_built_in_convention() -> None:
    listed = {
        name: templates.split("\n")
        for name, templates in re.findall(r"```text ([a-z-]+)\n(.*?)\n```", PAGE, re.DOTALL)
    }

    coded = {
        name: [template.text for template in convention.templates]
        for name, convention in built_in().items()
    }
    assert listed == coded


def test_the_page_explains_every_rule() -> None:
    table = PAGE.split("| rule |")[1].split("##")[0]

    assert {rule for rule in RULES if f"`{rule}`" not in table} == set()


def test_the_example_of_the_page_works() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(PAGE.split("```ini\n")[1].split("```")[0])
    section = parser["convention:two-photon"]

    convention = custom("two-photon", paths=[section["path"]], finished=[section["finished"]])

    recording = convention.recognise("SC011/2019-02-23_second/2p")
    assert recording is not None
    assert (recording.h2o, recording.date, recording.ident) == (
        "SC011",
        date(2019, 2, 23),
        "second",
    )


def test_the_examples_of_the_table_of_fields_fit() -> None:
    rows = re.findall(r"^\| `\{name:([a-z]+)\}` \|.*\| `([^`]+)`", PAGE, re.MULTILINE)

    assert len(rows) == 5
    for kind, example in rows:
        convention = custom("c", paths=[f"{{h2o}}/x{{name:{kind}}}"], finished=["quiet"])
        assert convention.recognise(f"SC011/x{example}") is not None, kind
