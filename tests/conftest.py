"""What holds for every test, and the database servers that tests of any part may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from archived.daemon import pacing
from archived.secrecy import hidden
from archived.store import Store
from archived.store.schema import TABLES
from tests.builders import NOON
from tests.store.servers import SHARED, Server, running

# A machine that is busy with other things must not make a property false.
settings.register_profile("archived", deadline=None)
settings.load_profile("archived")


@pytest.fixture(autouse=True)
def _know_no_secret_of_another_test() -> Iterator[None]:
    known = set(hidden.KNOWN)
    # A generated secret may be a word that another test looks for in a log.
    hidden.KNOWN.clear()
    yield
    hidden.KNOWN.clear()
    hidden.KNOWN.update(known)


@pytest.fixture(autouse=True)
def _stay_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # A thread that stepped back never comes forward again, and here that would be the one which runs the tests.
    monkeypatch.setattr(pacing, "step_back", lambda *, idle: None)


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


@pytest.fixture(scope="session")
def shared_address(server_of: Callable[[str], Server]) -> Callable[[str], str]:
    """The address of the shared database of a kind of server, made by the first test that needs it."""
    made: dict[str, str] = {}

    def shared_address(kind: str) -> str:
        if kind not in made:
            made[kind] = server_of(kind).new_database(SHARED)
            Store.open(made[kind], rig="rig-1", create=True, now=NOON).close()
        return made[kind]

    return shared_address


@pytest.fixture
def emptied(
    server_of: Callable[[str], Server], shared_address: Callable[[str], str]
) -> Callable[[str], str]:
    """The address of the shared database of a kind of server, without a single row in it."""

    def emptied(kind: str) -> str:
        address = shared_address(kind)
        server_of(kind).empty(SHARED, [table._meta.table_name for table in TABLES])
        return address

    return emptied
