"""The pages over HTTP, for as long as somebody wants them."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from archived.errors import ConfigurationError

PATIENCE = 5
"""Seconds that answers under way have to come to their end."""

MOST_CONNECTIONS = 64


@contextmanager
def serving(app: ASGIApp, host: str, port: int) -> Iterator[str]:
    """Serve an application as long as the block lasts; its address. Port 0 takes a free one.

    Raises `ConfigurationError` for an address that cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(found[4][:2], family=found[0])
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{host}:{port} cannot be listened at: {why}; no data is affected.",
            what_to_do="choose another --port, or end whoever has it",
        ) from error
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=PATIENCE,
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],), name="web")
    thread.start()
    address = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{address}:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
