"""A connection to PostgreSQL on which no statement waits for ever. Imported only where such a store is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import pq

Error = psycopg.Error


SINCE = 160_000
"""The version of PostgreSQL's library that can refuse a server what it asks for."""


def no_clear_password(parameters: Mapping[str, Any]) -> dict[str, str]:
    """What to say besides so that a server which asks for the password itself is not told.

    What a service or the environment demands of a server is stricter, perhaps, and would be replaced by that.
    """
    demanded = {each.keyword: each.val for each in pq.Conninfo.get_defaults()}
    if "service" in parameters or demanded.get(b"service") or demanded.get(b"require_auth"):
        return {}
    return {"require_auth": "!password"} if pq.version() >= SINCE else {}


class AnswerTimeout(psycopg.OperationalError):
    """The server did not answer in time."""


class Connection(psycopg.Connection[Any]):
    """Gives a statement up after a time, for the network does not tell of a server that hangs."""

    answer_within: float | None = None
    """Seconds; None waits for ever."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See psycopg; the connection is closed when the time is over."""
        limit = self.answer_within if timeout is None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=limit)
        except psycopg.errors._WaitTimeout as error:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise AnswerTimeout(f"no answer within {limit:g} s") from error
