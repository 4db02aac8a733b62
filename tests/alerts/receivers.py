"""Who takes messages, on this machine: a web service, and a mail server that speaks as little SMTP as there is."""

from __future__ import annotations

import email
import email.policy
import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

SECRET = "TAINTED-0123456789abcdef"


class Receiver:
    """What came, and where; `refuses` has it answer that it takes nothing."""

    def __init__(self) -> None:
        self.port = 0
        self.refuses = False
        self.came: list[Any] = []

    @property
    def url(self) -> str:
        """As a web service with a password and a token."""
        return f"json://ada:{SECRET}-password@127.0.0.1:{self.port}/{SECRET}-token"

    @property
    def mail(self) -> str:
        """As a mail server."""
        return (
            f"mailto://127.0.0.1:{self.port}?smtp=127.0.0.1&mode=insecure"
            "&from=rig@lab.org&to=ada@lab.org"
        )

    def titles(self) -> list[str]:
        """Of all messages that came."""
        return [str(each["title"]) for each in self.came]


@contextmanager
def web_service() -> Iterator[Receiver]:
    """A web service."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not receiver.refuses:
                receiver.came.append(json.loads(body))
            self.send_response(503 if receiver.refuses else 200)
            self.end_headers()

        def log_message(self, format: str, *_arguments: object) -> None:
            pass

    with _serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler), receiver):
        yield receiver


@contextmanager
def mail_server() -> Iterator[Receiver]:
    """A mail server; what came are the messages."""
    receiver = Receiver()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    receiver.came.append(self._message())
                if word == b"MAIL" and receiver.refuses:
                    self.wfile.write(b"554 not today\r\n")
                else:
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                if word == b"QUIT":
                    return

        def _message(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler), receiver):
        yield receiver


@contextmanager
def _serving(server: socketserver.TCPServer, receiver: Receiver) -> Iterator[None]:
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    with server:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
