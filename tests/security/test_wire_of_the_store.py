"""`check` says where somebody on the network could read the catalogue, or answer in the place of its server."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.traceback import Traceback

from archived.errors import ConfigurationError, StoreError
from archived.store import Store
from archived.store.address import is_local, parse
from archived.store.wire import Wire
from tests.builders import NOON
from tests.store.servers import Server


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
        ("postgresql:///archive", True),
        ("postgresql:///archive?service=lab", False),
        ("postgresql://me@localhost/archive?service=lab", False),
        ("mysql:///archive?read_default_file=/etc/my.cnf", False),
    ],
)
def test_only_a_socket_and_loopback_are_this_machine(address: str, local: bool) -> None:
    assert is_local(parse(address)) is local


@pytest.mark.parametrize(
    ("name", "value", "local"),
    [
        ("PGHOST", "/run/postgresql", True),
        ("PGHOST", "db.lab.org", False),
        ("PGHOSTADDR", "192.0.2.7", False),
        ("PGSERVICE", "lab", False),
    ],
)
def test_the_environment_may_lead_postgresql_elsewhere(
    name: str, value: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert is_local(parse("postgresql:///archive")) is local
    assert is_local(parse("mysql:///archive"))


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


def test_a_password_from_a_file_is_used_only_where_nobody_else_may_read_it(
    server_of: Callable[[str], Server], tmp_path: Path
) -> None:
    """Of PostgreSQL's `passfile` its own library sees to that."""
    server, file = server_of("mysql"), tmp_path / "my.cnf"
    server.execute(
        "CREATE DATABASE IF NOT EXISTS from_a_file",
        "CREATE USER IF NOT EXISTS 'filed'@'127.0.0.1' IDENTIFIED BY 'planted-in-a-file'",
        "GRANT ALL ON from_a_file.* TO 'filed'@'127.0.0.1'",
    )
    file.write_text("[client]\npassword = planted-in-a-file\n")
    file.chmod(0o600)
    address = f"mysql://filed@127.0.0.1:{server.port}/from_a_file?read_default_file={file}"
    Store.open(address, rig="rig-1", create=True, now=NOON).close()

    file.write_text("[client]\npassword = planted-and-wrong\n")
    with pytest.raises(StoreError, match="Access denied") as caught:
        Store.open(address, rig="rig-1", now=NOON)
    shown = everything_of(caught.value)
    assert "read_default_file" in shown
    assert "planted-and-wrong" not in shown

    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="mode 0640"):
        Store.open(address, rig="rig-1", now=NOON)


def everything_of(error: BaseException) -> str:
    """A traceback as a notebook shows it that shows every local variable of every frame of ours."""
    assert error.__traceback__ is not None
    shown = Traceback.from_exception(
        type(error), error, error.__traceback__.tb_next, show_locals=True, locals_max_string=None
    )
    out = io.StringIO()
    Console(file=out, width=4000).print(shown)
    return out.getvalue()
