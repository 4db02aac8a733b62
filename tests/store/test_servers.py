"""Addresses of servers: what they may say, how it is secured, and with which permissions a store can be used."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archived.errors import ConfigurationError, StoreError, StoreMissingError
from archived.store import Selector, Store
from archived.store.address import PARAMETERS, parse
from archived.store.servers import served
from archived.store.wire import wire_of
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.servers import SERVERS, Server, give, require, running


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("postgresql://db/archive?sslmod=require", "sslmod"),
        ("postgresql://db/archive?options=-c%20fsync%3Doff", "options"),
        ("postgresql://db/archive?ssl_ca=/ca.pem", "ssl_ca"),
        ("mysql://db/archive?charset=latin1", "charset"),
        ("mysql://db/archive?sslrootcert=/ca.pem", "sslrootcert"),
        ("mysql://db/archive?init_command=DROP", "init_command"),
    ],
)
def test_a_parameter_that_is_not_known_is_a_mistake(text: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no parameter {name}") as refused:
        parse(text)
    kind = text.partition(":")[0]
    assert all(known in refused.value.what_to_do for known in PARAMETERS[kind])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("sslmode=yes", "sslmode=yes is none of"),
        ("sslmode=verify-full", "takes an ssl_ca"),
        ("ssl_ca=/nowhere/ca.pem", "/nowhere/ca.pem, which is not there"),
        ("read_default_file=/nowhere/my.cnf", "/nowhere/my.cnf, which is not there"),
    ],
)
def test_parameters_that_make_no_sense_are_told_of_before_a_server_is_asked(
    parameters: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Store.open(f"mysql://db.invalid/archive?{parameters}", rig="rig-1")
    if parameters.startswith("sslmode=yes"):
        with pytest.raises(ConfigurationError, match=words):
            Store.open(f"postgresql://db.invalid/archive?{parameters}", rig="rig-1")


def test_a_password_is_shown_nowhere() -> None:
    address = parse("mysql://anna:s3cr%C3%A9t%40@db/archive")
    assert address.password == "s3crét@"
    assert "s3cr" not in repr(address)
    assert "s3cr" not in address.shown
    # The driver alone would write it in Latin 1.
    assert served(address, {}).connect_params["password"] == "s3crét@".encode()


def test_a_certificate_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    nonsense = tmp_path / "ca.pem"
    nonsense.write_text("not a certificate")
    with pytest.raises(ConfigurationError, match="certificate or key"):
        Store.open(f"mysql://127.0.0.1:1/archive?ssl_ca={nonsense}", rig="rig-1")


@pytest.fixture(scope="module", params=list(SERVERS))
def secured(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a certificate of its own, and a certificate that is not its own."""

    def prepare(server: Server) -> None:
        certificate, key = server.folder / "server.pem", server.folder / "server.key"
        self_signed(certificate, key)
        server.serve_tls(give(server, certificate), give(server, key))
        other = server.folder / "other.pem"
        self_signed(other, server.folder / "other.key")

    with running(request.param, prepare) as server:
        server.new_database("archive")
        yield server


class TestTls:
    """A server with a certificate of its own."""

    @staticmethod
    def encrypted(store: Store) -> bool:
        if store._door.kind.name == "postgresql":
            return store._door.row("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == (
                True,
            )
        row = store._door.row("SHOW STATUS LIKE 'Ssl_cipher'")
        return row is not None and row[1] != ""

    @pytest.mark.parametrize(
        ("mode", "trusted", "encrypted"),
        [
            ("disable", None, False),
            ("prefer", None, True),
            ("require", None, True),
            ("verify-ca", "server.pem", True),
            ("verify-full", "server.pem", True),
        ],
    )
    def test_is_used_as_asked_for(
        self, secured: Server, mode: str, trusted: str | None, encrypted: bool
    ) -> None:
        with self.open(secured, mode, trusted) as store:
            assert self.encrypted(store) == encrypted
            wire = wire_of(store._door)
        assert (wire.encrypted, wire.verified) == (encrypted, mode.startswith("verify"))

    def test_a_server_that_is_another_one_is_refused(self, secured: Server) -> None:
        with pytest.raises(StoreError, match=r"(?i)certificate"):
            self.open(secured, "verify-full", "other.pem")

    def open(self, server: Server, mode: str, trusted: str | None) -> Store:
        ca = {"postgresql": "sslrootcert", "mysql": "ssl_ca"}[server.kind]
        more = f"&{ca}={server.folder / trusted}" if trusted else ""
        address = f"{server.address('archive')}?sslmode={mode}{more}"
        return Store.open(address, rig="rig-1", create=True, now=NOON)


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(server_kind: str) -> None:
    def prepare(server: Server) -> None:
        if server_kind == "mysql":
            server.settings.append("--skip-ssl")

    with running(server_kind, prepare) as server:
        address = server.new_database("archive")
        with pytest.raises(StoreError, match=r"(?i)ssl"):
            Store.open(f"{address}?sslmode=require", rig="rig-1", create=True)


