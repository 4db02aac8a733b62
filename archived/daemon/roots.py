"""A root that is looked at has to be the one it was, before and after (DESIGN rule 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from archived.core.model import FileStat
from archived.core.paths import printable
from archived.errors import RootUnavailableError
from archived.rig.root import Root, RootIdentity
from archived.rig.scanner import FileTrouble, stat_files
from archived.store import Store


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


def stat_certain(
    root: Root, noted: RootIdentity | None, paths: Sequence[str]
) -> Mapping[str, FileStat | None]:
    """The files as they are now; None means that the file is certainly not there.

    Raises `RootUnavailableError` where that cannot be said for one of them.
    """
    with confirmed(root, noted):
        found = stat_files(root, paths)
    certain: dict[str, FileStat | None] = {}
    for path, stat in found.items():
        if isinstance(stat, FileTrouble):
            raise RootUnavailableError(
                f"{printable(path)} cannot be looked at: {stat.why}; nothing changes until it can",
                what_to_do="see whether the disk is well and the service's user may read it",
            )
        certain[path] = stat
    return certain
