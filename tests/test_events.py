"""The log is a contract: every event that the program logs is described, and nothing else is."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from archived.logs.events import EVENTS, FIELDS
from archived.logs.uncaught import EVENT

ROOT = Path(__file__).parents[1]
LEVELS = ("debug", "info", "warning", "error", "critical")
LOGGERS = re.compile(r"(^|\.)(_?log|telling)$|^tell$|get_logger\(\)$")
DESCRIBED = {each.name: each for each in EVENTS}

PASSED_ON = {
    "archived/retrieve/telling.py": "passes on what it is given",
    "archived/logs/configure.py": "passes on what libraries say",
}
"""Where an event has no fixed name."""

MADE = {"exc_info": ("exception", "traceback")}
"""Fields that are others by the time they are written."""


class Logged(NamedTuple):
    """One place in the code that logs."""

    where: str
    event: str
    level: str | None
    fields: frozenset[str] | None
    """None where they are put together elsewhere."""


def places() -> Iterator[Logged]:
    """Every place that logs by way of structlog; movers speak by the standard library's loggers."""
    for file in sorted((ROOT / "archived").rglob("*.py")):
        path = file.relative_to(ROOT).as_posix()
        if path.startswith("archived/transfer/") or path in PASSED_ON:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                logged = _logged(node)
                if logged is not None:
                    yield Logged(f"{path}:{node.lineno}", *logged)


def _logged(call: ast.Call) -> tuple[str, str | None, frozenset[str] | None] | None:
    level: str | None = None
    if isinstance(call.func, ast.Attribute):
        level = call.func.attr
        if level not in LEVELS or not LOGGERS.search(ast.unparse(call.func.value)):
            return None
    elif ast.unparse(call.func) != "tell" or not isinstance(call.args[0], ast.Constant):
        return None
    name = call.args[0]
    event = (
        name.value
        if isinstance(name, ast.Constant)
        else EVENT
        if ast.unparse(name) == "EVENT"
        else ""
    )
    names = [each.arg for each in call.keywords]
    if None in names:
        return str(event), level, None
    fields = frozenset(field for each in names for field in MADE.get(str(each), (str(each),)))
    return str(event), level, fields


LOGGED = list(places())


@pytest.mark.parametrize("logged", LOGGED, ids=lambda each: each.where)
def test_what_is_logged_is_described(logged: Logged) -> None:
    event = DESCRIBED[logged.event]
    assert logged.level is None or logged.level in event.levels
    assert logged.fields is None or logged.fields <= set(event.fields)


def test_what_is_described_is_logged() -> None:
    by_hand = {"library"}
    assert {each.event for each in LOGGED} | by_hand == set(DESCRIBED)
    for event in EVENTS:
        given = [each.fields for each in LOGGED if each.event == event.name]
        if None not in given and event.name not in by_hand:
            assert set(event.fields) == set().union(*(each or () for each in given))


def test_every_field_is_explained_once_and_every_name_and_id_is_its_own() -> None:
    assert {name for each in EVENTS for name in each.fields} == set(FIELDS)
    assert len({each.name for each in EVENTS}) == len(EVENTS)
    ids = [each.message_id for each in EVENTS if each.message_id]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


def test_the_page_is_what_the_code_says() -> None:
    spec = importlib.util.spec_from_file_location(
        "events_page", ROOT / "packaging" / "events_page.py"
    )
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (ROOT / "docs" / "EVENTS.md").read_text() == made.page(), "run `make docs`"
