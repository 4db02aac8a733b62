"""The example that people copy is complete, loads as it is, and says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archived import config
from archived.config.kinds import words
from archived.config.sections import FIXED, NAMED, kind_of
from archived.core.conventions import BUILT_IN, FINISHED

EXAMPLE = Path(__file__).parents[2] / "archived.ini.example"
KEY = re.compile(r"^(?:; )?(?P<key>[a-z0-9_]+) = (?P<value>.*)$")


def documented() -> dict[str, dict[str, str]]:
    """Every key of the example with the comment before it, by the kind of its section."""
    found: dict[str, dict[str, str]] = {}
    kind, comment = "", ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind, comment = line.strip("[]").partition(":")[0], ""
        elif key := KEY.match(line):
            found.setdefault(kind, {}).setdefault(key["key"], comment)
        elif line.startswith(";"):
            comment += line.removeprefix(";") + " "
        elif not line.strip():
            comment = ""
    return found


def test_the_example_loads_as_it_is() -> None:
    found = config.load(EXAMPLE, {})
    assert [each.location.name for each in found.locations] == ["raw-ephys", "raw-video"]
    assert [each.name for each in found.locations[1].conventions] == [
        "tracking-video",
        "two-photon",
    ]


@pytest.mark.parametrize("kind", [*FIXED, *NAMED])
def test_every_key_is_documented_with_a_comment_and_nothing_else_is(kind: str) -> None:
    model = FIXED.get(kind) or NAMED[kind]
    assert set(documented()[kind]) == set(model.KEYS)
    if kind != "location":
        assert all(len(comment) > 10 for comment in documented()[kind].values())


def test_what_is_commented_out_could_be_used(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    everything = tmp_path / "archived.ini"
    everything.write_text(
        "\n".join(line.removeprefix("; ") if KEY.match(line) else line for line in lines)
    )
    found = config.load(everything, {})
    assert found.globus.service_account
    assert found.locations[1].location.root == "/video"


@pytest.mark.parametrize(
    "kind", ["archived", "transfer", "retrieve", "subjects", "datajoint", "alerts"]
)
def test_the_defaults_that_the_comments_name_are_the_defaults(kind: str) -> None:
    model, text = FIXED[kind], EXAMPLE.read_text(encoding="utf-8")
    section = text.partition(f"\n[{kind}]\n")[2].partition("\n[")[0]
    shown = {m["key"]: m["value"] for m in map(KEY.match, section.splitlines()) if m}
    required = {"rig": "rig"}
    without = model.of(required if kind == "archived" else {})
    has_none = ("rig", "store", "h2o", "spool", "file", "address", "password_file", "backup")
    has_none += ("urls_file", "repeat")
    given = {key: value for key, value in shown.items() if key not in has_none}
    assert model.of({**(required if kind == "archived" else {}), **given}) == without


def test_the_lists_of_the_comments_are_complete() -> None:
    text = " ".join(EXAMPLE.read_text(encoding="utf-8").replace("\n;", " ").split())
    conventions = re.search(r"What goes there: (.*?), or a convention of your own", text)
    rules = re.search(r"Which rules say that it is finished: (.*?), sentinel:PATTERN", text)
    assert conventions is not None
    assert rules is not None
    assert set(words(conventions[1])) == set(BUILT_IN)
    named = rules[1].replace("(all three of them)", "")
    assert set(words(named)) | {"quiet"} == set(FINISHED)


def test_every_section_of_the_example_is_one() -> None:
    headers = re.findall(r"^\[(.+)\]$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headers) == 11
    assert all(kind_of(header) for header in headers)
