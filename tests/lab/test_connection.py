"""The lab's database is reached encrypted, by whoever it lets in, and no password is ever told."""

from __future__ import annotations

import datetime
import ipaddress
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archived.config import DatajointSettings
from archived.config.secrets import DATAJOINT_PASSWORD, Secret
from archived.errors import ConfigurationError, LabDatabaseError, LabTablesError
from archived.store.lab import water_restriction
from archived.store.lab.connection import LabConnection, connected
from tests.lab.labs import Lab
from tests.store.servers import SERVERS, USER, MariaDb, Postgres, Server, running

PASSWORD = "TAINT/päss:w@rd"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36_500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "server.crt", folder / "server.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files[1].chmod(0o600)
    if os.geteuid() == 0:
        for each in files:
            os.chown(each, folder.stat().st_uid, folder.stat().st_gid)
    return files


class EncryptedMariaDb(MariaDb):
    """MariaDB with TLS and a user who has a password."""

    def create(self) -> None:
        """See `Server.create`."""
        super().create()
        certificate(self.folder)
        grants = self.folder / "grants.sql"
        grants.write_text(
            f"{grants.read_text()}CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;\n"
            "GRANT SELECT ON *.* TO 'reader'@'127.0.0.1';\n"
        )

    def command(self) -> list[str]:
        """See `Server.command`."""
        files = (f"--ssl-cert={self.folder}/server.crt", f"--ssl-key={self.folder}/server.key")
        # What is in the file of grants is not all ASCII.
        return [
            *super().command(),
            *files,
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
        ]


class EncryptedPostgres(Postgres):
    """PostgreSQL with TLS and a user who has a password."""

    def create(self) -> None:
        """See `Server.create`."""
        super().create()
        certificate(self.folder)
        (self.data / "pg_hba.conf").write_text(
            f"host all {USER} 127.0.0.1/32 trust\nhostssl all reader 127.0.0.1/32 scram-sha-256\n"
        )

    def command(self) -> list[str]:
        """See `Server.command`."""
        words = ("ssl=on", f"ssl_cert_file={self.folder}/server.crt")
        more = (*words, f"ssl_key_file={self.folder}/server.key")
        return [*super().command(), *(word for each in more for word in ("-c", each))]

    def start(self) -> None:
        """See `Server.start`."""
        super().start()
        self.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data")