def self_signed(certificate: Path, key: Path) -> None:
    """Write a certificate for this machine that vouches for itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def test_check_tells_which_server_it_is(server_kind: str, server_address: str) -> None:
    with Store.open(server_address, rig="rig-1") as store:
        finding = store.library()
    name = {"postgresql": "PostgreSQL", "mysql": "MariaDB"}[server_kind]
    assert finding.ok
    assert re.fullmatch(rf"store {re.escape(server_address)}, {name} [0-9]+\.[0-9.]+", finding.what)
    assert finding.fields["server"].startswith(f"{name} ")


def test_a_server_that_is_not_installed_is_skipped_here_and_fails_where_all_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SERVERS["mysql"], "programs", lambda: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install mariadb-server"):
        require("mysql")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no MariaDb server is installed"):
        require("mysql")


class TestPermissions:
    """What docs/SHARED-STORE.md tells a database's keeper to grant is enough, and not too much."""

    @pytest.fixture
    def granted(self, server: Server) -> Iterator[Callable[[str], str]]:
        """The address of a database that was set up as the page says, for each of its users."""
        for statement in setup_of(server.kind):
            server.execute(statement, database="archive" if "DEFAULT PRIV" in statement else None)
        number = {"rig_1": 1, "rig_2": 2, "analyst": 3}
        yield lambda user: server.address("archive").replace(
            "archived@", f"{user}:secret-{number[user]}@"
        )
        server.drop_database("archive")
        host = "" if server.kind == "postgresql" else "@'%'"
        for user in (*number, *(["archive_owner"] if server.kind == "postgresql" else [])):
            word = "ROLE" if server.kind == "postgresql" else "USER"
            server.execute(f"DROP {word} {user}{host}")

    def test_each_rig_uses_what_another_one_began_and_an_analyst_reads_it(
        self, granted: Callable[[str], str]
    ) -> None:
        with (
            Store.open(granted("rig_1"), rig="north", create=True, now=NOON) as north,
            north.claim_daemon(1, NOON),
        ):
            Bench(north).ready("a.bin")
            with (
                Store.open(granted("rig_2"), rig="south", create=True, now=NOON) as south,
                south.claim_daemon(2, NOON),
            ):
                bench = Bench(south)
                bench.ready("a.bin")
                assert [each.running for each in south.rigs()] == [True, True]
        with Store.open(granted("analyst"), rig="analysis") as reading:
            found = list(reading.select(Selector(everywhere=True)))
            assert sorted(each.rig for each in found) == ["north", "south"]
            assert len(reading.rigs()) == 2
            with pytest.raises(StoreMissingError, match="no rig analysis"):
                reading.pause("lunch", NOON)
            with pytest.raises(StoreError, match="this user may not do that") as refused:
                reading.join()
            assert "docs/SHARED-STORE.md" in refused.value.what_to_do

    def test_an_analyst_under_the_name_of_a_rig_changes_nothing(
        self, granted: Callable[[str], str]
    ) -> None:
        Store.open(granted("rig_1"), rig="north", create=True, now=NOON).close()
        with (
            Store.open(granted("analyst"), rig="north") as reading,
            pytest.raises(StoreError, match="this user may not do that"),
        ):
            reading.pause("lunch", NOON)


PAGE = Path(__file__).parents[2] / "docs" / "SHARED-STORE.md"


def setup_of(kind: str) -> list[str]:
    """The statements of the page for that kind of server."""
    blocks = [text.split("```")[0] for text in PAGE.read_text().split("```sql\n")[1:]]
    [found] = [each for each in blocks if ("CREATE ROLE" in each) == (kind == "postgresql")]
    return [each.strip() for each in found.split(";") if each.strip()]
