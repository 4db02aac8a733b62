"""`/api/v1`: the JSON of `archivedctl`, by portions where it may be long."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from archived.web.addresses import query, quoted
from archived.web.source import Asked, Source, View
from archived.web.today import is_at_work

LISTED = 1_000
FILES = 1_000
"""How many datasets, and files of one, are in a portion."""


class Portion(NamedTuple):
    """What is answered; `further` is the address of the next portion, None where this was the last."""

    value: Any
    further: str | None = None


class Api:
    """Each verb is an address below `/api/v1/`."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def status(self, asked: Asked) -> Portion:
        """`archivedctl status --json`."""
        _nothing(asked)
        return Portion(self._source.status())

    def list(self, asked: Asked) -> Portion:
        """`archivedctl list --json`, with its options as parameters."""
        listed = self._source.select(asked, most=LISTED)
        if listed.after is None or any(key == "limit" for key, _ in asked):
            return Portion(listed.views)
        rest = [(key, value) for key, value in asked if key != "after"]
        return Portion(listed.views, f"/api/v1/list{query([*rest, ('after', str(listed.after))])}")

    def show(self, name: str, asked: Asked) -> Portion:
        """`archivedctl show NAME --json`; of a dataset with very many files `first` asks for the next ones."""
        given = dict(asked)
        text = given.pop("first", "0")
        _nothing(tuple(given.items()))
        if not (text.isascii() and text.isdecimal() and len(text) < 12):
            raise ValueError(f"first: the number of a file is expected, not {text!r}")
        first = int(text)
        shown = self._source.show(name, range(first, first + FILES))
        if first + FILES >= shown.files:
            return Portion(shown.view)
        return Portion(shown.view, f"/api/v1/show/{quoted(name)}?first={first + FILES}")

    def events(self, asked: Asked) -> Portion:
        """`archivedctl events --json`, with its options as parameters."""
        return Portion(self._source.events(asked))

    def rigs(self, asked: Asked) -> Portion:
        """`archivedctl rigs --json`."""
        _nothing(asked)
        return Portion(self._source.rigs())


def health(status: View, now: datetime) -> tuple[bool, View]:
    """Whether the daemon is at work, and why not; the store was read to tell."""
    daemon = status["daemon"]
    return is_at_work(status, now), {
        "store": {"readable": True},
        "daemon": {"running": daemon["running"], "last_tick": daemon["last_tick"]},
    }


UNHEALTHY: View = {"store": {"readable": False}, "daemon": {"running": None, "last_tick": None}}
"""What is said where the store cannot be read: then nothing is known of the daemon."""


def _nothing(asked: Asked) -> None:
    if asked:
        raise ValueError(f"{asked[0][0]!r} cannot be asked for here")
