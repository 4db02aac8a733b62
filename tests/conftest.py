"""What holds for every test, and the database servers that tests of any part may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from tests.store.servers import Server, running

# A machine that is busy with other things must not make a property false.
settings.register_profile("archived", deadline=None)
settings.load_profile("archived")


@pytest.fixture(scope="session")
def server_of() -> Iterator[Callable[[str], Server]]:
    """A server of each kind ("postgresql", "mysql"), started by the first test that asks for it.

    Each process of pytest-xdist has servers of its own. A test that stops one starts one of its own by `running`.
    """
    with ExitStack() as stack:
        started: dict[str, Server] = {}

        def server_of(kind: str) -> Server:
            if kind not in started:
                started[kind] = stack.enter_context(running(kind))
            return started[kind]

        yield server_of