@pytest.fixture(scope="module", params=[EncryptedPostgres, EncryptedMariaDb], ids=["pg", "maria"])
def encrypted(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A lab on a server that insists on TLS and a password."""
    kind = request.param.kind
    with ExitStack() as stack:
        # Not for longer, as others start servers too.
        with pytest.MonkeyPatch.context() as changed:
            changed.setitem(SERVERS, kind, request.param)
            server = stack.enter_context(running(kind))
        if kind == "postgresql":
            server.new_database(Lab.DATABASE)
        lab = Lab(server, "map_v2_")
        lab.people()
        yield lab


def as_reader(lab: Lab, *, query: str = "", inline: str = "", **changes: Any) -> DatajointSettings:
    """The settings of the user with the password, which is in the address where it is given `inline`."""
    colon = f":{inline}" if inline else ""
    address = lab.address.replace(f"{USER}@", f"reader{colon}@") + query
    secret = Secret(DATAJOINT_PASSWORD, text=None if inline else PASSWORD)
    return DatajointSettings(
        **{"address": address, "prefix": lab.prefix, "secret": secret, **changes}
    )


QUOTED = "TAINT%2Fp%C3%A4ss%3Aw%40rd"
ANIMALS = [("407513", "SC011")]


def test_an_encrypted_connection_is_the_default(encrypted: Lab) -> None:
    assert water_restriction(as_reader(encrypted)) == ANIMALS
    assert water_restriction(as_reader(encrypted, inline=QUOTED)) == ANIMALS


def test_a_server_that_insists_on_it_refuses_one_in_clear(encrypted: Lab) -> None:
    with pytest.raises(LabDatabaseError):
        water_restriction(as_reader(encrypted, tls=False))


def test_the_server_is_made_sure_of_where_its_authority_is_named(
    encrypted: Lab, tmp_path: Path
) -> None:
    option = "?ssl_ca=" if encrypted.backend == "mysql" else "?sslmode=verify-full&sslrootcert="
    right = encrypted.server.folder / "server.crt"
    wrong, _ = certificate(tmp_path)

    assert water_restriction(as_reader(encrypted, query=f"{option}{right}")) == ANIMALS
    with pytest.raises(LabDatabaseError, match=r"(?i)certificate"):
        water_restriction(as_reader(encrypted, query=f"{option}{wrong}"))


def test_no_error_tells_the_password(encrypted: Lab) -> None:
    wrong = as_reader(encrypted, secret=Secret(DATAJOINT_PASSWORD, text="TAINTED-wrong"))
    inline = as_reader(encrypted, inline="TAINTED-wrong")
    for settings in (wrong, inline):
        with pytest.raises(LabDatabaseError) as caught:
            water_restriction(settings)
        told = "".join(traceback.format_exception(caught.value)) + caught.value.what_to_do
        assert "TAINT" not in told
        assert "TAINT" not in repr(settings) + repr(settings.secret)
        assert "password" in caught.value.what_to_do


def test_what_the_user_may_not_read_is_told(encrypted: Lab) -> None:
    with pytest.raises(LabTablesError) as caught:
        water_restriction(as_reader(encrypted, prefix="other_"))
    assert "other_" in caught.value.what_to_do


# --- without encryption -----------------------------------------------------------------------------


def test_animals_without_an_h2o_are_left_out(lab: Lab) -> None:
    lab.people(animals=[(407513, "SC011"), (442571, "SC022")])
    lab.execute(f"INSERT INTO {lab.name('lab', 'water_restriction')} VALUES (3, NULL), (4, '')")

    assert water_restriction(lab.settings()) == [*ANIMALS, ("442571", "SC022")]


def test_a_server_without_encryption_is_not_used_unless_that_is_said(lab: Lab) -> None:
    with pytest.raises(LabDatabaseError) as caught:
        water_restriction(lab.settings(tls=True))

    assert "`tls = no`" in caught.value.what_to_do


def test_a_server_that_is_away_is_a_passing_fault(lab: Lab, unused_port: int) -> None:
    address = lab.address.replace(f":{lab.server.port}", f":{unused_port}")

    with pytest.raises(LabDatabaseError) as caught:
        water_restriction(lab.settings(address=address))

    assert not caught.value.permanent
    assert address in str(caught.value)


@pytest.fixture
def unused_port(lab_database: Callable[[str], Server]) -> int:
    """A port that nobody serves."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_value_that_does_not_fit_is_refused_never_cut_off(lab: Lab) -> None:
    lab.people()
    insert = f"INSERT INTO {lab.name('lab', 'water_restriction')} VALUES (%s, %s)"

    with connected(lab.settings()) as connection, pytest.raises(LabDatabaseError):
        connection.change(insert, 1, "x" * 17)

    assert water_restriction(lab.settings()) == ANIMALS


def test_a_transaction_is_whole_or_not_at_all(lab: Lab) -> None:
    lab.people()
    insert = f"INSERT INTO {lab.name('lab', 'water_restriction')} VALUES (%s, %s)"

    def both(connection: LabConnection, first: int, second: int) -> None:
        with connection.transaction():
            connection.change(insert, first, "a")
            connection.change(insert, second, "b")

    with connected(lab.settings()) as connection:
        with pytest.raises(LabDatabaseError):
            both(connection, 1, 407513)
        both(connection, 2, 3)

    assert water_restriction(lab.settings()) == [("2", "a"), ("3", "b"), *ANIMALS]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (None, "has no address"),
        ("sqlite:///x", "begins with neither"),
        ("mysql://lab:TAINT@db/?password=TAINT", "password= is no option"),
        ("mysql://lab:TAINT@db?sslmode=require", "sslmode= is no option"),
        ("postgresql://lab:TAINT@db:99999999/x", "no address"),
        ("mysql://db?ssl_ca=/nowhere/ca.pem", "ssl_ca"),
    ],
)
def test_an_address_that_is_none_is_a_mistake_of_the_configuration(
    address: str | None, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        water_restriction(DatajointSettings(address=address))

    assert "TAINT" not in "".join(traceback.format_exception(caught.value))
