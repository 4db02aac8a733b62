"""Run as a program on a small file system of its own: fill the disk under a store, and make room again."""

from __future__ import annotations

import sys
from pathlib import Path

from archived.core.lifecycle import State
from archived.errors import StoreError
from archived.store import Store
from tests.builders import NOON
from tests.store.bench import Bench

ENOUGH = 5_000


def main(folder: str) -> None:
    """Fail with an assertion where the store loses something or does not recover."""
    ballast = Path(folder) / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    with Store.open(f"{folder}/archived.db", rig="rig-1", create=True, now=NOON) as store:
        bench = Bench(store)
        acknowledged = 0
        refusal = None
        while refusal is None and acknowledged < ENOUGH:
            try:
                bench.ready("a.bin", "b.bin", dataset=f"SC011/r{acknowledged:05}")
                acknowledged += 1
            except StoreError as error:
                refusal = error
        assert refusal is not None, "the disk never was full"
        assert not refusal.permanent
        assert "nothing was changed" in str(refusal), refusal
        assert store.counts()[State.READY] == acknowledged
        ballast.unlink()
        last = f"SC011/r{acknowledged:05}"
        bench.sight(last)
        bench.settle(last)
        assert store.counts()[State.READY] == acknowledged + 1
        assert store._door.row("PRAGMA integrity_check") == ("ok",)
    with Store.open(f"{folder}/archived.db", rig="rig-1") as store:
        assert store.counts()[State.READY] == acknowledged + 1
    sys.stdout.write(f"{acknowledged} {refusal}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
