"""A TCP proxy on loopback that can fail as networks do: refuse, cut, and fall silent without a word."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Proxy:
    """Stands between a client and a server of this machine. `port` is where clients connect."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._silent = False
        self._listener: socket.socket | None = None
        self.port = 0
        self.accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.refuse()
        self.cut()

    def accept(self) -> None:
        """Take connections (again)."""
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """Refuse connections; those that there are stay."""
        if self._listener is not None:
            # A thread that waits in `accept` keeps a socket open which is only closed.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.close()

    def fall_silent(self, *, new_ones_too: bool = True) -> None:
        """Pass nothing on, not even the end of a connection."""
        self._silent = new_ones_too
        with self._lock:
            for pair in self._pairs:
                pair.passing.clear()

    def speak(self) -> None:
        """The end of `fall_silent`."""
        self._silent = False
        with self._lock:
            for pair in self._pairs:
                pair.passing.set()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            pair = _Pair(client, server)
            if self._silent:
                pair.passing.clear()
            with self._lock:
                self._pairs.append(pair)
            pair.start()


class _Pair:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client, self._server = client, server
        self.passing = threading.Event()
        self.passing.set()

    def start(self) -> None:
        """Pass on what comes, both ways."""
        for source, sink in ((self._client, self._server), (self._server, self._client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self.passing.wait()
                sink.sendall(data)
        self.passing.wait()
        self.close()

    def close(self) -> None:
        """End it on both sides."""
        self.passing.set()
        for each in (self._client, self._server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
