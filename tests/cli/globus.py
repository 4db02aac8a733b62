"""A rig whose archive is a collection of the simulated Globus."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from archived.simulator import SimulatedGlobus
from tests.cli.rigs import CliRig

RIG_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE_COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"

SETTINGS = """\
[archived]
rig = rig-1
store = {base}/state/archived.db

[globus]
local_endpoint = {rig}
local_endpoint_subdir = /
local_endpoint_local_path = {base}/rig
client_id = {client}
token_file = {base}/state/tokens.json
{more}

[location:raw-ephys]
archive = {archive}:/
conventions = catgt
"""


@dataclass
class GlobusRig:
    """The rig, and the Globus that it talks to."""

    rig: CliRig
    globus: SimulatedGlobus

    def as_service(self, secret: str | None = None) -> None:
        """Configure a service account, with its secret in a file of its own."""
        file = self.rig.base / "state" / "secret"
        file.touch(mode=0o600)
        file.write_text(secret or self.globus.client_secret)
        self._configure(self.globus.client_id, f"client_secret_file = {file}")

    def as_person(self) -> None:
        """Configure an application that people log in with."""
        self._configure(self.globus.native_client_id, "")

    def _configure(self, client: str, more: str) -> None:
        self.rig.configuration.write_text(
            SETTINGS.format(
                base=self.rig.base,
                rig=RIG_COLLECTION,
                archive=ARCHIVE_COLLECTION,
                client=client,
                more=more,
            )
        )

    @property
    def variables(self) -> Mapping[str, str]:
        """Where the services are; without the account that the simulator offers."""
        return {
            name: value
            for name, value in self.globus.environment.items()
            if name.startswith("GLOBUS_SDK_")
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that talks to the simulated Globus."""
        # Another simulator of the same run may have left the address of its account in ours.
        own = {name: os.environ[name] for name in os.environ.keys() - self.globus.environment}
        return {**own, **self.variables}
