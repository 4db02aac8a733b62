"""A service that answers a byte at a time, for ever, keeps nobody waiting for longer than an answer may take."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from archived.core.model import CollectionArchive, StorageLocation
from archived.errors import TransferUnavailableError
from archived.transfer import globus_wire
from archived.transfer.globus import GlobusTransfers
from archived.transfer.globus_session import GlobusSession

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
LOCATION = StorageLocation("raw", CollectionArchive(RIG, "/archive"), (), "/rig", RIG, "/rig")
WAYS = {
    "its status": (b"", b"HTTP/1.1 200 " + b"O" * 60_000),
    "its headers": (b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n" * 5_000),
    "its body": (b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b" " * 60_000),
    "a body without an end": (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 60_000),
    "pieces": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000),
    "the length of a piece": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0" * 60_000,
    ),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
    "an error": (b"HTTP/1.1 500 Oh\r\nContent-Length: 60000\r\n\r\n", b" " * 60_000),
}
"""What comes at once, and what comes a byte at a time."""


@contextmanager
def dripping(at_once: bytes, slowly: bytes) -> Iterator[str]:
    """The address of a server that gives this for an answer to whoever connects."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(1 << 16)
                connection.sendall(at_once)
                for byte in slowly:
                    if over.wait(0.05):
                        return
                    connection.sendall(bytes([byte]))
            except OSError:
                return

    def listen(listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            if over.is_set():
                connection.close()
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,), daemon=True)
        thread.start()
        address = listener.getsockname()
        try:
            yield "http://{}:{}/".format(*address)
        finally:
            over.set()
            socket.create_connection(address).close()
            thread.join()


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_drips_is_given_up_after_a_time(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(globus_wire, "LONGEST_ANSWER", 0.4)
    with dripping(*WAYS[way]) as address:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", address)
        session = GlobusSession("client", client_secret="a secret", native=False, http_timeout=20)
        begun = time.monotonic()

        with pytest.raises(TransferUnavailableError, match="cannot be reached"):
            GlobusTransfers(LOCATION, session).reserve()

        assert time.monotonic() - begun < 30  # the library tries three times, and waits in between
        session.close()
