"""Pages that point at tests and commands point at ones that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["TRIED.md", "SAFETY.md", "THREATS.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    names = re.findall(r"`(tests/[a-z_/]+(?:\.py|/))`", (ROOT / "docs" / page).read_text())
    assert len(names) > 20
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/TRIED.md"])
def test_every_target_of_make_that_a_page_names_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"make ([a-z-]+)", (ROOT / page).read_text())
    assert named
    assert set(named) <= targets


def test_every_rule_of_safety_has_its_row_among_what_was_tried() -> None:
    rules = re.findall(r"^(\d+)\. \*\*", (ROOT / "docs/SAFETY.md").read_text(), re.MULTILINE)
    rows = re.findall(r"^\| (\d+) ", (ROOT / "docs/TRIED.md").read_text(), re.MULTILINE)
    assert rows == rules
