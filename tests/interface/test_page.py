"""docs/PYTHON.md is true: its examples give what it says, and it tells of every attribute."""

from __future__ import annotations

import doctest
import io
import re
from pathlib import Path

import pytest

from archived import Archive
from archived.core.catalogue import ATTRIBUTES, KEYS, About
from archived.core.lifecycle import State
from archived.core.model import FileState
from tests.interface.conftest import Lab
from tests.interface.lab import content

PAGE = (Path(__file__).parents[2] / "docs" / "PYTHON.md").read_text()


def test_the_examples_give_what_the_page_says(
    archive: Archive, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for location, folder in (("raw-ephys", "ephys"), ("raw-video", "video")):
        for file in (archive[location].files & {"state": "archived"}).fetch():
            path = lab.base / "archive" / folder / file.file_subpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content(file.size))
    monkeypatch.chdir(lab.base)
    monkeypatch.setenv("COLUMNS", "100")
    page = PAGE.replace("/var/lib/archived", str(lab.base / "state"))
    examples = doctest.DocTestParser().get_doctest(page, {}, "PYTHON.md", "PYTHON.md", 0)
    said = io.StringIO()

    result = doctest.DocTestRunner().run(examples, out=said.write, clear_globs=False)

    assert result.attempted > 25
    assert result.failed == 0, said.getvalue()
    examples.globs["archive"].close()


@pytest.mark.parametrize("about", list(About))
def test_the_page_tells_of_every_attribute(about: About) -> None:
    section = PAGE.split(f"### {str(about).title()}")[1].split("\n#")[0]
    rows = re.findall(
        r"^\| (\*?)`([a-z_]+)` \| ([a-z ]+?)(, or None)? \| (.+) \|$", section, re.MULTILINE
    )

    assert rows == [
        (
            "*" if each.name in KEYS[about] else "",
            each.name,
            str(each.kind),
            ", or None" if each.optional else "",
            each.meaning,
        )
        for each in ATTRIBUTES[about].values()
    ]


@pytest.mark.parametrize(("about", "states"), [(About.DATASETS, State), (About.FILES, FileState)])
def test_the_page_tells_of_every_state(about: About, states: type[State] | type[FileState]) -> None:
    section = PAGE.split(f"### {str(about).title()}")[1].split("\n#")[0]
    (line,) = re.findall(r"^States: (.+?)\.(?: |$)", section, re.MULTILINE)

    assert re.findall("`([a-z]+)`", line) == [str(each) for each in states]
