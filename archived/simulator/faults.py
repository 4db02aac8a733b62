"""Faults to order: what shall go wrong, where, and how often."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from archived.errors import NameNotFoundError

CONNECTION_FAULTS = {
    "refuse": "the connection is closed, nothing was done",
    "reset": "the request is carried out, the connection is reset before the answer",
    "slow": "the answer takes `seconds` longer",
    "429": "429 with Retry-After",
    "500": "500 InternalError",
    "502": "502; `body` is json (an ExternalError), list (a JSON list) or html",
    "503": "503 ServiceUnavailable",
}
SERVICE_FAULTS = {
    "expired_token": "401 AuthenticationFailed",
    "consent_missing": "403 ConsentRequired for the data_access of a collection",
    "session_expired": "502 LoginFailed, as a high-assurance collection says it",
    "operation_denied": "403 EndpointPermissionDenied for operations on a collection",
    "identical_paths": "409 to a submission: the same paths travel already",
    "too_many_tasks": "409 TooManyPendingJobs to a submission",
    "duplicate": "a submission that is the first is answered as a duplicate",
    "receipts_late": "409 to the question for successful transfers",
    "invalid_client": "401 invalid_client from the token endpoint",
    "invalid_grant": "400 invalid_grant from the token endpoint",
}
TASK_FAULTS = {
    "offline": "the collection's Globus Connect Personal is away (for listings, too)",
    "paused": "an administrator paused the task",
    "inactive": "the task is suspended, as when a login ran out",
    "expires": "the task reaches its deadline at once",
    "canceled_by_admin": "an administrator (`who`: SOURCE, DESTINATION, BOTH) cancels the task",
    "permission_denied": "a file (or folder) may not be read or written",
    "source_vanished": "a file at the source is not there",
    "size_changed": "a file at the source changes its size while it travels",
    "quota": "the destination's quota is used up",
    "no_space": "the destination's disk is full",
    "checksum_mismatch": "a byte changes on the way; verification notices, where it is asked for",
    "external_checksum_mismatch": "the given checksum does not fit what arrived",
    "error": "any other event code, given as `code`",
}
KNOWN = {**CONNECTION_FAULTS, **SERVICE_FAULTS, **TASK_FAULTS}
"""Every fault there is, by its name."""


@dataclass(slots=True)
class Order:
    """One fault as it was ordered. None means: any, or for `times` until it is cleared.

    `route` is a glob over `METHOD /path`, `path` one over paths of the collection, `label` one over labels of
    tasks. A fault strikes only what fits everything that was given.
    """

    id: int
    name: str
    times: int | None = None
    after: int = 0
    """How many times it lets pass what it would strike, before it begins."""
    route: str | None = None
    collection: str | None = None
    path: str | None = None
    label: str | None = None
    seconds: float = 1.0
    retry_after: int | None = None
    body: str = "json"
    code: str = "UNKNOWN"
    who: str = "SOURCE"
    message: str = ""
    struck: int = 0
    """How often it has struck."""

    def __post_init__(self) -> None:
        """Raise `TypeError` where an option is of the wrong kind, before it can trip whoever asks."""
        numbers = (self.times, self.after, self.seconds, self.retry_after)
        texts = (self.route, self.collection, self.path, self.label)
        words = (self.body, self.code, self.who, self.message)
        if not all(number is None or isinstance(number, int | float) for number in numbers):
            raise TypeError("times, after, seconds and retry_after must be numbers")
        if not all(text is None or isinstance(text, str) for text in texts):
            raise TypeError("route, collection, path and label must be text")
        if not all(isinstance(word, str) for word in words):
            raise TypeError("body, code, who and message must be text")

    def fits(self, *, route: str, collection: str, path: str, label: str) -> bool:
        """Whether it concerns this; what was not given in the order is not looked at."""
        wanted = ((self.route, route), (self.path, path), (self.label, label))
        if self.collection is not None and self.collection != collection:
            return False
        return all(glob is None or fnmatchcase(text, glob) for glob, text in wanted)

    def as_dict(self) -> dict[str, Any]:
        """What the control interface shows."""
        return asdict(self)


class FaultBook:
    """The faults in force. May be asked from any thread."""

    def __init__(self) -> None:
        self._orders: list[Order] = []
        self._numbers = iter(range(1, 1_000_000_000))
        self._lock = threading.Lock()

    def order(self, name: str, **options: Any) -> Order:
        """Put a fault in force.

        Raises `NameNotFoundError` for a fault, and `TypeError` for an option, that does not exist.
        """
        if name not in KNOWN:
            raise NameNotFoundError(
                f"There is no fault called '{name}'.",
                what_to_do="Take one of: " + ", ".join(KNOWN) + ".",
            )
        if options.get("collection") is not None:
            options["collection"] = str(options["collection"]).lower()
        with self._lock:
            order = Order(next(self._numbers), name, **options)
            self._orders.append(order)
        return order

    def clear(self, name: str | None = None, *, number: int | None = None) -> int:
        """End the faults of one name, the one with this number, or all. Returns how many."""
        with self._lock:
            before = len(self._orders)
            self._orders = [
                order
                for order in self._orders
                if not (name in (None, order.name) and number in (None, order.id))
            ]
            return before - len(self._orders)

    def in_force(self) -> list[Order]:
        """The faults that may still strike."""
        with self._lock:
            return [order for order in self._orders if order.times is None or order.times > 0]

    def strikes(
        self,
        *names: str,
        route: str = "",
        collection: str = "",
        path: str = "",
        label: str = "",
    ) -> Order | None:
        """The first fault of these names that strikes here and now, or None. Striking uses it up by one."""
        with self._lock:
            for order in self._of(names):
                if order.times == 0:
                    continue
                if not order.fits(route=route, collection=collection, path=path, label=label):
                    continue
                if order.after > 0:
                    order.after -= 1
                    continue
                order.struck += 1
                if order.times is not None:
                    order.times -= 1
                return order
        return None

    def _of(self, names: Iterable[str]) -> list[Order]:
        return [order for order in self._orders if order.name in names]
