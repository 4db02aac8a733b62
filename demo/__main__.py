"""`make demo`: recordings arrive, settle, travel and are proved, before your eyes. No account, no network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from demo import rig

RIG_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE_COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
LONGEST = 110.0
"""Seconds after which the demonstration gives up; it should take half of that."""

TOLD = {
    "batch submitted": "handed to Globus",
    "batch sent": "Globus says SUCCEEDED; now for the receipts",
}

INI = """\
[archived]
rig = demonstration
store = {base}/state/archived.db
quiet_time = 3s
rescan = 2s
tick = 0.2s

[globus]
local_endpoint = {rig_collection}
local_endpoint_subdir = /
local_endpoint_local_path = {base}/rig
client_id = {client_id}
client_secret_file = {base}/client-secret

[transfer]
poll = 1s
batch_wait = 2s

[location:raw-ephys]
archive = {archive_collection}:/4ElectrodeRig_Ephys
conventions = catgt, spikeglx

[location:raw-video]
archive = {archive_collection}:/Videos
conventions = tracking-video
"""


class Story:
    """What a person reads: who did what, and when."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._lock = threading.Lock()
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    @property
    def seconds(self) -> float:
        """How long the story goes on already."""
        return time.monotonic() - self._begin

    def tell(self, who: str, what: str) -> None:
        """One line."""
        code = {"rig": 36, "archived": 32, "": 1}.get(who, 0)
        shown = f"\033[{code}m{who:9}\033[0m" if self._colour else f"{who:9}"
        with self._lock:
            print(f"{self.seconds:6.1f}s  {shown}  {what}", flush=True)


def main() -> int:
    """Run the demonstration; 0 when every recording is proved to be in the archive."""
    with tempfile.TemporaryDirectory(prefix="archived-demo-") as folder:
        base = Path(folder)
        for name in ("rig", "archive", "state"):
            (base / name).mkdir()
        story = Story()
        story.tell(
            "",
            f"a rig in {base}/rig, an archive in {base}/archive, a simulated Globus between them",
        )
        with simulated_globus(base) as environment:
            configuration = write_configuration(base, environment)
            return play(base, configuration, environment, story)


def play(base: Path, configuration: Path, environment: dict[str, str], story: Story) -> int:
    """Let the rig record while the daemon runs, until everything is archived; then show the catalogue."""
    daemon = subprocess.Popen(
        [sys.executable, "-m", "archived", "-c", str(configuration), "--log-format", "json"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    threading.Thread(target=follow, args=(daemon, story), daemon=True).start()
    recorded = threading.Event()
    threading.Thread(target=record, args=(base / "rig", story, recorded), daemon=True).start()
    try:
        ask_why(base, configuration, environment, story)
        archived = wait_until_archived(configuration, environment, recorded, story)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(20)
    show(base, configuration, environment, story)
    return 0 if archived else 1


def record(root: Path, story: Story, recorded: threading.Event) -> None:
    """Three programs write at the same time, each at its own pace."""
    run = "SC011_022319_g0"
    programs = [
        rig.spikeglx(root / "SC011" / run, run, probes=2, blocks=12, trials=2),
        rig.tracking_video(root / "SC011" / "02232019" / "video", "SC011", "side", trials=5),
        rig.catgt(root / "SC011" / f"catgt_{run}", run, probes=2, blocks=12),
    ]
    pause = threading.Event()
    while programs:
        for program in list(programs):
            step = next(program, None)
            if step is None:
                programs.remove(program)
            elif any(word in step for word in ("opens", "closes", "done", "artefacts", "map")):
                story.tell("rig", step)
            pause.wait(0.05)
    story.tell("rig", "all programs have ended")
    recorded.set()


def follow(daemon: subprocess.Popen[str], story: Story) -> None:
    """Tell the daemon's log in words."""
    assert daemon.stderr is not None
    for line in daemon.stderr:
        try:
            entry = json.loads(line)
        except ValueError:
            story.tell("archived", line.rstrip())
            continue
        event = str(entry.get("event"))
        subject = entry.get("dataset") or f"batch {str(entry.get('batch'))[:8]}"
        if event == "dataset moved":
            story.tell("archived", f"{subject}: {entry['after'].upper()}, {entry['why']}")
        elif event in TOLD:
            files = f" ({entry['files']} files)" if "files" in entry else ""
            story.tell("archived", f"{subject}: {TOLD[event]}{files}")
        elif entry.get("level") in ("warning", "error"):
            story.tell("archived", f"{event}: {entry.get('error') or entry.get('why') or ''}")


def ask_why(base: Path, configuration: Path, environment: dict[str, str], story: Story) -> None:
    """While it is recorded, ask why a run is not archived yet."""
    threading.Event().wait(3)
    run = base / "rig" / "SC011" / "SC011_022319_g0"
    answer = json.loads(control(configuration, environment, "why", str(run), "--json"))
    story.tell("", f"archivedctl why {run.name}: {answer['reason']}")


def wait_until_archived(
    configuration: Path, environment: dict[str, str], recorded: threading.Event, story: Story
) -> bool:
    """Wait until the rig is done and `status` counts nothing but archived datasets."""
    recorded.wait(LONGEST)
    pause = threading.Event()
    while story.seconds < LONGEST:
        counts = json.loads(control(configuration, environment, "status", "--json"))["counts"]
        if counts["archived"] >= 3 and counts["archived"] == sum(counts.values()):
            return True
        pause.wait(0.5)
    return False


def show(base: Path, configuration: Path, environment: dict[str, str], story: Story) -> None:
    """The catalogue, and where the files are."""
    story.tell("", "archivedctl list")
    print(control(configuration, environment, "list"))
    story.tell("", "in the archive")
    for path in sorted((base / "archive").rglob("*")):
        if path.is_file():
            print(f"  {path.stat().st_size:>9}  {path.relative_to(base / 'archive')}")


def control(configuration: Path, environment: dict[str, str], *words: str) -> str:
    """What `archivedctl` answers."""
    return subprocess.run(
        [sys.executable, "-m", "archived.cli", "-c", str(configuration), *words],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def write_configuration(base: Path, environment: dict[str, str]) -> Path:
    """The INI of the demonstration, with the simulated service account."""
    secret = base / "client-secret"
    secret.touch(mode=0o600)
    secret.write_text(environment["GLOBUS_CLI_CLIENT_SECRET"])
    path = base / "archived.ini"
    path.write_text(
        INI.format(
            base=base,
            rig_collection=RIG_COLLECTION,
            archive_collection=ARCHIVE_COLLECTION,
            client_id=environment["GLOBUS_CLI_CLIENT_ID"],
        )
    )
    return path


class simulated_globus:  # noqa: N801 - reads as a verb phrase where it is used
    """`archivedctl simulate` in a process of its own; the block gets the environment that points to it."""

    def __init__(self, base: Path) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "archived.cli",
                "simulate",
                "--collection",
                f"{RIG_COLLECTION}={base / 'rig'}",
                "--collection",
                f"{ARCHIVE_COLLECTION}={base / 'archive'}",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> dict[str, str]:
        return {**os.environ, **dict(self._announced())}

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _announced(self) -> Iterator[tuple[str, str]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            key, equals, value = line.strip().removeprefix("export ").partition("=")
            if equals:
                yield key, value
            if key == "GLOBUS_CLI_CLIENT_SECRET":
                return


if __name__ == "__main__":
    sys.exit(main())
