"""`check` says where somebody on the network could read the catalogue, or answer in the place of its server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archived.store import Store
from archived.store.address import parse
from archived.store.wire import Wire, is_local
from tests.builders import NOON


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("postgresql://me@localhost/archive", True),
        ("postgresql://me@127.0.0.1:5432/archive", True),
        ("postgresql://me@[::1]/archive", True),
        ("postgresql:///archive?host=/var/run/postgresql", True),
        ("mysql://me@db.lab.org/archive?unix_socket=/run/mysqld.sock", True),
        ("postgresql://me@localhost/archive?host=db.lab.org", False),
        ("postgresql://me@db.lab.org/archive", False),
        ("mysql://me@192.0.2.7/archive", False),
        ("mysql://me@localhost.lab.org/archive", False),
    ],
)
def test_only_a_socket_and_loopback_are_this_machine(address: str, local: bool) -> None:
    assert is_local(parse(address)) is local


def test_over_a_network_only_a_server_that_proved_itself_is_in_order() -> None:
    troubles = {
        (encrypted, verified): Wire(False, encrypted, verified).trouble
        for encrypted in (False, True)
        for verified in (False, True)
    }
    assert "not encrypted" in troubles[False, False]
    assert "not encrypted" in troubles[False, True]
    assert "nobody checks" in troubles[True, False]
    assert troubles[True, True] == ""
    assert "verify-full" in Wire(False, False, False).what_to_do


def test_on_this_machine_nobody_listens() -> None:
    assert Wire(True, False, False).trouble == ""


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_elsewhere_without_tls_is_told_of(
    kind: str, shared_address: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = shared_address(kind)
    with Store.open(address, rig="rig-1", now=NOON) as store:
        assert store.library().ok
        monkeypatch.setattr("archived.store.wire.is_local", lambda _address: False)
        finding = store.library()
    assert not finding.ok
    assert "not encrypted" in finding.what
    assert "sslmode=verify-full" in finding.what_to_do
