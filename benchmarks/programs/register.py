"""Register what a look saw, which is in memory by then: `register CONFIGURATION`; the store must not exist yet."""

from __future__ import annotations

import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from archived import clock, config
from archived.app import _roots
from archived.daemon.looking import Look, Portion, walk
from archived.store import Store
from benchmarks.measuring import section


def main(path: str) -> None:
    """Look, then register and measure that."""
    configuration = config.load(Path(path), os.environ)
    (watched,) = _roots(configuration)
    now = clock.now()
    # So that the folders' times are old enough to be trusted.
    look = Look(None, deep=True, first=True, begun=now + timedelta(seconds=10))
    walker = threading.Thread(target=walk, args=(watched, look, None, look.begun, dict))
    walker.start()
    portions: list[Portion] = []
    while walker.is_alive() or look.more():
        if (portion := look.take()) is None:
            walker.join(0.05)
        else:
            portions.append(portion)
    with Store.open(configuration.store, rig=configuration.rig, create=True, now=now) as store:
        files = 0
        with section() as figures:
            for portion in portions:
                files += store.sight(portion.sightings, now).files_new
    json.dump({**figures, "files": files, "transactions": len(portions)}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
