"""Each rig says where its locations are archived, so that the others need not guess."""

from __future__ import annotations

from archived.store import Store
from tests.builders import NOON


def test_the_archives_of_a_rig_are_kept_and_follow_the_configuration(store: Store) -> None:
    store.put_setting("watcher", "archive: something else")
    store.note_archives({"raw-ephys": "a:/x", "caf\udce9": "/mnt/nas"})
    store.note_archives({"raw-ephys": "b:/x"})

    assert store.archives() == {
        ("rig-1", "raw-ephys"): "b:/x",
        ("rig-1", "caf\udce9"): "/mnt/nas",
    }
    assert store.rig_name() == "rig-1"


def test_every_rig_of_a_server_says_its_own(server_address: str) -> None:
    for rig in ("rig-1", "rig-2"):
        with Store.open(server_address, rig=rig, create=True, now=NOON) as store:
            store.note_archives({"raw-ephys": f"{rig}:/"})

            assert store.archives()[rig, "raw-ephys"] == f"{rig}:/"
    with Store.open(server_address, rig="rig-1", now=NOON) as store:
        assert len(store.archives()) == 2
