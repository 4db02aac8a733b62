"""Servers that ask for the password itself, in every way that a driver knows, and can read what they are sent."""

from __future__ import annotations

import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.store.test_servers import self_signed

CLEARTEXT = b"R" + struct.pack("!II", 8, 3)
ENCRYPT = 80877103
"""The code of SSLRequest."""
SALT = b"b" * 20
ABILITIES = 0x00000200 | 0x00008000 | 0x00080000 | 0x00000001 | 0x00000008
"""CLIENT_PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, LONG_PASSWORD and CONNECT_WITH_DB of MariaDB's protocol."""
ENCRYPTS = 0x00000800
"""CLIENT_SSL."""


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _tls() -> ssl.SSLContext:
    """That of somebody whom nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder) / "certificate", Path(folder) / "key"
        self_signed(certificate, key)
        context.load_cert_chain(certificate, key)
    return context


def _postgresql(connection: socket.socket) -> bytes:
    """Encryption is declined, and then comes AuthenticationCleartextPassword."""
    while True:
        length, code = struct.unpack("!II", _exactly(connection, 8))
        if code >> 16 == 3:
            break
        connection.sendall(b"N")
    _exactly(connection, length - 8)
    connection.sendall(CLEARTEXT)
    return connection.recv(4096)


def _postgresql_encrypted(connection: socket.socket) -> bytes:
    """The same when it has been encrypted."""
    while struct.unpack("!II", _exactly(connection, 8))[1] != ENCRYPT:
        connection.sendall(b"N")
    connection.sendall(b"S")
    with _tls().wrap_socket(connection, server_side=True) as encrypted:
        encrypted.recv(4096)
        encrypted.sendall(CLEARTEXT)
        return encrypted.recv(4096)


def _greet(connection: socket.socket, way: bytes, more: int = 0) -> None:
    abilities = ABILITIES | more
    greeting = b"\x0a11.0.0\0" + struct.pack("<I", 1) + SALT[:8] + b"\0"
    greeting += struct.pack("<HBHH", abilities & 0xFFFF, 45, 2, abilities >> 16)
    greeting += bytes([21]) + bytes(10) + SALT[8:] + b"\0" + way + b"\0"
    _send(connection, 0, greeting)


def _other_way(way: bytes) -> Callable[[socket.socket], bytes]:
    """A request to go on in another way, whose answer is the password."""

    def ask(connection: socket.socket) -> bytes:
        _greet(connection, b"mysql_native_password")
        _packet(connection)
        question = b"\x05Password: " if way == b"dialog" else b""
        _send(connection, 2, b"\xfe" + way + b"\0" + question)
        return _packet(connection)[1]

    return ask


def _by_key(way: bytes) -> Callable[[socket.socket], bytes]:
    """A request to go on in a way that takes a key, for which the password is encrypted."""

    def ask(connection: socket.socket) -> bytes:
        _greet(connection, b"mysql_native_password")
        _packet(connection)
        _send(connection, 2, b"\xfe" + way + b"\0" + SALT + b"\0")
        number, answered = _packet(connection)
        if way == b"caching_sha2_password" and answered:
            _send(connection, number + 1, b"\x01\x04")
            number, answered = _packet(connection)
        return _decrypted(connection, number) if answered else b""

    return ask


def _greeted_by_key(connection: socket.socket) -> bytes:
    """A greeting to which the driver answers by asking for the key."""
    _greet(connection, b"sha256_password")
    number, answered = _packet(connection)
    return _decrypted(connection, number) if answered else b""


def _greeted_encrypted(connection: socket.socket) -> bytes:
    """A greeting to which the driver answers with the password, as soon as it has encrypted the connection."""
    _greet(connection, b"sha256_password", ENCRYPTS)
    if not _packet(connection)[1]:
        return b""
    with _tls().wrap_socket(connection, server_side=True) as encrypted:
        return _packet(encrypted)[1]


def _decrypted(connection: socket.socket, number: int) -> bytes:
    public = _key().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    _send(connection, number + 1, b"\x01" + public.public_bytes(serialization.Encoding.PEM, form))
    _, answered = _packet(connection)
    if not answered:
        return b""
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    return bytes(
        each ^ SALT[at % len(SALT)] for at, each in enumerate(_key().decrypt(answered, oaep))
    )


def _packet(connection: socket.socket) -> tuple[int, bytes]:
    """The number and the content of one; nothing where there is none any more."""
    header = _exactly(connection, 4)
    if not header:
        return 0, b""
    return header[3], _exactly(connection, int.from_bytes(header[:3], "little"))


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        portion = connection.recv(length - len(found))
        if not portion:
            return b""
        found += portion
    return found


def _send(connection: socket.socket, number: int, packet: bytes) -> None:
    connection.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)


ASKING: dict[str, Callable[[socket.socket], bytes]] = {
    "postgresql": _postgresql,
    "postgresql encrypted": _postgresql_encrypted,
    "mysql clear": _other_way(b"mysql_clear_password"),
    "mysql dialog": _other_way(b"dialog"),
    "mysql sha256 by key": _by_key(b"sha256_password"),
    "mysql caching_sha2 by key": _by_key(b"caching_sha2_password"),
    "mysql greeted by key": _greeted_by_key,
    "mysql greeted encrypted": _greeted_encrypted,
}
"""The first word is the kind of the server. Each returns what it was told."""


@contextmanager
def false_server(ask: Callable[[socket.socket], bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Its port, and what it was told."""
    told: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(20)
                try:
                    told.append(ask(connection))
                except (OSError, struct.error):
                    told.append(
                        b""
                    )  # It was hung up on, perhaps with something unread (ECONNRESET).

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], told
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(30)
