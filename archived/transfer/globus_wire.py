"""The wire to Globus: an answer is read up to a size and for a time, and nobody is followed to another address."""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any

from globus_sdk.transport import RequestsTransport
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ContentDecodingError
from urllib3 import HTTPResponse, PoolManager

from archived import clock

LARGEST_ANSWER = 128 << 20
"""Bytes, once unpacked. The longest listing that Globus makes has 100 000 entries, of some 500 bytes each."""

LONGEST_ANSWER = 300.0
"""Seconds from its first byte to its last. The library's own limit begins again with each byte that arrives."""

_PIECE = 1 << 16
_BUFFER = 1 << 18
"""Bytes that are taken from the connection at a time: each time costs a wait for the turn of this thread."""
_TOLD_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers about how a body was packed, which it is no longer."""


def transport(http_timeout: float) -> RequestsTransport:
    """A transport of the library with these limits. `http_timeout` is in seconds; the caller closes it."""
    made = RequestsTransport(http_timeout=http_timeout)
    # The service never sends anybody elsewhere; a proxy that does is not who a token is for.
    made.session.max_redirects = 0
    for scheme in ("https://", "http://"):
        made.session.mount(scheme, _Bounded())
    return made


class _Bounded(HTTPAdapter):
    """Refuses what is too large or takes too long while it is read, also a small answer that unpacks to a large one."""

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """See `HTTPAdapter.init_poolmanager`."""
        super().init_poolmanager(*given, **named)
        _limit_time(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
        """See `HTTPAdapter.proxy_manager_for`."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **named)
        if not known:
            _limit_time(manager)
        return manager

    def send(
        self, request: PreparedRequest, stream: bool = False, *rest: Any, **given: Any
    ) -> Response:
        """See `HTTPAdapter.send`. Raises children of `requests.RequestException`, as that does."""
        with super().send(request, True, *rest, **given) as answer:
            content = bytearray()
            for piece in answer.iter_content(_PIECE):
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise ContentDecodingError(f"more than {LARGEST_ANSWER} bytes", response=answer)
            headers = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in _TOLD_OF_THE_WIRE
            }
            raw = HTTPResponse(
                io.BytesIO(content),
                headers=headers,
                status=answer.status_code,
                reason=answer.reason,
                preload_content=False,
            )
            return self.build_response(request, raw)


def _limit_time(manager: PoolManager) -> None:
    """Let every connection of a manager, whatever it leads through, give up an answer that takes too long."""
    limited: dict[str, Any] = {}
    pools: dict[str, Any] = dict(manager.pool_classes_by_scheme)
    for scheme, pool in pools.items():
        connection = pool.ConnectionCls
        timed = type(connection.__name__, (connection,), {"response_class": _Timed})
        limited[scheme] = type(pool.__name__, (pool,), {"ConnectionCls": timed})
    manager.pool_classes_by_scheme = limited


class _Timed(http.client.HTTPResponse):
    """An answer, from its status to the end of its body, for which there is so much time and no more."""

    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp = io.BufferedReader(_Hurried(self.fp.detach(), sock), _BUFFER)


class _Hurried(io.RawIOBase):
    """What comes from a socket. Raises `TimeoutError` once its time is up, however busily it comes."""

    def __init__(self, inner: io.RawIOBase, sock: socket.socket) -> None:
        self._inner = inner
        self._socket = sock
        self._patience = sock.gettimeout()
        self._end = clock.monotonic() + LONGEST_ANSWER

    def readable(self) -> bool:
        """See `io.RawIOBase.readable`."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """See `io.RawIOBase.readinto`."""
        left = self._end - clock.monotonic()
        if left <= 0:
            raise TimeoutError(f"an answer that takes more than {LONGEST_ANSWER:g} s")
        self._socket.settimeout(left if self._patience is None else min(left, self._patience))
        return self._inner.readinto(buffer)

    def close(self) -> None:
        """See `io.RawIOBase.close`."""
        self._inner.close()
        super().close()
