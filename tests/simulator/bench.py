"""What the tests of the simulator share: two collections, and clients of the real globus_sdk that talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import globus_sdk
from globus_sdk.transport import RequestsTransport, RetryConfig

from archived.clock import monotonic
from archived.simulator import SimulatedGlobus, running

RIG = "11111111-1111-4111-8111-111111111111"
ARCHIVE = "22222222-2222-4222-8222-222222222222"
Json = dict[str, Any]


@dataclass
class Bench:
    """A running simulator with the folders behind its two collections, and a client without retries."""

    globus: SimulatedGlobus
    source: Path
    archive: Path
    client: globus_sdk.TransferClient

    def write(self, path: str, content: bytes = b"some content") -> str:
        """Put a file into the source collection and return its path there."""
        local = self.source / path
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_bytes(content)
        return f"/{path}"

    def token(self, scope: str = "urn:globus:auth:scope:transfer.api.globus.org:all") -> str:
        """A fresh access token of the service account."""
        account = globus_sdk.ConfidentialAppAuthClient(
            self.globus.client_id, self.globus.client_secret, environment="sim"
        )
        with account:
            return str(account.oauth2_client_credentials_tokens(scope)["access_token"])

    def log_in_again(self) -> None:
        """Take a new client, as the old one's token has run out and it does not try twice."""
        self.client.close()
        self.client = service_client(self.globus)

    def order(self, *paths: str, **options: Any) -> globus_sdk.TransferData:
        """An order for files, to the same paths in the archive."""
        data = globus_sdk.TransferData(RIG, ARCHIVE, **options)
        for path in paths:
            data.add_item(path, path)
        return data

    def submit(self, *paths: str, **options: Any) -> str:
        """Order a transfer and return its task id."""
        return str(self.client.submit_transfer(self.order(*paths, **options))["task_id"])

    def task(self, task_id: str) -> Json:
        """The task's document."""
        return dict(self.client.get_task(task_id).data)

    def ended(self, task_id: str) -> Json:
        """The task's document, once everything has ended."""
        self.globus.wait()
        return self.task(task_id)

    def codes(self, task_id: str) -> list[str]:
        """The codes of the task's events, the newest first."""
        return [event["code"] for event in self.client.task_event_list(task_id, limit=1000)]

    def receipts(self, task_id: str) -> dict[str, Json]:
        """The task's successful transfers by destination path."""
        pages = self.client.paginated.task_successful_transfers(task_id)
        return {line["destination_path"]: dict(line) for line in pages.items()}

    def until(self, task_id: str, **wanted: Any) -> Json:
        """The task's document as soon as these of its keys have these values; fails after twenty seconds."""
        patience = monotonic() + 20
        with self.globus.world.changed:
            while True:
                document = next(t for t in self.globus.tasks() if t["task_id"] == task_id)
                if all(document[key] == value for key, value in wanted.items()):
                    return document
                assert monotonic() < patience, f"{wanted} never came: {document}"
                self.globus.world.changed.wait(0.5)


def service_client(
    globus: SimulatedGlobus, *, retries: int = 0, seconds: float = 10
) -> globus_sdk.TransferClient:
    """A client of the service account. `GLOBUS_SDK_…` must be in the environment."""
    app = globus_sdk.ClientApp(
        "tests",
        client_id=globus.client_id,
        client_secret=globus.client_secret,
        config=globus_sdk.GlobusAppConfig(token_storage="memory", environment="sim"),
    )
    return globus_sdk.TransferClient(
        app=app,
        environment="sim",
        transport=RequestsTransport(http_timeout=seconds),
        retry_config=RetryConfig(max_retries=retries, max_sleep=0.05),
    )


@contextmanager
def bench(tmp_path: Path, monkeypatch: Any, **options: Any) -> Iterator[Bench]:
    """A simulator for one test."""
    source, archive = tmp_path / "source", tmp_path / "archive"
    source.mkdir()
    archive.mkdir()
    with running({RIG: source, ARCHIVE: archive}, **options) as globus:
        for name, value in globus.environment.items():
            monkeypatch.setenv(name, value)
        made = Bench(globus, source, archive, service_client(globus))
        try:
            yield made
        finally:
            made.client.close()
