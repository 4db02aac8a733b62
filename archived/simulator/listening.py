"""The web server in a thread of its own; it can go away and come back at the same port."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import threading
from asyncio import BaseTransport, Transport
from ipaddress import ip_address

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from archived.errors import ConfigurationError

_MOMENT = 0.01
_PATIENCE = 100
"""For how many moments (seconds each) answers under way may finish when it stops."""


class Connections:
    """The connections that are open, by the address that they come from."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's own protocol that also keeps this list."""
        transports = self._transports

        class Noted(H11Protocol):
            def connection_made(self, transport: BaseTransport) -> None:
                assert isinstance(transport, Transport)
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Noted

    def cut(self, client: tuple[str, int]) -> None:
        """Reset a connection, so that the other side sees it break rather than end."""
        transport = self._transports.get(client)
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


class _PromptServer(uvicorn.Server):
    """uvicorn's server, but it stops within milliseconds: tests start and stop a great many."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = asyncio.Event()

    def ask_to_stop(self) -> None:
        """Stop soon; may be called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wanted.set)

    async def main_loop(self) -> None:
        """Wait for being asked to stop."""
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        if not self.should_exit:
            await self._wanted.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, let answers under way finish for a moment, then cut what is left."""
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_PATIENCE):
            if not (self.server_state.connections or self.server_state.tasks):
                break
            await asyncio.sleep(_MOMENT)
        for task in self.server_state.tasks:
            task.cancel()


class Listener:
    """Serves an application at an address of this machine."""

    def __init__(self, host: str, port: int, connections: Connections) -> None:
        self._host = _loopback(host)
        self.port = port
        """Where it listens; chosen by the system at the first start when it was 0."""
        self._connections = connections
        self._server: _PromptServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def start(self, app: Starlette) -> None:
        """Begin to serve; returns once connections are taken. Raises `ConfigurationError` if it cannot."""
        try:
            sock = self._listen()
        except OSError as error:
            raise ConfigurationError(
                f"The simulated Globus cannot listen on {self.url}: {error.strerror}.",
                what_to_do="Choose another port, or 0 for any that is free.",
            ) from error
        self.port = int(sock.getsockname()[1])
        config = uvicorn.Config(
            app,
            http=self._connections.protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            date_header=True,
        )
        self._server = _PromptServer(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([sock],), name="simulator-http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; connections are refused from then on."""
        if self._server is not None and self._thread is not None:
            self._server.ask_to_stop()
            self._thread.join()
            self._server = self._thread = None

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio switches Nagle's delay off only where the protocol is named; with it, answers take 40 ms.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host, self.port))
            # Listening at once, so that whoever connects before the server runs waits rather than fails.
            sock.listen(128)
        except OSError:
            sock.close()
            raise
        return sock


def _loopback(host: str) -> str:
    """A host of this machine only: whoever reaches the simulator may write into its folders.

    Raises `ConfigurationError` for any other.
    """
    address = "127.0.0.1" if host == "localhost" else host
    try:
        inside = ip_address(address).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ConfigurationError(
            f"The simulated Globus does not listen on '{host}': it has no real logins, and anyone who "
            "reaches it could write into its folders.",
            what_to_do="Take 127.0.0.1, ::1 or localhost.",
        )
    return address
