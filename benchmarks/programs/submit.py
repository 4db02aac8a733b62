"""What lies between "settled" and "submitted", and the same document by Globus' library: `submit CONFIGURATION FILES`.

Prints a section for each: what the daemon's own steps take, what the library takes to build and to encode the
document, and what the requests take by themselves that the daemon makes: the submission id, a look at each folder of
the archive, and the document's own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import globus_sdk
from globus_sdk.transport.encoders import JSONRequestEncoder

from archived import clock, config, logs
from archived.app import Application, assembled
from archived.core.lifecycle import Reason, State
from archived.core.model import Batch, BatchFile, BatchState
from archived.daemon.batch import Batching
from archived.daemon.submit import Submitting
from archived.store import Selector
from benchmarks.measuring import section
from benchmarks.programs.fill import sighted
from benchmarks.simulators import ARCHIVE, RIG


def main(path: str) -> None:
    """Measure."""
    configuration = config.load(Path(path), os.environ)
    logs.configure("json", level="warning")
    wake = threading.Event()
    now = clock.now()
    with assembled(
        configuration, logs.get(), stop=threading.Event(), wake=wake, hurry=True, pid=os.getpid()
    ) as application:
        store = application.store
        for watched in application.daemon._around.roots:
            sighted(store, watched, now)
        # The library and the login are loaded, and the connection is open, as in a daemon that has run for a while.
        application.daemon._around.movers["video"].reserve()
        application.daemon._around.movers["video"].list("")
        for dataset in list(store.select(Selector(states=(State.SETTLING,)))):
            store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", now)
        figures: dict[str, Any] = {}
        with section() as figures["archived"]:
            batch = submitted(application, wake)
        files = store.batch_files(batch.id)
        figures["files"] = len(files)
        figures["folders"] = len({each.path.rpartition("/")[0] for each in files})
        mover = application.daemon._around.movers["video"]._mover()  # type: ignore[attr-defined]
        client = mover._session
        client.call("compare", lambda found: compare(figures, found, files))
    json.dump(figures, sys.stdout)


def submitted(application: Application, wake: threading.Event) -> Batch:
    """Let the daemon's steps do their work, until its batch is under way."""
    daemon = application.daemon
    around = daemon._around
    batching, submitting = Batching(around, daemon.settling), Submitting(around)
    while not (found := around.batches(BatchState.ACTIVE)):
        wake.clear()
        now = clock.now()
        outcomes = around.errands.finished()
        batching(now, [])
        submitting(now, outcomes)
        if not around.batches(BatchState.ACTIVE):
            wake.wait(1)
    return found[0]


def compare(
    figures: dict[str, Any], client: globus_sdk.TransferClient, files: list[BatchFile]
) -> None:
    """The same by the library, and the bare requests."""
    with section() as figures["library"]:
        body = document(str(uuid.uuid4()), files)
    with section() as figures["requests"]:
        submission_id = client.get_submission_id()["value"]
        for folder in {each.path.rpartition("/")[0] for each in files}:
            look(client, folder)
    body = document(submission_id, files)
    with section() as figures["round trip"]:
        client.post(
            "/v0.10/transfer",
            data=body,
            headers={"Content-Type": "application/json"},
            encoding="text",
        )


def document(submission_id: str, files: list[BatchFile]) -> Any:
    """The document as the library makes it."""
    data = globus_sdk.TransferData(
        source_endpoint=RIG,
        destination_endpoint=ARCHIVE,
        label="bench",
        submission_id=submission_id,
        sync_level="checksum",
        deadline=clock.now() + timedelta(days=3),
    )
    for each in files:
        data.add_item(f"/{each.path}", f"/again/{each.path}")
    return JSONRequestEncoder().encode("POST", "https://x", {}, data, {}).prepare().body


def look(client: globus_sdk.TransferClient, folder: str) -> None:
    """A folder that is not there, as none is before its first file."""
    try:
        client.operation_ls(ARCHIVE, path=f"/{folder}", show_hidden=True)
    except globus_sdk.TransferAPIError as error:
        if error.http_status != 404:
            raise


if __name__ == "__main__":
    main(*sys.argv[1:])
