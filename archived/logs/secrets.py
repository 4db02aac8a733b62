"""Keeps secrets out of the log, by the names of fields and by the secrets that are known."""

from __future__ import annotations

import re
from typing import Any

from archived.secrecy.hidden import know
from archived.secrecy.redacting import HIDDEN, redact_text

_SECRET_KEY = re.compile(r"authorization|token|secret|password", re.IGNORECASE)
_HARMLESS_KEY = re.compile(r"_file$|_expires", re.IGNORECASE)


def hide(secret: str) -> None:
    """From now on the secret is replaced by `[hidden]` wherever it would be logged."""
    know(secret)


def redact(value: Any, key: str = "") -> Any:
    """The plain value without secrets: of a field with such a name everything, of text what looks like one."""
    if key and _SECRET_KEY.search(key) and not _HARMLESS_KEY.search(key) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {redact_text(name): redact(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [redact(each) for each in value]
    return value


def redact_fields(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """The processor that redacts an entry; it expects plain values."""
    return {redact_text(key): redact(value, key) for key, value in event_dict.items()}
