"""The threat model points at every test of security."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "THREATS.md").read_text()


def test_every_test_of_security_stands_for_something_in_it() -> None:
    about_themselves = {"test_search.py", "test_threats_page.py"}
    files = {each.name for each in Path(__file__).parent.glob("test_*.py")} - about_themselves
    assert sorted(name for name in files if f"tests/security/{name}" not in PAGE) == []


def test_the_rules_that_keep_data_safe_lead_to_it() -> None:
    assert "(THREATS.md)" in (ROOT / "docs" / "SAFETY.md").read_text()
