"""Keeps secrets out of the log, by the names of fields and by the secrets that are known."""

from __future__ import annotations

import re
from typing import Any

from archived.secrecy.hidden import KNOWN, know

HIDDEN = "[hidden]"

_SECRET_KEY = re.compile(r"authorization|token|secret|password", re.IGNORECASE)
_HARMLESS_KEY = re.compile(r"_file$|_expires", re.IGNORECASE)
_IN_TEXT = re.compile(
    r"""(?ix)
    (?P<before>
        \b (?:bearer|basic) \s+
      | (?:authorization|\w*token|\w*secret|password) ["']? \s* [=:] \s* ["']? (?:bearer\s+|basic\s+)?
    )
    (?P<secret> [^\s"'&,;@]{6,} )
    """
)
_IN_ADDRESS = re.compile(r"(://[^\s:/]*:)[^\s]+@")
"""Up to the last `@`: an address that was not written as it should be may have more of them, or a slash before it."""


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


def redact_text(text: str) -> str:
    """The text without any known secret, header or assignment of one."""
    # The longest first, as one secret may begin with another.
    for secret in sorted(KNOWN, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    return _IN_TEXT.sub(rf"\g<before>{HIDDEN}", text)


def redact_fields(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """The processor that redacts an entry; it expects plain values."""
    return {redact_text(key): redact(value, key) for key, value in event_dict.items()}
