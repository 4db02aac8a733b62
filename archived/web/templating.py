"""Templates. Every text is escaped twice: what no reader sees is written out, then what means something in HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from archived import __version__
from archived.core.lifecycle import State
from archived.core.model import BatchState
from archived.core.paths import printable
from archived.core.units import format_duration, format_size
from archived.web.addresses import query, quoted
from archived.web.looks import FILE_COLOURS, LOOKS
from archived.web.source import Source, View

_ENDED = frozenset({BatchState.SENT, BatchState.PROVED})


class Templates:
    """The pages with what they show filled in."""

    def __init__(self, source: Source) -> None:
        self._environment = Environment(
            loader=PackageLoader("archived.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )
        words: Mapping[str, Callable[..., Any]] = {
            "local": source.local,
            "ago": source.ago,
            "size": format_size,
            "commands": commands,
            "breakable": breakable,
            "below": below,
            "percent": percent,
            "counted": counted,
            "lasting": lasting,
            "quoted": quoted,
        }
        self._environment.filters.update(words)
        self._environment.globals.update(
            looks={str(state): look for state, look in LOOKS.items()},
            file_colours=FILE_COLOURS,
            query=query,
            version=__version__,
            today=source.today,
            as_of=lambda: source.local(source.now().isoformat()),
        )

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """A page."""
        return self._environment.get_template(name).render(values)


def _shown(value: Any) -> Any:
    """What is put into a page: no name on disk may hide in it, turn its direction, or be no Unicode."""
    if isinstance(value, Markup):
        return value
    return printable(value) if isinstance(value, str) else value


def commands(text: str) -> Markup:
    """A sentence whose `commands` stand out."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:
        return escape(printable(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def breakable(name: str) -> Markup:
    """A name that is broken into lines where its parts end, as far as there is room."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=/)", printable(name)))


def below(path: str, dataset: View) -> str:
    """The path of a file from the folder of its dataset."""
    _, _, folder = dataset["name"].partition("/")
    return path.removeprefix(f"{folder}/")


def percent(transfer: View) -> int:
    """How much of a transfer is done; in bytes, or in files where these are empty."""
    if BatchState(transfer["state"]) in _ENDED:
        return 100
    whole, done = transfer["bytes"], transfer["bytes_done"]
    if not whole:
        whole, done = transfer["files"], transfer["files_done"]
    return min(100, 100 * done // whole) if whole else 0


def counted(number: int, word: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def lasting(seconds: int) -> str:
    """How long something takes, to the minute where it is longer than that."""
    duration = timedelta(seconds=min(seconds, 10**8))
    minute = timedelta(minutes=1)
    return format_duration(duration if duration < minute else duration // minute * minute)


STATES = tuple(str(state) for state in State)
