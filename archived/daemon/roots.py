"""A root that is looked at has to be the one it was, before and after (safety rule 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from archived.core.model import FileStat
from archived.rig.root import Root, RootIdentity
from archived.rig.scanner import FileTrouble, stat_files
from archived.store import Store
from archived.store.fields import bounded


def noted_identity(store: Store, root: Root) -> RootIdentity | None:
    """What the root was when it was first seen whole; None before that."""
    noted = store.get_setting(f"root:{root.path}")
    return None if noted is None else RootIdentity(**json.loads(noted))


def note_identity(store: Store, root: Root, identity: RootIdentity) -> None:
    """Remember what the root is, unless that is known already."""
    if noted_identity(store, root) is None:
        store.put_setting(f"root:{root.path}", json.dumps(asdict(identity)))


@contextmanager
def confirmed(root: Root, noted: RootIdentity | None) -> Iterator[RootIdentity]:
    """The root's identity, equal to the noted one, and still the same when the block ends.

    Raises `RootUnavailableError` otherwise: then nothing that the block saw may be believed.
    """
    identity = root.identify()
    if noted is not None:
        root.confirm(noted)
    yield identity
    root.confirm(identity)


def stats_now(
    root: Root, noted: RootIdentity | None, paths: Sequence[str]
) -> Mapping[str, FileStat | FileTrouble | None]:
    """The files as they are now, as the store would hold them; None means that one is certainly not there.

    A file that the disk refuses to tell about is the trouble of its own dataset only. Raises
    `RootUnavailableError` where the root is not the one that was noted, or does not stay so.
    """
    with confirmed(root, noted):
        found = stat_files(root, paths)
    return {
        path: bounded(stat) if isinstance(stat, FileStat) else stat for path, stat in found.items()
    }


def unchanged(stat: FileStat | FileTrouble | None, planned: FileStat) -> bool:
    """Whether a file is there and is certainly as it was when its batch was planned."""
    return isinstance(stat, FileStat) and stat.fingerprint == planned.fingerprint
