"""A connection to PostgreSQL on which no statement waits for ever. Imported only where such a store is used."""

from __future__ import annotations

from typing import Any

import psycopg

Error = psycopg.Error


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
