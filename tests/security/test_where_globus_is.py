"""A login is sent to nobody whose certificate was not checked, and never in clear over a network."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from globus_sdk.config import get_ssl_verify

from archived.errors import ConfigurationError, TransferUnavailableError
from archived.transfer.adopting import adopt_login
from archived.transfer.globus_place import elsewhere, insist_on_safe_services
from archived.transfer.globus_session import GlobusSession
from archived.transfer.login import logout, start_login
from tests.store.test_servers import self_signed

CLIENT = "c40e971d-0075-4a82-b12f-8f9717762e7b"
SECRET = "planted-client-secret-7d1f"
AUTH = "GLOBUS_SDK_SERVICE_URL_AUTH"
TRANSFER = "GLOBUS_SDK_SERVICE_URL_TRANSFER"
VERIFY = "GLOBUS_SDK_VERIFY_SSL"


@pytest.mark.parametrize("variable", [AUTH, TRANSFER])
@pytest.mark.parametrize(
    "address",
    [
        "http://auth.globus.org/",
        "http://10.0.0.1:8080/",
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
        "http://[::ffff:10.0.0.1]/",
        "HTTP://example.org/",
        "ftp://127.0.0.1/",
        "auth.globus.org",
        "http://[broken/",
        "http:///nowhere",
    ],
)
def test_a_service_in_clear_is_refused_before_anything_is_sent(variable: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match=variable) as raised:
        insist_on_safe_services({variable: address})
    assert f"unset {variable}" in raised.value.what_to_do


@pytest.mark.parametrize(
    "address",
    ["https://auth.globus.org/", "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/"],
)
def test_https_anywhere_and_anything_on_this_machine_are_fine(address: str) -> None:
    insist_on_safe_services({AUTH: address, TRANSFER: address})


@pytest.mark.parametrize("word", ["0", "no", "off", "FALSE", "n", " false "])
def test_the_check_of_certificates_cannot_be_turned_off(word: str) -> None:
    with pytest.raises(ConfigurationError, match="turns off the check"):
        insist_on_safe_services({VERIFY: word})


@pytest.mark.parametrize("word", ["", "1", "yes", "True", "/etc/ssl/own-authority.pem"])
def test_an_authority_of_ones_own_may_be_named(word: str) -> None:
    insist_on_safe_services({VERIFY: word})


@pytest.mark.parametrize("word", ["y", "YES", "t", "n", "Off", "F", "0", "1", "no", "false"])
def test_no_word_of_the_library_for_no_is_missed(word: str) -> None:
    off = get_ssl_verify(word) is False
    try:
        insist_on_safe_services({VERIFY: word})
    except ConfigurationError:
        assert off
    else:
        assert not off


@pytest.mark.parametrize(
    "begin",
    [
        lambda tokens: GlobusSession(CLIENT, client_secret=SECRET, native=False),
        lambda tokens: GlobusSession(CLIENT, token_file=tokens, native=True),
        lambda tokens: start_login(CLIENT, tokens),
        lambda tokens: adopt_login(CLIENT, SECRET),
    ],
    ids=["service account", "person", "login", "old login"],
)
def test_every_way_to_globus_asks_where_it_leads(
    begin: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AUTH, "http://192.0.2.1/")
    with pytest.raises(ConfigurationError, match="unencrypted") as raised:
        begin(str(tmp_path / "tokens"))  # type: ignore[operator]
    assert SECRET not in str(raised.value)


def test_logging_out_where_nobody_is_logged_in_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AUTH, "http://192.0.2.1/")
    assert logout(CLIENT, str(tmp_path / "tokens")) is False


def test_a_place_that_is_not_globus_org_is_told_without_who_logs_in() -> None:
    assert elsewhere({}) == ""
    said = elsewhere({AUTH: f"https://me:{SECRET}@globus.lab.org/"})
    assert "https://globus.lab.org/" in said
    assert SECRET not in said


class Impostor(BaseHTTPRequestHandler):
    """Notes whatever it is sent."""

    heard: list[bytes]

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(500)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@contextmanager
def impostor(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A server on this machine with a certificate that nobody vouches for."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    self_signed(certificate, key)
    heard: list[bytes] = []
    server = HTTPServer(("127.0.0.1", 0), type("Listening", (Impostor,), {"heard": heard}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}/", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_server_that_nobody_vouches_for_is_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with impostor(tmp_path) as (address, heard):
        monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "sim")
        monkeypatch.setenv(AUTH, address)
        monkeypatch.setenv(TRANSFER, address)
        session = GlobusSession(CLIENT, client_secret=SECRET, native=False, http_timeout=5)
        try:
            with pytest.raises(TransferUnavailableError, match="cannot be reached"):
                session.identity()
        finally:
            session.close()
        assert heard == []


def test_a_server_whose_authority_is_named_is_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with impostor(tmp_path) as (address, heard):
        monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "sim")
        monkeypatch.setenv(AUTH, address)
        monkeypatch.setenv(TRANSFER, address)
        monkeypatch.setenv(VERIFY, str(tmp_path / "certificate.pem"))
        session = GlobusSession(CLIENT, client_secret=SECRET, native=False, http_timeout=5)
        try:
            with pytest.raises(TransferUnavailableError):
                session.identity()
        finally:
            session.close()
        assert heard
