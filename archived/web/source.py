"""What the pages are made of. `archived.cli.answering` gives it, so that a page says what `archivedctl` says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

MOST_RECORDED = 20_000
"""How many datasets of some days are read."""

View = dict[str, Any]
"""An object of the JSON interface (docs/json.md)."""

Asked = Sequence[tuple[str, str]]
"""What was asked for behind the `?` of an address, in order."""


class Listed(NamedTuple):
    """Some datasets; `after` is where the next ones begin, None where there are no more."""

    views: list[View]
    after: int | None


class Shown(NamedTuple):
    """One dataset as `show` has it, with a part of its files; `files` is how many there are in all."""

    view: View
    files: int


class Source(Protocol):
    """Every verb opens the store and lets go of it again. All raise `ArchivedError`, and `ValueError` for what was asked."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    def today(self) -> date:
        """The day on this machine's calendar."""
        ...

    def local(self, moment: str | None) -> str:
        """A time of a view on this machine's clock; "" for None."""
        ...

    def ago(self, moment: str | None) -> str:
        """How long ago a time of a view is, in words."""
        ...

    def status(self) -> View:
        """As `archivedctl status --json`."""
        ...

    def recorded(self, first: date, last: date) -> list[tuple[date, View]]:
        """The datasets of some days, each with its day, as `archivedctl list --json` has them."""
        ...

    def select(self, asked: Asked, *, most: int, newest: bool = False) -> Listed:
        """As `archivedctl list --json`, by portions of at most so many."""
        ...

    def show(self, name: str, part: range) -> Shown:
        """As `archivedctl show NAME --json`, with a part of its files by their numbers."""
        ...

    def events(self, asked: Asked) -> list[View]:
        """As `archivedctl events --json`."""
        ...

    def rigs(self) -> list[View]:
        """As `archivedctl rigs --json`."""
        ...

    def metrics(self) -> bytes:
        """As `archivedctl metrics`; a store that cannot be read is a number as well."""
        ...

    def json(self, value: Any) -> str:
        """A view as `--json` prints it."""
        ...

    def tell_of_mistake(self, error: BaseException) -> None:
        """Note a mistake of this program where its log goes."""
        ...
