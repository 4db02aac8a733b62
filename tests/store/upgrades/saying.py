"""Everything that the reading verbs of a store say, as plain values; also of releases that had fewer of them."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from archived.core.model import BatchState
from archived.store import Selector, Store

FAR = datetime.fromisoformat("2100-01-01T00:00:00+00:00")


def said(store: Any) -> dict[str, Any]:
    """What a store says of one rig."""
    datasets = list(store.select(Selector()))
    batches = store.batches()
    answers: dict[str, Any] = {
        "datasets": datasets,
        "files": {each.name: store.files(each.id) for each in datasets},
        "batches": batches,
        "batch files": {each.id: store.batch_files(each.id, released=True) for each in batches},
        "batches by state": {state: store.batches(state) for state in BatchState},
        "events": store.events(limit=100_000),
        "counts": store.counts(),
        "totals": store.archived_totals(),
        "alarms": store.alarms(),
        "paused": store.paused(datetime.fromisoformat("2026-03-15T00:00:00+00:00")),
        "counters": store.counters(),
        "unrecognised": store.unrecognised(),
        "watcher": store.get_setting("watcher"),
        "settling": store.settling(FAR, timedelta(0), 1_000),
        "waiting": store.waiting_due(FAR, 1_000),
        "ready": store.ready(1_000),
        "attention": store.attention(1_000),
        "names": store.names(limit=1_000),
        "last tick": store.daemon().last_tick,
    }
    if hasattr(store, "retrievals"):
        answers |= _said_since_0002(store, datasets)
    if hasattr(store, "verifications"):
        answers |= {
            "verified": store.verified(),
            "verifications": {each.name: store.verifications(each.id) for each in datasets},
            "comparing": {each.id: store.comparing(each.id) for each in batches},
        }
    plain: dict[str, Any] = json.loads(json.dumps(_plain(answers)))
    return plain


def _said_since_0002(store: Any, datasets: list[Any]) -> dict[str, Any]:
    from archived.core.discovery import Kind
    from archived.core.records import RecordState

    numbers = [row[0] for row in store._door.rows("SELECT id FROM discovery ORDER BY id")]
    names = [row[0] for row in store._door.rows("SELECT name FROM retrieval ORDER BY id")]
    return {
        "rigs": store.rigs(),
        "archives": {" ".join(key): text for key, text in store.archives().items()},
        "subjects": store.subjects(),
        "conflicts": store.subject_conflicts(),
        "unknown animals": store.unknown_h2os(),
        "retrievals": [store.retrieval(each) for each in names],
        "retrieval files": {each: store.retrieval_files(each) for each in names},
        "folders watched": store.folders_watched(),
        "records": {each.name: store.record_note(each.id) for each in datasets},
        "records due": {state: store.records_due(state, FAR, 1_000) for state in RecordState},
        "kept records": store.kept_records(),
        "digests": {each.name: store.digests(each.id) for each in datasets},
        "discoveries": [store.discovery(each) for each in numbers],
        "folders": {each: store.folder_counts(each) for each in numbers},
        "refused": {each: store.refused_folders(each, 100) for each in numbers},
        "findings": {
            f"{each} {kind}": store.findings(each, kind, 1_000) for each in numbers for kind in Kind
        },
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {each.name: _plain(getattr(value, each.name)) for each in fields}
    if hasattr(value, "_asdict"):
        # A later release may make a tuple of what was a dataclass: it says the same.
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


def main(address: str, rig: str) -> None:
    """Print it."""
    with Store.open(address, rig=rig) as store:
        json.dump(said(store), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
