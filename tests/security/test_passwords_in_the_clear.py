"""Whoever answers in the place of a store's server is not told the password just because he asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archived.errors import StoreError
from archived.store import Store
from archived.store.postgres import no_clear_password
from tests.builders import NOON
from tests.security.false_servers import ASKING, false_server

PASSWORD = "planted-and-asked-for"

WAYS = sorted(ASKING)


def open_store(way: str, port: int, more: str = "") -> None:
    """Connect to it with the password."""
    kind = way.split()[0]
    Store.open(f"{kind}://me:{PASSWORD}@127.0.0.1:{port}/archive{more}", rig="rig-1", now=NOON)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is on this machine, as far as our program knows."""
    monkeypatch.setattr("archived.store.servers.is_local", lambda _address: False)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("way", WAYS)
def test_who_asks_over_the_network_is_not_told(way: str) -> None:
    with (
        false_server(ASKING[way]) as (port, told),
        pytest.raises(StoreError, match="asks for the password itself, which it was not told") as e,
    ):
        open_store(way, port)
    assert told
    assert PASSWORD.encode() not in b"".join(told)
    assert "nothing was changed in it" in str(e.value)
    assert "sslmode=verify-full" in e.value.what_to_do


@pytest.mark.parametrize("way", WAYS)
def test_on_this_machine_where_nobody_listens_a_server_may_ask(way: str) -> None:
    """And so every one of these servers would be told, if we let it."""
    with false_server(ASKING[way]) as (port, told), pytest.raises(StoreError):
        open_store(way, port)
    assert PASSWORD.encode() in b"".join(told)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("way", ["mysql greeted encrypted", "postgresql encrypted"])
def test_an_encrypted_server_may_ask_where_the_address_says_so_much(way: str) -> None:
    with false_server(ASKING[way]) as (port, told), pytest.raises(StoreError):
        open_store(way, port, "?sslmode=require")
    assert PASSWORD.encode() in b"".join(told)


@pytest.mark.parametrize("way", [each for each in WAYS if "encrypted" not in each])
def test_a_connection_that_must_be_encrypted_is_not_made_to_who_offers_none(way: str) -> None:
    with false_server(ASKING[way]) as (port, told), pytest.raises(StoreError):
        open_store(way, port, "?sslmode=require")
    assert PASSWORD.encode() not in b"".join(told)


def test_what_is_demanded_of_a_server_elsewhere_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PGSERVICE", "PGREQUIREAUTH"):
        monkeypatch.delenv(name, raising=False)
    assert no_clear_password({}) == {"require_auth": "!password"}
    assert no_clear_password({"service": "lab"}) == {}
    monkeypatch.setenv("PGREQUIREAUTH", "scram-sha-256")
    assert no_clear_password({}) == {}
    monkeypatch.delenv("PGREQUIREAUTH")
    services = tmp_path / "services"
    services.write_text("[lab]\nrequire_auth=scram-sha-256\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGSERVICE", "lab")
    assert no_clear_password({}) == {}
