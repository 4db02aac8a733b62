"""The simulated Globus as one thing: start it, point programs at it, order faults, stop it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from archived.simulator.app import build
from archived.simulator.auth_api import AuthApi
from archived.simulator.collection import open_collections
from archived.simulator.control_api import ControlApi
from archived.simulator.controls import Controls
from archived.simulator.grants import Grants
from archived.simulator.listening import Connections, Listener
from archived.simulator.logging_in import approve
from archived.simulator.operations_api import OperationsApi
from archived.simulator.scheduler import Scheduler
from archived.simulator.timing import SimulatedClock
from archived.simulator.transfer_api import TransferApi
from archived.simulator.world import Settings, World

NATIVE_CLIENT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "archived.native.simulated.globus"))
"""The client id with which a person logs in; any other id without a secret would do as well."""


class SimulatedGlobus(Controls):
    """A running simulator. What tests and people steer it with comes from `Controls`."""

    def __init__(
        self, world: World, grants: Grants, listener: Listener, connections: Connections
    ) -> None:
        super().__init__(world, grants)
        self._listener = listener
        self._scheduler = Scheduler(world)
        self._app = build(
            world,
            grants,
            connections.cut,
            transfer=[
                *TransferApi(world, grants.has_data_access).routes(),
                *OperationsApi(world, grants.has_data_access).routes(),
            ],
            auth=AuthApi(world, grants).routes(),
            control=ControlApi(self).routes(),
        )
        self.client_id, self.client_secret = next(iter(grants.clients.items()))
        self.native_client_id = NATIVE_CLIENT_ID

    @property
    def url(self) -> str:
        """The address of both services, ending in `/`, which the login of the SDK relies on."""
        return f"{self._listener.url}/"

    @property
    def environment(self) -> dict[str, str]:
        """What to put into the environment of a program so that it uses this and never the real Globus."""
        return {
            "GLOBUS_SDK_ENVIRONMENT": "sim",
            "GLOBUS_SDK_SERVICE_URL_TRANSFER": self.url,
            "GLOBUS_SDK_SERVICE_URL_AUTH": self.url,
            "GLOBUS_CLI_CLIENT_ID": self.client_id,
            "GLOBUS_CLI_CLIENT_SECRET": self.client_secret,
            "ARCHIVED_GLOBUS_CLIENT_ID": self.client_id,
            "ARCHIVED_GLOBUS_CLIENT_SECRET": self.client_secret,
        }

    def start(self) -> None:
        """Begin to serve. Raises `ConfigurationError` where the address cannot be had."""
        self._listener.start(self._app)
        self._scheduler.start()

    def stop(self) -> None:
        """End everything; tasks under way stop where they are."""
        self._listener.stop()
        self._scheduler.stop()

    def go_away(self) -> None:
        """Refuse every connection from now on; tasks go on."""
        self._listener.stop()

    def come_back(self) -> None:
        """Serve again, at the same address."""
        self._listener.start(self._app)

    def approve(self, authorize_url: str) -> str:
        """Open a login page as the simulated person would, agree, and return the code it shows."""
        return approve(authorize_url)


@contextmanager
def running(
    collections: Mapping[str, str | Path],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    task_rate: float | None = None,
    latency: float = 0.0,
    mapped: Iterable[str] = (),
    guests: Iterable[str] = (),
    client_id: str | None = None,
    client_secret: str | None = None,
) -> Iterator[SimulatedGlobus]:
    """A simulated Globus, with real HTTP on loopback, for as long as the context lasts.

    `collections` says which folder stands for which collection id; those in `mapped` want a data_access consent,
    those in `guests` are guest collections, all others are Globus Connect Personal. `task_rate` is how many bytes
    a second each task copies, `latency` how many seconds longer each answer takes. The service account gets a new
    id and secret unless they are given. Raises `ConfigurationError` for folders or an address that cannot be had.
    """
    made = open_collections(collections, mapped=mapped, guests=guests)
    settings = Settings(task_rate=task_rate, latency=latency)
    clock = SimulatedClock()
    world = World(made.values(), clock, settings)
    account = {client_id or str(uuid.uuid4()): client_secret or uuid.uuid4().hex}
    connections = Connections()
    listener = Listener(host, port, connections)
    globus = SimulatedGlobus(world, Grants(clock, account), listener, connections)
    globus.start()
    try:
        yield globus
    finally:
        globus.stop()


def serve(
    host: str,
    port: int,
    collections: Mapping[str, str | Path],
    announce: Callable[[dict[str, str]], None],
    stop: threading.Event | None = None,
) -> None:
    """Run a simulated Globus until `stop` is set, or for ever (until the process is ended).

    `announce` is called once it serves, with what programs need in their environment. Raises `ConfigurationError`
    as `running` does.
    """
    with running(collections, host=host, port=port) as globus:
        announce(globus.environment)
        (stop or threading.Event()).wait()
