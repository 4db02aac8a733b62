"""What `check` says of [alerts]: whether the addresses can be used. Nothing is sent; `archivedctl alerts test` does that."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from archived.cli.finding import Checked, failed_by, ok, warn
from archived.errors import ConfigurationError

if TYPE_CHECKING:
    from archived.config import Configuration


class Configured(Protocol):
    """Whoever knows the configuration."""

    @property
    def configuration(self) -> Configuration: ...


def alerts(known: Configured) -> Iterator[Checked]:
    """Whether somebody would be told of alarms, where the configuration wants that."""
    from archived.alerts.addresses import WORDS, addresses

    settings = known.configuration.alerts
    if not settings.secret:
        return
    try:
        harmless = WORDS | known.configuration.names
        found = addresses(settings.addresses() or "", harmless=harmless)
    except ConfigurationError as error:
        yield failed_by("alerts", error)
        return
    if not found:
        yield warn("alerts", "[alerts] names no address", "write one into each line of `urls_file`")
    elif importlib.util.find_spec("apprise") is None:
        yield warn(
            "alerts",
            "the package that sends alarms is missing, so nobody is told of them",
            "pip install 'archived[alerts]'",
        )
    else:
        addressed = "1 address" if len(found) == 1 else f"{len(found)} addresses"
        yield ok("alerts", f"alarms are sent to {addressed}; `archivedctl alerts test` tries them")
