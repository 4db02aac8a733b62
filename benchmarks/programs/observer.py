"""A bare watchdog observer until standard input ends: `observer FOLDER ours|default`. Says when it has its watches."""

from __future__ import annotations

import json
import sys

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from archived.rig.inotify import EVENT_FILTER, mute


class Counting(FileSystemEventHandler):
    """The library's own handler, which does nothing with an event; and how many there were."""

    events = 0

    def dispatch(self, event: FileSystemEvent) -> None:
        """As the original."""
        self.events += 1
        super().dispatch(event)


def main(folder: str, kind: str) -> None:
    """With our filter of events, or with all of them."""
    mute()
    handler = Counting()
    observer = Observer()
    observer.schedule(
        handler, folder, recursive=True, event_filter=EVENT_FILTER if kind == "ours" else None
    )
    observer.start()
    print("watching", flush=True)
    sys.stdin.read()
    observer.stop()
    json.dump({"events": handler.events}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
