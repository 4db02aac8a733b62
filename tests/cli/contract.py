"""The schemas of docs/schemas, held against real output more strictly than a reader has to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def fits(value: Any, name: str) -> None:
    """The value is as the schema says, and has no key that the schema does not document."""
    jsonschema.validate(
        value,
        _closed(json.loads((SCHEMAS / f"{name}.json").read_text())),
        format_checker=jsonschema.FormatChecker(),
    )


def _closed(schema: Any) -> Any:
    """The schema, with only its documented keys allowed."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(each) for key, each in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
