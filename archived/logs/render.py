"""One entry as one line: for machines (JSON) and for people (console)."""

from __future__ import annotations

import json
from typing import Any

_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}


def render_json(_logger: Any, _method: str, event_dict: dict[str, Any]) -> str:
    """One JSON object, in ASCII, so that no terminal, pipe or shipper can stumble over it."""
    first = ("timestamp", "level", "event")
    ordered = {key: event_dict[key] for key in first if key in event_dict}
    return json.dumps(ordered | event_dict, allow_nan=False)


class ConsoleRenderer:
    """`12:03:04 warning root unavailable  root=/data error="…"`, coloured where wanted. Times are UTC."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, _logger: Any, _method: str, event_dict: dict[str, Any]) -> str:
        fields = dict(event_dict)
        time = str(fields.pop("timestamp", ""))[11:19]
        level = str(fields.pop("level", "info"))
        event = str(fields.pop("event", ""))
        line = (
            f"{self._in(time, '2')} {self._in(f'{level:<8}', _COLOURS.get(level, '0'))} "
            f"{self._in(event, '1')}"
        )
        shown = show_fields(fields)
        return f"{line}  {shown}" if shown else line

    def _in(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text


def show_fields(fields: dict[str, Any]) -> str:
    """`key=value` pairs; text with blanks in quotes, structures as JSON."""
    return " ".join(f"{key}={_shown(value)}" for key, value in fields.items())


def _shown(value: Any) -> str:
    if isinstance(value, str):
        plain_word = value and not any(character in value for character in ' "=')
        return value if plain_word else '"' + value.replace('"', '\\"') + '"'
    return json.dumps(value, ensure_ascii=False)
