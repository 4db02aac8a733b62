"""Metrics over HTTP, for a Prometheus on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from archived.errors import ConfigurationError
from archived.metrics.exposition import Exported
from archived.metrics.snapshot import Snapshot


@contextmanager
def serving(take: Callable[[], Snapshot], host: str, port: int) -> Iterator[int]:
    """Serve a fresh snapshot to everybody who asks, for as long as the block lasts; the port, which 0 leaves open.

    Raises `ConfigurationError` for an address that cannot be had.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exported(take))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened at: {error.strerror or error}; no data is affected.",
            what_to_do="choose another --port, or end whoever has it",
        ) from error
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
